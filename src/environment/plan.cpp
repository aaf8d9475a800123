// The keys in their turn, then all changes in the order of the tables, whatever key they come from: each
// table is locked once, and all that happens to it happens together.
#include "environment/plan.hpp"

#include "environment/draft.hpp"
#include "environment/same.hpp"
#include "pg/oid_set.hpp"

namespace dj_deploy {

namespace {

// Partitions may belong to two schemas.
Array<const Table *> tables_of(const ResolvedEnvironment &resolved)
{
    Array<const Table *> tables;
    const OidSet known = OidSet::make("dj_deploy tables of the environment");
    for (const ResolvedSchema &schema : resolved.schemas)
        for (const Table &table : schema.tables)
            if (known.add(table.oid))
                tables.push(&table);
    return tables;
}

Shards *shards_of(const Draft &draft)
{
    Array<::Oid> tables;
    for (const Table *table : draft.tables)
        tables.push(table->oid);
    return Shards::of(tables);
}

bool has_smaller_name(const NamedObject &left, const NamedObject &right)
{
    return left.catalog != right.catalog ? left.catalog < right.catalog : ::strcmp(left.name, right.name) < 0;
}

int compare_texts(const char *left, const char *right)
{
    return ::strcmp(left != nullptr ? left : "", right != nullptr ? right : "");
}

int compare_remarks(const Remark &left, const Remark &right)
{
    return ::strcmp(left.message, right.message);
}

int compare_denials(const Denial &left, const Denial &right)
{
    const int kinds = ::strcmp(left.one, right.one);
    return kinds != 0 ? kinds : ::strcmp(left.name, right.name);
}

// Publications, or roles, of which the same is to be said are one.
int compare_skips(const Skip &left, const Skip &right)
{
    for (const int order : {compare_texts(left.about.schema, right.about.schema),
                            compare_texts(left.about.table, right.about.table),
                            compare_texts(left.about.object, right.about.object)})
        if (order != 0)
            return order;
    return ::strcmp(left.reason, right.reason);
}

struct TablePlace {
    ::Oid oid;
    const Table *table;
};

// All tables in one list, to which the changes then point.
Array<Table> unite_tables(const Draft &draft, Plan &plan)
{
    Array<Table> tables;
    const OidSet known = OidSet::make("dj_deploy united tables");
    const auto add = [&](const Table &table) {
        if (known.add(table.oid))
            tables.push(table);
    };
    for (const Table *table : draft.tables)
        add(*table);
    for (const Change &change : plan.changes)
        if (change.table != nullptr)
            add(*change.table);
    sort_by_name(tables);
    Array<TablePlace> places;
    for (const Table &table : tables)
        places.push({.oid = table.oid, .table = &table});
    std::sort(places.begin(), places.end(),
              [](const TablePlace &left, const TablePlace &right) { return left.oid < right.oid; });
    for (Change &change : plan.changes)
        if (change.table != nullptr)
            change.table = find_sorted(places.view(), &TablePlace::oid, change.table->oid)->table;
    return tables;
}

// Where nothing changes there is nothing to unite.
void unite(Draft &draft)
{
    Plan &plan = draft.plan;
    Array<Remark> remarks;
    append(remarks, draft.notices);
    append(remarks, plan.remarks);
    plan.remarks = remarks;
    keep_first_of_same(plan.remarks, compare_remarks);
    keep_first_of_same(plan.denials, compare_denials);
    keep_first_of_same(plan.skipped, compare_skips);
    Array<Change> changes;
    append(changes, draft.leading);
    append(changes, plan.changes);
    plan.changes = changes;
    if (plan.changes.is_empty())
        return;
    // In an order that all runs share: runs wait for each other by these names.
    sort_unique(plan.names, has_smaller_name);
    const Array<Table> tables = unite_tables(draft, plan);
    Array<::Oid> schemas;
    for (const ResolvedSchema &schema : draft.resolved.schemas)
        schemas.push(schema.oid);
    plan.schemas = schemas_of(tables.view(), schemas.view());
    put_in_order(plan, tables.view());
}

} // namespace

EnvironmentPlan plan_environment(const Environment &environment)
{
    const CatalogNews news = CatalogNews::now();
    Array<Remark> notices;
    const ResolvedEnvironment resolved = ResolvedEnvironment::of(environment, notices);
    Draft draft{.environment = environment,
                .resolved = resolved,
                .tables = tables_of(resolved),
                .plan = {},
                .leading = {},
                .intent = {},
                .breaking = {},
                .notices = notices,
                .uncovered = {}};
    draft.plan = draft.new_plan();
    draft.plan.shards = shards_of(draft);
    draft.plan.news = news;
    draft.plan.members = resolved.members;
    for (const Key *key : all_keys())
        key->plan(draft);
    for (const Table *table : draft.tables)
        draft.plan.analyzed += !table->is_member;
    unite(draft);
    for (const Change &change : draft.plan.changes)
        require_declared(change.kind);
    return {draft.plan, draft.breaking, draft.notices, draft.uncovered};
}

} // namespace dj_deploy
