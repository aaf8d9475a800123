// The lock is tried without waiting first: only a busy table pays for a subtransaction.
#include "run/lock.hpp"

#include "catalog/blockers.hpp"
#include "pg/settings.hpp"
#include "run/attempt.hpp"

namespace dj_deploy {

int lock_timeout = 5000;

namespace {

int effective_timeout()
{
    return ::LockTimeout > 0 ? ::LockTimeout : lock_timeout;
}

void wait_for_lock(::Oid table, ::LOCKMODE mode)
{
    const char *timeout = ::psprintf("%d", effective_timeout());
    with_settings({{"lock_timeout", timeout}}, [&] { ::LockRelationOid(table, mode); });
}

} // namespace

void lock_table(const Table &table, ::LOCKMODE mode)
{
    if (::ConditionalLockRelationOid(table.oid, mode))
        return;
    if (attempt([&] { wait_for_lock(table.oid, mode); }, ERRCODE_LOCK_NOT_AVAILABLE))
        return;

    const char *blockers = describe_blockers(table.oid, mode);
    ereport(ERROR, errcode(ERRCODE_LOCK_NOT_AVAILABLE),
            errmsg("could not obtain lock on table \"%s.%s\" within %d ms", table.schema, table.name,
                   effective_timeout()),
            errdetail_internal("%s", blockers != nullptr ? blockers
                                                         : "No session holds a conflicting lock any more."),
            errhint("Retry once the table is free, or allow a longer wait with lock_timeout or "
                    "dj_deploy.lock_timeout."));
}

} // namespace dj_deploy
