// A lock that is free is taken at once; only a busy one pays for a subtransaction.
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

[[noreturn]] void raise_timeout(const char *kind, const char *name, const char *blockers)
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

// The server locks objects with sub-object number 0; another one keeps nobody waiting but other runs.
constexpr int turn_of_runs = 1;

void lock_object(const char *kind, const NamedObject &object, int sub_object, ::LOCKMODE mode)
{
    ::LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, MyDatabaseId, object.catalog, object.oid, sub_object);
    if (::LockAcquire(&tag, mode, false, true) == ::LOCKACQUIRE_NOT_AVAIL &&
        !attempt([&] { ::LockDatabaseObject(object.catalog, object.oid, sub_object, mode); }, is_timeout))
        raise_timeout(kind, object.name, describe_blockers(object.catalog, object.oid, sub_object, mode));
}

// The turn of a publication goes by its name, for runs that create it.
void lock_publication(const NamedObject &publication)
{
    NamedObject turn = publication;
    turn.oid = DatumGetUInt32(::hash_any(reinterpret_cast<const unsigned char *>(publication.name),
                                         static_cast<int>(::strlen(publication.name))));
    lock_object("publication", turn, turn_of_runs, ExclusiveLock);
    if (OidIsValid(publication.oid))
        lock_object("publication", publication, 0, AccessExclusiveLock);
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
    if (!attempt([&] { ::LockRelationOid(table.oid, mode); }, is_timeout))
        raise_timeout("table", ::psprintf("%s.%s", table.schema, table.name),
                      describe_blockers(RelationRelationId, table.oid, 0, mode));
}

void lock_turns(const Plan &plan)
{
    for (const NamedObject &object : plan.names)
        if (object.catalog == PublicationRelationId)
            lock_publication(object);
    for (const NamedObject &schema : plan.schemas)
        lock_object("schema", schema, turn_of_runs, ExclusiveLock);
}

} // namespace dj_deploy
