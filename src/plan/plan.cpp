// The order of a plan's changes, and of the locks that they take.
#include "plan/plan.hpp"

#include "plan/lock_order.hpp"
#include "plan/name_list.hpp"
#include "plan/order.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

void sort_changes(Plan &plan, std::span<const Table> tables, const Array<Index> &places)
{
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

// A lock that is taken at its strongest at once is never raised later, which is how two sessions that hold a
// weaker one come to wait for each other.
Array<TableLock> locks_of(const Plan &plan, std::span<const Table> tables, const Array<Index> &places)
{
    Array<TableLock> by_place;
    by_place.resize(tables.size());
    for (const Change &change : plan.changes) {
        if (change.table == nullptr)
            continue;
        TableLock &lock = by_place[places[change.table - tables.data()]];
        lock.table = change.table;
        lock.mode = std::max(lock.mode, change.kind->lock);
        if (change.kind->changes_row)
            lock.chunk_mode = std::max(lock.chunk_mode, change.kind->lock);
        lock.needs_owner = lock.needs_owner || change.kind->needs_owner;
    }
    const auto is_unused = [](const TableLock &lock) { return lock.table == nullptr; };
    by_place.count = std::remove_if(by_place.begin(), by_place.end(), is_unused) - by_place.begin();
    return by_place;
}

} // namespace

void Plan::skip(const Table &table, const char *reason)
{
    skipped.push(
        {.about = About::of(table), .name = ::psprintf("%s.%s", table.schema, table.name), .reason = reason});
}

void Plan::skip_index(const Table &table, const RelationName &index, const char *reason, const char *remedy)
{
    About about = About::of(table);
    about.object = ::psprintf("INDEX %s", qualified_name(index.schema, index.name));
    skipped.push({.about = about,
                  .name = ::psprintf("%s.%s", index.schema, index.name),
                  .reason = reason,
                  .is_index = true,
                  .remedy = remedy});
}

void Plan::deny(const Denial &denial)
{
    const auto is_same = [&](const Denial &other) {
        return ::strcmp(other.one, denial.one) == 0 && ::strcmp(other.name, denial.name) == 0;
    };
    if (std::none_of(denials.begin(), denials.end(), is_same))
        denials.push(denial);
}

void Plan::repeat(Change change, const Table &table)
{
    change.table = &table;
    changes.push(change);
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
    sort_unique(schemas,
                [](const NamedObject &left, const NamedObject &right) { return left.oid < right.oid; });
    return schemas;
}

void put_in_order(Plan &plan, std::span<const Table> tables)
{
    const auto is_about_table = [](const Change &change) { return change.table != nullptr; };
    if (std::count_if(plan.changes.begin(), plan.changes.end(), is_about_table) == 0)
        return;
    const Dependencies dependencies = read_dependencies(tables);
    const Array<Index> places = places_in_order(tables, dependencies);
    sort_changes(plan, tables, places);
    plan.locks = locks_of(plan, tables, places_of_locks(tables, places, dependencies));
}

namespace {

// Of one level.
void announce_remarks(std::span<const Remark> remarks, int level)
{
    std::size_t count = 0;
    for (const Remark &remark : remarks)
        if (remark.level == level && ++count <= most_named)
            ereport(level, remark.sqlstate != 0 ? errcode(remark.sqlstate) : 0,
                    errmsg_internal("%s", remark.message),
                    remark.detail != nullptr ? errdetail_internal("%s", remark.detail) : 0,
                    remark.hint != nullptr ? errhint("%s", remark.hint) : 0);
    if (count > most_named)
        ereport(level, errmsg("%zu more are not shown", count - most_named));
}

// Whether the two differ only in the schema.
bool differs_in_schema(const Skip &left, const Skip &right)
{
    const auto is_same = [](const char *one, const char *other) {
        return one == nullptr || other == nullptr ? one == other : ::strcmp(one, other) == 0;
    };
    return left.about.table == nullptr && right.about.table == nullptr &&
           is_same(left.about.object, right.about.object) && is_same(left.reason, right.reason) &&
           is_same(left.remedy, right.remedy);
}

void announce_skipped(std::span<const Skip> skipped)
{
    std::size_t messages = 0;
    std::size_t named = 0;
    for (std::size_t index = 0; index < skipped.size() && messages < most_named; index++) {
        const Skip &skip = skipped[index];
        const auto is_alike = [&](const Skip &other) { return differs_in_schema(skip, other); };
        const std::span<const Skip> before = skipped.first(index);
        if (std::any_of(before.begin(), before.end(), is_alike))
            continue;
        NameList names = NameList::empty();
        names.add(skip.name);
        for (const Skip &other : skipped.subspan(index + 1))
            if (is_alike(other))
                names.add(other.name);
        messages++;
        named += names.count;
        ereport(WARNING,
                errmsg("skipping %s%s: %s", skip.is_index ? "index " : "", names.finish(), skip.reason),
                skip.remedy != nullptr ? errhint("Remedy: %s", skip.remedy) : 0);
    }
    if (named < skipped.size())
        ereport(WARNING, errmsg("%zu more are skipped", skipped.size() - named));
}

} // namespace

void announce(std::span<const Remark> remarks)
{
    announce_remarks(remarks, NOTICE);
    announce_remarks(remarks, WARNING);
}

void announce(const Plan &plan)
{
    announce(plan.remarks.view());
    announce_skipped(plan.skipped.view());
}

} // namespace dj_deploy
