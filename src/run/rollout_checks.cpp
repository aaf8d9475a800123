// All go through all statements and keep nothing of any but an OID.
#include "run/rollout_checks.hpp"

#include "catalog/blockers.hpp"
#include "cluster/shard_lockers.hpp"
#include "pg/context.hpp"
#include "pg/oid_set.hpp"
#include "plan/name_list.hpp"
#include "run/rollout_statement.hpp"

namespace dj_deploy {

namespace {

// The publication that the statement changes, if the caller does not own it.
::Oid find_denied_publication(const Statement &statement)
{
    const ::Oid publication = statement.names.publication == nullptr
                                  ? InvalidOid
                                  : ::get_publication_oid(statement.names.publication, true);
    const bool is_denied =
        OidIsValid(publication) && !::object_ownercheck(PublicationRelationId, publication, ::GetUserId());
    return is_denied ? publication : InvalidOid;
}

bool may_use_schema(::Oid schema)
{
    return ::object_aclcheck(NamespaceRelationId, schema, ::GetUserId(), ACL_USAGE) == ::ACLCHECK_OK;
}

// Nothing is asked where there is no engine.
Array<ShardLocker> read_lockers_at_shards(const StatementList &list)
{
    Array<::Oid> tables;
    if (engine_here() == nullptr)
        return {};
    const OidSet seen = OidSet::make("dj_deploy tables of a plan");
    for_each_statement(list, [&](const Statement &, ::Oid table) {
        if (OidIsValid(table) && seen.add(table))
            tables.push(table);
    });
    seen.destroy();
    return read_shard_lockers(Sharded::find(tables.view()));
}

} // namespace

std::int32_t check_statements(const StatementList &list, int level)
{
    NameList not_owned = NameList::empty();
    NameList not_owned_publications = NameList::empty();
    NameList unusable = NameList::empty(); // schemas
    const OidSet seen = OidSet::make("dj_deploy tables");
    const OidSet denied = OidSet::make("dj_deploy denied objects");
    const OidSet denied_schemas = OidSet::make("dj_deploy denied schemas");
    std::int32_t tables = 0;
    for_each_statement(list, [&](const Statement &statement, ::Oid table) {
        if (const ::Oid publication = find_denied_publication(statement);
            OidIsValid(publication) && denied.add(publication))
            not_owned_publications.add(statement.names.publication);
        if (!OidIsValid(table))
            return;
        if (statement.kind->needs_owner && !::object_ownercheck(RelationRelationId, table, ::GetUserId()) &&
            denied.add(table))
            not_owned.add(statement.shown_name());
        if (!seen.add(table))
            return;
        tables += ::get_rel_relkind(table) == RELKIND_SEQUENCE ? 0 : 1;
        const ::Oid schema = ::get_namespace_oid(statement.names.table->schemaname, true);
        if (OidIsValid(schema) && !may_use_schema(schema) && denied_schemas.add(schema))
            unusable.add(statement.names.table->schemaname);
    });
    seen.destroy();
    denied.destroy();
    denied_schemas.destroy();
    if (unusable.count > 0)
        ereport(level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg_plural("permission denied for schema %s", "permission denied for schemas %s",
                              unusable.count, unusable.finish()));
    if (not_owned.count > 0)
        ereport(
            level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
            errmsg("must be owner of %s %s", not_owned.count == 1 ? "table" : "tables", not_owned.finish()));
    if (not_owned_publications.count > 0)
        ereport(level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg_plural("must be owner of publication %s", "must be owner of publications %s",
                              not_owned_publications.count, not_owned_publications.finish()));
    return tables;
}

void report_blocked(const StatementList &list)
{
    const OidSet locked = OidSet::make("dj_deploy locked tables");
    for (const ::Oid table : read_locked_tables())
        locked.add(table);
    const Array<ShardLocker> at_shards = read_lockers_at_shards(list);
    for (const ShardLocker &locker : at_shards)
        if (locker.is_granted)
            locked.add(locker.table);
    std::size_t count = 0;
    for_each_statement(list, [&](const Statement &statement, ::Oid table) {
        if (!OidIsValid(table) || !locked.has(table))
            return;
        // To ask takes a look at all locks. A later statement for the table may need a stronger one.
        const bool is_named = count < most_named;
        const char *blockers =
            is_named ? describe_blockers(RelationRelationId, table, 0, statement.kind->lock) : nullptr;
        if (is_named && blockers == nullptr)
            blockers = describe_shard_holders(at_shards.view(), table, statement.kind->lock);
        if (is_named && blockers == nullptr)
            return;
        locked.remove(table);
        count++;
        if (is_named)
            ereport(NOTICE, errmsg("table \"%s\" is locked at the moment", statement.shown_name()),
                    errdetail_internal("%s", blockers));
    });
    locked.destroy();
    if (count > most_named)
        ereport(NOTICE, errmsg("%zu more tables have locks at the moment", count - most_named));
}

} // namespace dj_deploy
