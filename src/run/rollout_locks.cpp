// Conditional locks only: who does not get one at once does not stand in its queue.
#include "run/rollout_locks.hpp"

#include "catalog/ancestors.hpp"
#include "catalog/blockers.hpp"
#include "pg/context.hpp"
#include "pg/scan.hpp"
#include "run/activity.hpp"
#include "run/requirements.hpp"

namespace dj_deploy {

namespace {

::Oid toast_of(::Oid table)
{
    const ::HeapTuple row = ::SearchSysCache1(::RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(row))
        return InvalidOid;
    const ::Oid toast = fixed_part<FormData_pg_class>(row).reltoastrelid;
    ::ReleaseSysCache(row);
    return toast;
}

// As ALTER PUBLICATION locks it.
bool lock_publication_if_free(::Oid publication)
{
    ::LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, MyDatabaseId, PublicationRelationId, publication, 0);
    return ::LockAcquire(&tag, AccessExclusiveLock, false, true) != ::LOCKACQUIRE_NOT_AVAIL;
}

} // namespace

bool concerns(const Statement &statement, ::Oid table, const OidSet &tables, const OidSet &members)
{
    if (!OidIsValid(table))
        return false;
    if (tables.has(table))
        return true;
    if (statement.kind->sets_identity && ::get_rel_relispartition(table))
        return std::ranges::any_of(read_ancestors(table),
                                   [&](::Oid ancestor) { return members.has(ancestor); });
    if (statement.names.publication == nullptr || !::has_subclass(table))
        return false;
    const ::List *tree = ::find_all_inheritors(table, NoLock, nullptr);
    for (int index = 0; index < ::list_length(tree); index++)
        if (tables.has(::list_nth_oid(tree, index)))
            return true;
    return false;
}

bool lock_if_free(const Statement &statement, ::Oid table)
{
    if (statement.names.publication != nullptr) {
        const ::Oid publication = ::get_publication_oid(statement.names.publication, true);
        // Then the statement fails, and needs no lock for that.
        if (!OidIsValid(publication) ||
            !::object_ownercheck(PublicationRelationId, publication, ::GetUserId()))
            return true;
        if (!lock_publication_if_free(publication))
            return false;
    }
    if (statement.kind->needs_owner)
        require_owner(table);
    if (!::ConditionalLockRelationOid(table, statement.kind->lock) || statement.find_table() != table)
        return false;
    const ::Oid toast = statement.kind->locks_toast ? toast_of(table) : InvalidOid;
    return !OidIsValid(toast) || ::ConditionalLockRelationOid(toast, statement.kind->lock);
}

const char *describe_blockers_of(const Statement &statement)
{
    const ::Oid table = statement.find_table();
    const char *blockers =
        OidIsValid(table) ? describe_blockers(RelationRelationId, table, 0, statement.kind->lock) : nullptr;
    if (blockers == nullptr && statement.kind->locks_toast && OidIsValid(table))
        blockers = describe_blockers(RelationRelationId, toast_of(table), 0, statement.kind->lock);
    if (blockers == nullptr && statement.names.publication != nullptr)
        blockers =
            describe_blockers(PublicationRelationId, ::get_publication_oid(statement.names.publication, true),
                              0, AccessExclusiveLock);
    return blockers;
}

void show_waiting_for(const StatementList &list, std::size_t index)
{
    in_scratch([&](::MemoryContext) {
        const Statement statement = read_statement(list, index);
        if (statement.names.table != nullptr)
            show_waiting(statement.table_name());
        else if (statement.names.publication != nullptr)
            show_waiting("publication", statement.names.publication);
    });
}

} // namespace dj_deploy
