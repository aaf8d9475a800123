// The lock is tried without waiting first: only a busy table pays for a subtransaction.
#include "run/lock.hpp"

#include "catalog/blockers.hpp"
#include "run/attempt.hpp"

namespace dj_deploy {

int lock_timeout = 5000;

namespace {

bool is_timeout(const ::ErrorData &error)
{
    return error.sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

} // namespace

const char *effective_lock_timeout()
{
    return ::psprintf("%d", ::LockTimeout > 0 ? ::LockTimeout : lock_timeout);
}

void lock_table(const Table &table, ::LOCKMODE mode)
{
    if (::ConditionalLockRelationOid(table.oid, mode))
        return;
    if (attempt([&] { ::LockRelationOid(table.oid, mode); }, is_timeout))
        return;

    const char *blockers = describe_blockers(table.oid, mode);
    ereport(ERROR, errcode(ERRCODE_LOCK_NOT_AVAILABLE),
            errmsg("could not obtain lock on table \"%s.%s\" within %d ms", table.schema, table.name,
                   ::LockTimeout),
            errdetail_internal("%s", blockers != nullptr ? blockers
                                                         : "No session holds a conflicting lock any more."),
            errhint("Retry once the table is free, or allow a longer wait with lock_timeout or "
                    "dj_deploy.lock_timeout."));
}

} // namespace dj_deploy
