// A lock that is free is taken at once; only a busy one pays for a subtransaction.
#include "run/lock.hpp"

#include "catalog/blockers.hpp"
#include "run/attempt.hpp"

namespace dj_deploy {

int lock_timeout = 5000;

bool is_lock_timeout(const ::ErrorData &error)
{
    return error.sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

[[noreturn]] void raise_lock_timeout(const char *kind, const char *name, const char *blockers)
{
    ereport(ERROR, errcode(ERRCODE_LOCK_NOT_AVAILABLE),
            errmsg("could not obtain lock on %s \"%s\" within %d ms", kind, name, ::LockTimeout),
            errdetail_internal("%s", blockers != nullptr ? blockers
                                                         : "No session holds a conflicting lock any more."),
            errhint("Retry once the %s is free, or allow a longer wait with lock_timeout or "
                    "dj_deploy.lock_timeout.",
                    kind));
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
    if (!attempt([&] { ::LockRelationOid(table.oid, mode); }, is_lock_timeout))
        raise_lock_timeout("table", ::psprintf("%s.%s", table.schema, table.name),
                           describe_blockers(RelationRelationId, table.oid, 0, mode));
}

} // namespace dj_deploy
