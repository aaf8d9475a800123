// The order of a plan's changes.
#include "plan/plan.hpp"

#include "plan/name_list.hpp"
#include "plan/order.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

void Plan::skip(const Table &table, const char *reason)
{
    skipped.push({.object = qualified_name(table.schema, table.name),
                  .name = ::psprintf("%s.%s", table.schema, table.name),
                  .reason = reason});
}

Array<NamedObject> schemas_of(std::span<const Table> tables, std::span<const ::Oid> named)
{
    Array<NamedObject> schemas;
    for (const ::Oid schema : named)
        if (const char *name = OidIsValid(schema) ? ::get_namespace_name(schema) : nullptr)
            schemas.push({.catalog = NamespaceRelationId, .oid = schema, .name = name});
    for (const Table &table : tables)
        if (schemas.is_empty() || schemas[schemas.count - 1].oid != table.schema_oid)
            schemas.push({.catalog = NamespaceRelationId, .oid = table.schema_oid, .name = table.schema});
    std::sort(schemas.begin(), schemas.end(),
              [](const NamedObject &left, const NamedObject &right) { return left.oid < right.oid; });
    const auto is_same = [](const NamedObject &left, const NamedObject &right) {
        return left.oid == right.oid;
    };
    schemas.count = std::unique(schemas.begin(), schemas.end(), is_same) - schemas.begin();
    return schemas;
}

void put_in_order(Plan &plan, std::span<const Table> tables)
{
    const auto is_about_table = [](const Change &change) { return change.table != nullptr; };
    if (std::count_if(plan.changes.begin(), plan.changes.end(), is_about_table) == 0)
        return;

    const Array<Index> places = places_in_order(tables, read_dependencies(tables).view());
    const auto place = [&](const Change &change) -> std::int64_t {
        return change.table == nullptr ? -1 : std::int64_t{places[change.table - tables.data()]};
    };
    // Without std::stable_sort, which allocates: the position breaks ties.
    struct Ranked {
        int phase;
        std::int64_t place;
        std::size_t position;
    };
    Array<Ranked> ranked;
    for (const Change &change : plan.changes)
        ranked.push({.phase = change.phase, .place = place(change), .position = ranked.count});
    std::sort(ranked.begin(), ranked.end(), [](const Ranked &left, const Ranked &right) {
        if (left.phase != right.phase)
            return left.phase < right.phase;
        return left.place != right.place ? left.place < right.place : left.position < right.position;
    });
    Array<Change> ordered;
    for (const Ranked &rank : ranked)
        ordered.push(plan.changes[rank.position]);
    plan.changes = ordered;
}

void announce(const Plan &plan)
{
    for (const Remark &remark : plan.remarks)
        ereport(remark.level, remark.sqlstate != 0 ? errcode(remark.sqlstate) : 0,
                errmsg_internal("%s", remark.message),
                remark.detail != nullptr ? errdetail_internal("%s", remark.detail) : 0,
                remark.hint != nullptr ? errhint("%s", remark.hint) : 0);
    for (std::size_t index = 0; index < std::min(plan.skipped.count, most_named); index++)
        ereport(WARNING, errmsg("skipping \"%s\": %s", plan.skipped[index].name, plan.skipped[index].reason));
    if (plan.skipped.count > most_named)
        ereport(WARNING, errmsg("%zu more are skipped", plan.skipped.count - most_named));
}

} // namespace dj_deploy
