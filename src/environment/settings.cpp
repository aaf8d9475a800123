// A place has few keys, so a list is all that it takes.
#include "environment/settings.hpp"

namespace dj_deploy {

const void *Settings::find(const Key &key) const
{
    for (const KeyedValue &setting : all)
        if (setting.key == &key)
            return setting.value;
    return nullptr;
}

void Settings::set(const Key &key, const void *value)
{
    for (KeyedValue &setting : all)
        if (setting.key == &key) {
            setting.value = value;
            return;
        }
    all.push({.key = &key, .value = value});
}

void Settings::add_weaker(const Settings &weaker)
{
    for (const KeyedValue &setting : weaker.all) {
        const void *stronger = find(*setting.key);
        set(*setting.key, stronger != nullptr ? setting.key->over(stronger, setting.value) : setting.value);
    }
}

} // namespace dj_deploy
