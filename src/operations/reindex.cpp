// reindex: REINDEX TABLE CONCURRENTLY "lab"."session" for every table and materialized view of the target
// that has indexes; the partitions of a partitioned one, each once. Indexes that are not valid are named and
// left alone: a plain REINDEX TABLE would make a second copy of a rebuild that was cut short, which from then
// on every write maintains. Then each of the others has a statement: REINDEX INDEX "lab"."session_pkey".
// TimescaleDB refuses REINDEX CONCURRENTLY of a hypertable, which is empty itself, and takes that of its
// chunks.
#include "maintenance.hpp"

#include "catalog/hypertables.hpp"
#include "plan/invalid_indexes.hpp"
#include "plan/quote.hpp"
#include "plan/statement_shapes.hpp"

namespace dj_deploy {

namespace {

// REINDEX TABLE CONCURRENTLY "lab"."session", or REINDEX INDEX "lab"."session_pkey", whose table it does not
// name
template <bool is_concurrent>
bool read_rebuild(const ::Node *parsed, StatementNames &names)
{
    const auto *statement = as<::ReindexStmt>(parsed, ::T_ReindexStmt);
    if (statement == nullptr ||
        (statement->kind != ::REINDEX_OBJECT_TABLE && statement->kind != ::REINDEX_OBJECT_INDEX))
        return false;
    const bool has_option = statement->params != NIL;
    if (statement->kind == ::REINDEX_OBJECT_TABLE)
        names.table = statement->relation;
    else
        names.schema = statement->relation->schemaname;
    return has_option == is_concurrent &&
           (!has_option ||
            (::list_length(statement->params) == 1 &&
             std::string_view(linitial_node(DefElem, statement->params)->defname) == "concurrently"));
}

// Goes on only when nobody uses the old index any more.
constexpr StatementKind concurrent = {.lock = ShareUpdateExclusiveLock,
                                      .waits_for_transactions = true,
                                      .has_own_transaction = true,
                                      .read = read_rebuild<true>};
constexpr StatementKind plain = {.lock = ShareLock, .has_own_transaction = true, .read = read_rebuild<false>};

struct Reindex {
    static constexpr const char *command = "REINDEX";
    static constexpr Scope scope = {.has_hidden = true, .has_chunks = true, .has_materialized_views = true};
    static constexpr std::array statements = {&concurrent, &plain};

    bool is_concurrent;

    static Reindex request(const Arguments &arguments)
    {
        return {.is_concurrent = arguments.boolean("concurrently")};
    }

    void plan(const Target &target, std::span<const Table> tables, Plan &plan) const;

private:
    void plan_table(const Table &table, std::span<const IndexFacts> indexes, Plan &plan) const;
    bool accept_or_skip(const Table &table, const IndexFacts &index, Plan &plan) const;
    Change change_of(const Table &table) const;
};

Array<IndexFacts> read_all_indexes(std::span<const Table> tables)
{
    Array<::Oid> oids;
    for (const Table &table : tables) {
        if (table.has_indexes)
            oids.push(table.oid);
        if (OidIsValid(table.toast))
            oids.push(table.toast);
    }
    std::sort(oids.begin(), oids.end());
    return read_indexes(oids.view());
}

// True for an index that is to be rebuilt; another one is skipped in the plan.
bool Reindex::accept_or_skip(const Table &table, const IndexFacts &index, Plan &plan) const
{
    if (index.is_valid && !(is_concurrent && index.is_exclusion))
        return true;
    const RelationName name = read_relation_name(index.oid);
    if (name.name == nullptr)
        return false;
    if (!index.is_valid && may_be_building(index.table))
        plan.skip_index(table, name, "another session may be building it", nullptr);
    else if (!index.is_valid)
        plan.skip_index(table, name, "it is not valid", remedy_for_invalid(index, name));
    else
        plan.skip_index(table, name, "the index of an exclusion constraint cannot be rebuilt concurrently",
                        ::psprintf("REINDEX INDEX %s", qualified_name(name.schema, name.name)));
    return false;
}

// Rebuilding the index of a TOAST table by name takes USAGE on the schema pg_toast; superusers have it.
bool may_name(const RelationName &index)
{
    return std::string_view(index.schema) != "pg_toast" ||
           ::object_aclcheck(NamespaceRelationId, PG_TOAST_NAMESPACE, ::GetUserId(), ACL_USAGE) ==
               ::ACLCHECK_OK;
}

Change Reindex::change_of(const Table &table) const
{
    return {.table = &table,
            .before = is_concurrent ? "REINDEX TABLE CONCURRENTLY " : "REINDEX TABLE ",
            .after = "",
            .kind = is_concurrent ? &concurrent : &plain};
}

void Reindex::plan_table(const Table &table, std::span<const IndexFacts> indexes, Plan &plan) const
{
    Array<::Oid> accepted;
    bool has_invalid = false;
    for (const ::Oid relation : {table.oid, table.toast})
        for (const IndexFacts &index : indexes_of(indexes, relation)) {
            // Both commands pass over one of a TOAST table.
            has_invalid = has_invalid || (!index.is_valid && relation == table.oid);
            if (accept_or_skip(table, index, plan))
                accepted.push(index.oid);
        }
    if (accepted.is_empty())
        return;
    if (is_concurrent || !has_invalid)
        return plan.changes.push(change_of(table));
    for (const ::Oid index : accepted) {
        const RelationName name = read_relation_name(index);
        if (name.name == nullptr)
            continue;
        if (!may_name(name)) {
            plan.skip_index(table, name,
                            "it can only be rebuilt with the table, once that has no invalid index", nullptr);
            continue;
        }
        auto *named = static_cast<NamedIndex *>(::palloc(sizeof(NamedIndex)));
        *named = {.oid = index, .name = name};
        Change change = change_of(table);
        change.before = "REINDEX INDEX ";
        change.index = named;
        plan.changes.push(change);
    }
}

void Reindex::plan(const Target &, std::span<const Table> tables, Plan &plan) const
{
    const Array<IndexFacts> indexes = read_all_indexes(tables);
    const Array<::Oid> hypertables = read_hypertables();
    for (const Table &table : tables) {
        const bool has_indexes = table.has_indexes || OidIsValid(table.toast);
        const bool is_empty =
            table.is_partitioned() || std::binary_search(hypertables.begin(), hypertables.end(), table.oid);
        if (is_empty || !has_indexes)
            continue;
        if (const char *reason = reason_to_skip(table, false))
            plan.skip(table, reason);
        else
            plan_table(table, indexes.view(), plan);
    }
}

} // namespace

DJ_DEPLOY_OPERATION(reindex, run_maintenance, Reindex);

} // namespace dj_deploy
