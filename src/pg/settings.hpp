// Settings changed for the length of a bracket. An error needs no care: the abort restores them.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

struct Setting {
    const char *name;
    const char *value;
};

// Until the bracket ends that with_settings() has begun. The caller needs no privilege for the setting.
inline void set_in_bracket(const Setting &setting)
{
    ::set_config_option(setting.name, setting.value, ::PGC_SUSET, ::PGC_S_SESSION, ::GUC_ACTION_SAVE, true, 0,
                        false);
}

// Runs step() with the settings in force and puts the former values back.
template <class Step>
void with_settings(std::initializer_list<Setting> settings, Step &&step)
{
    const int nest_level = ::NewGUCNestLevel();
    for (const Setting &setting : settings)
        set_in_bracket(setting);
    step();
    ::AtEOXact_GUC(true, nest_level);
}

// As SET LOCAL: what the session has set is in force again after the transaction.
inline void set_for_transaction(const char *name, const char *value)
{
    ::set_config_option(name, value, ::PGC_USERSET, ::PGC_S_SESSION, ::GUC_ACTION_LOCAL, true, 0, false);
}

} // namespace dj_deploy
