// Conditional locks only: who does not get one at once does not stand in its queue.
#include "run/rollout_locks.hpp"

#include "catalog/ancestors.hpp"
#include "catalog/blockers.hpp"
#include "catalog/chunks.hpp"
#include "catalog/taken_row.hpp"
#include "cluster/shard_lockers.hpp"
#include "pg/context.hpp"
#include "pg/scan.hpp"
#include "planners/replica_identity.hpp"
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

// Whether the statement would wait for another transaction although the table is free: a GRANT keeps no lock.
bool waits_for_row(const Statement &statement, ::Oid table)
{
    return statement.kind->changes_row && !statement.names.has_only_columns && is_row_taken(table);
}

// That is to become the identity; InvalidOid without one, or when it is not the table's.
::Oid find_identity_index(const Statement &statement, ::Oid table)
{
    if (!statement.kind->sets_identity)
        return InvalidOid;
    const ::ReplicaIdentityStmt &identity = planned_identity(statement.parsed);
    const ::Oid index = identity.identity_type == REPLICA_IDENTITY_INDEX
                            ? ::get_relname_relid(identity.name, ::get_rel_namespace(table))
                            : InvalidOid;
    return OidIsValid(index) && ::IndexGetRelation(index, true) == table ? index : InvalidOid;
}

// As ALTER TABLE locks it, which an ALTER INDEX may hold without a lock on the table.
bool lock_identity_index_if_free(const Statement &statement, ::Oid table)
{
    const ::Oid index = find_identity_index(statement, table);
    return !OidIsValid(index) || ::ConditionalLockRelationOid(index, ShareLock);
}

// What the statement locks besides its table: the TOAST table, and the chunks with theirs.
Array<::Oid> parts_of(const Statement &statement, ::Oid table)
{
    Array<::Oid> parts;
    const auto add_toast = [&](::Oid of) {
        const ::Oid toast = statement.kind->locks_toast ? toast_of(of) : InvalidOid;
        if (OidIsValid(toast))
            parts.push(toast);
    };
    add_toast(table);
    if (statement.kind->changes_row && ::has_subclass(table))
        for (const ::Oid chunk : read_chunks(table)) {
            parts.push(chunk);
            add_toast(chunk);
        }
    return parts;
}

bool lock_table_if_free(const Statement &statement, ::Oid table)
{
    if (!::ConditionalLockRelationOid(table, statement.kind->lock) || statement.find_table() != table)
        return false;
    const auto is_locked = [&](::Oid part) {
        return ::ConditionalLockRelationOid(part, statement.kind->lock);
    };
    return std::ranges::all_of(parts_of(statement, table), is_locked);
}

// Who keeps a chunk away from us, with its name.
const char *describe_blockers_of_chunk(::Oid chunk, ::LOCKMODE mode)
{
    const RelationName name = read_relation_name(chunk);
    const char *blockers =
        name.name != nullptr ? describe_blockers(RelationRelationId, chunk, 0, mode) : nullptr;
    return blockers == nullptr ? nullptr
                               : ::psprintf("table \"%s.%s\" is busy. %s", name.schema, name.name, blockers);
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
    // What would wait with the lock does not take it, nor keeps it once somebody got in between.
    return !waits_for_row(statement, table) && lock_identity_index_if_free(statement, table) &&
           lock_table_if_free(statement, table) && !waits_for_row(statement, table);
}

const char *describe_blockers_of(const Statement &statement)
{
    const ::Oid table = statement.find_table();
    const char *blockers =
        OidIsValid(table) ? describe_blockers(RelationRelationId, table, 0, statement.kind->lock) : nullptr;
    if (blockers == nullptr && statement.kind->locks_toast && OidIsValid(table))
        blockers = describe_blockers(RelationRelationId, toast_of(table), 0, statement.kind->lock);
    if (blockers == nullptr && statement.kind->changes_row && OidIsValid(table))
        for (const ::Oid chunk : read_chunks(table))
            if (blockers == nullptr)
                blockers = describe_blockers_of_chunk(chunk, statement.kind->lock);
    if (blockers == nullptr && OidIsValid(table))
        if (const ::Oid index = find_identity_index(statement, table); OidIsValid(index))
            blockers = describe_blockers(RelationRelationId, index, 0, ShareLock);
    if (blockers == nullptr && OidIsValid(table))
        blockers = describe_shard_holders(table, statement.kind->lock);
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
