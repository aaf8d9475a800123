// The linker lists the keys in the order of their files; the order that counts is that of their turns.
#include "environment/key.hpp"

extern "C" {
[[gnu::visibility("hidden")]] extern const dj_deploy::Key *const __start_dj_deploy_keys[];
[[gnu::visibility("hidden")]] extern const dj_deploy::Key *const __stop_dj_deploy_keys[];
}

namespace dj_deploy {

Array<const Key *> all_keys()
{
    Array<const Key *> keys;
    for (const Key *const *key = __start_dj_deploy_keys; key < __stop_dj_deploy_keys; key++)
        keys.push(*key);
    std::sort(keys.begin(), keys.end(), [](const Key *left, const Key *right) {
        return left->turn != right->turn ? left->turn < right->turn : ::strcmp(left->name, right->name) < 0;
    });
    return keys;
}

} // namespace dj_deploy
