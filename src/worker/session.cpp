// Settings of postgresql.conf are left out: the worker reads that file itself. So are those that belong to
// one transaction or to the client.
#include "worker/session.hpp"

#include "worker/bytes.hpp"

namespace dj_deploy {

namespace {

// Read directly: a query would see the settings that it runs under itself, and pg_settings shows no custom
// ones.
bool is_of_session(const ::config_generic &setting)
{
    constexpr std::string_view other_names[] = {"client_encoding", "transaction_isolation",
                                                "transaction_read_only", "transaction_deferrable"};
    return setting.source >= ::PGC_S_GLOBAL &&
           (setting.context == ::PGC_USERSET || setting.context == ::PGC_SUSET) &&
           ((setting.flags & GUC_NO_SHOW_ALL) == 0 || (setting.flags & GUC_CUSTOM_PLACEHOLDER) != 0) &&
           std::find(std::begin(other_names), std::end(other_names), setting.name) == std::end(other_names);
}

// A setting that takes a superuser was made by one. Whatever else a session has set must be allowed to set
// it: a name that means nothing here may mean something in the worker.
struct SessionSetting {
    const char *name;
    const char *value;
    bool is_superusers;
};

void append_setting(::StringInfo bytes, const SessionSetting &setting)
{
    appendStringInfoChar(bytes, setting.is_superusers ? 's' : 'u');
    append_string(bytes, setting.name);
    append_string(bytes, setting.value);
}

SessionSetting take_setting(std::string_view &bytes)
{
    const bool is_superusers = bytes.front() == 's';
    bytes.remove_prefix(1);
    const char *name = take_string(bytes);
    const SessionSetting setting{.name = name, .value = take_string(bytes), .is_superusers = is_superusers};
    return setting;
}

bool is_identity(std::string_view name)
{
    return name == "session_authorization" || name == "role";
}

} // namespace

std::string_view read_session()
{
    ::StringInfoData bytes;
    ::initStringInfo(&bytes);
    for (const ::config_generic *setting : all_settings()) {
        const char *value = is_of_session(*setting) ? ::GetConfigOption(setting->name, true, false) : nullptr;
        if (value != nullptr)
            append_setting(&bytes, {setting->name, value,
                                    setting->context == ::PGC_SUSET || setting->scontext == ::PGC_SUSET});
    }
    const ::Oid session_user = ::GetSessionUserId();
    if (session_user != ::GetAuthenticatedUserId())
        append_setting(&bytes, {"session_authorization", ::GetUserNameFromId(session_user, false), false});
    // Also when there is none: ALTER ROLE may have set one for new sessions.
    const bool has_role = ::GetUserId() != session_user;
    append_setting(&bytes, {"role", has_role ? ::GetUserNameFromId(::GetUserId(), false) : "none", false});
    return {bytes.data, static_cast<std::size_t>(bytes.len)};
}

void take_over_session(std::string_view bytes)
{
    ::StartTransactionCommand();
    ::process_session_preload_libraries();
    while (!bytes.empty()) {
        const SessionSetting setting = take_setting(bytes);
        ::set_config_option(setting.name, setting.value, setting.is_superusers ? ::PGC_SUSET : ::PGC_USERSET,
                            ::PGC_S_SESSION, ::GUC_ACTION_SET, true,
                            is_identity(setting.name) ? ERROR : WARNING, false);
    }
    ::CommitTransactionCommand();
}

} // namespace dj_deploy
