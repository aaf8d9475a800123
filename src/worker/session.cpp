// Settings of postgresql.conf are left out: the worker reads that file itself. So are those that belong to
// one transaction or to the client.
#include "worker/session.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

constexpr const char *sql = R"(
    SELECT s.name, s.setting, s.context = 'superuser'
    FROM pg_catalog.pg_settings s
    WHERE s.context IN ('user', 'superuser') AND s.setting IS NOT NULL
      AND s.source IN ('database', 'user', 'database user', 'client', 'override', 'interactive', 'session')
      AND s.name NOT IN ('role', 'session_authorization', 'client_encoding', 'transaction_isolation',
                         'transaction_read_only', 'transaction_deferrable')
    ORDER BY s.name COLLATE "C")";

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
    for (const char *string : {setting.name, setting.value})
        ::appendBinaryStringInfo(bytes, string, static_cast<int>(::strlen(string)) + 1);
}

SessionSetting take_setting(std::string_view &bytes)
{
    const char *name = bytes.data() + 1;
    const char *value = name + ::strlen(name) + 1;
    const SessionSetting setting{.name = name, .value = value, .is_superusers = bytes.front() == 's'};
    bytes.remove_prefix(value + ::strlen(value) + 1 - bytes.data());
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
    query(sql, [&](const Row &row) {
        append_setting(&bytes, {row.string(1), row.string(2), row.boolean(3)});
    });
    const ::Oid session_user = ::GetSessionUserId();
    if (session_user != ::GetAuthenticatedUserId())
        append_setting(&bytes, {"session_authorization", ::GetUserNameFromId(session_user, false), false});
    if (::GetUserId() != session_user)
        append_setting(&bytes, {"role", ::GetUserNameFromId(::GetUserId(), false), false});
    return {bytes.data, static_cast<std::size_t>(bytes.len)};
}

void take_over_session(std::string_view bytes)
{
    ::StartTransactionCommand();
    while (!bytes.empty()) {
        const SessionSetting setting = take_setting(bytes);
        ::set_config_option(setting.name, setting.value, setting.is_superusers ? ::PGC_SUSET : ::PGC_USERSET,
                            ::PGC_S_SESSION, ::GUC_ACTION_SET, true,
                            is_identity(setting.name) ? ERROR : WARNING, false);
    }
    ::CommitTransactionCommand();
}

} // namespace dj_deploy
