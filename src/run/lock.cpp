// A lock that is free is taken at once; only a busy one pays for a subtransaction.
#include "run/lock.hpp"

#include "run/activity.hpp"
#include "run/attempt.hpp"

namespace dj_deploy {

int lock_timeout = 5000;

bool is_lock_timeout(const ::ErrorData &error)
{
    return error.sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

bool is_deadlock(const ::ErrorData &error)
{
    return error.sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

namespace {

// A vacuum that runs reads its configuration again from 16 on.
constexpr const char *how_to_speed_up =
    PG_VERSION_NUM >= 160000
        ? "A higher autovacuum_vacuum_cost_limit or a lower autovacuum_vacuum_cost_delay in postgresql.conf "
          "speeds it up once that is reloaded."
        : "It ends sooner when VACUUM of the table, which does not pause, is called by hand and then the "
          "autovacuum is cancelled.";

char *hint_at_retry(const char *kind, bool has_wraparound_vacuum)
{
    if (has_wraparound_vacuum)
        return ::psprintf("Retry when the vacuum is done, or allow a wait that long with lock_timeout or "
                          "dj_deploy.lock_timeout. %s",
                          how_to_speed_up);
    return ::psprintf("Retry once the %s is free, or allow a longer wait with lock_timeout or "
                      "dj_deploy.lock_timeout.",
                      kind);
}

} // namespace

::ErrorData lock_timeout_error(const char *kind, const char *name, int milliseconds, const Blockers &blockers)
{
    ::ErrorData error{};
    error.elevel = ERROR;
    error.sqlerrcode = ERRCODE_LOCK_NOT_AVAILABLE;
    error.message = ::psprintf("could not obtain lock on %s \"%s\" within %d ms", kind, name, milliseconds);
    error.detail = ::pstrdup(blockers.lines != nullptr ? blockers.lines
                                                       : "No session holds a conflicting lock any more.");
    error.hint = hint_at_retry(kind, blockers.has_wraparound_vacuum);
    error.assoc_context = ::CurrentMemoryContext;
    return error;
}

[[noreturn]] void raise_lock_timeout(const char *kind, const char *name, const Blockers &blockers)
{
    ::ErrorData error = lock_timeout_error(kind, name, ::LockTimeout, blockers);
    ::ThrowErrorData(&error);
    ::pg_unreachable();
}

const char *effective_lock_timeout()
{
    return ::psprintf("%d", ::LockTimeout > 0 ? ::LockTimeout : lock_timeout);
}

void lock_table(const Table &table, ::LOCKMODE mode)
{
    if (::ConditionalLockRelationOid(table.oid, mode))
        return;
    show_waiting(RelationName{table.schema, table.name});
    if (!attempt([&] { ::LockRelationOid(table.oid, mode); }, is_lock_timeout))
        raise_lock_timeout("table", ::psprintf("%s.%s", table.schema, table.name),
                           find_blockers(RelationRelationId, table.oid, 0, mode));
    show_waited();
}

void lock_table(::Oid oid, ::LOCKMODE mode)
{
    const RelationName name = read_relation_name(oid);
    if (name.name == nullptr)
        return;
    Table table{};
    table.oid = oid;
    table.schema = name.schema;
    table.name = name.name;
    lock_table(table, mode);
}

} // namespace dj_deploy
