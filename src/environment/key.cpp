// The linker lists the keys in the order of their files; the order that counts is that of their turns.
#include "environment/key.hpp"

extern "C" {
[[gnu::visibility("hidden")]] extern const dj_deploy::Key *const __start_dj_deploy_keys[];
[[gnu::visibility("hidden")]] extern const dj_deploy::Key *const __stop_dj_deploy_keys[];
}

namespace dj_deploy {

std::span<const Key *const> declared_keys()
{
    return {__start_dj_deploy_keys, __stop_dj_deploy_keys};
}

Array<const Key *> all_keys()
{
    Array<const Key *> keys;
    for (const Key *key : declared_keys())
        keys.push(key);
    std::sort(keys.begin(), keys.end(), [](const Key *left, const Key *right) {
        return left->turn != right->turn ? left->turn < right->turn : ::strcmp(left->name, right->name) < 0;
    });
    return keys;
}

} // namespace dj_deploy
