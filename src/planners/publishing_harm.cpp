// Words for what publishing/harm finds.
#include "planners/publishing_harm.hpp"

#include "catalog/relation_name.hpp"
#include "pg/context.hpp"
#include "pg/query.hpp"
#include "plan/name_list.hpp"
#include "planners/replica_identity.hpp"

namespace dj_deploy {

namespace {

struct HarmedTables {
    Harm harm;
    const Publication *publication;
    Array<const char *> tables;
};

const char *shown_name(::Oid table)
{
    const RelationName name = read_relation_name(table);
    return name.name == nullptr ? "?" : ::psprintf("%s.%s", name.schema, name.name);
}

HarmedTables &entry_for(Array<HarmedTables> &harmed, const HarmDone &done)
{
    for (HarmedTables &entry : harmed)
        if (entry.harm == done.harm && entry.publication == done.publication)
            return entry;
    harmed.push({.harm = done.harm, .publication = done.publication, .tables = {}});
    return harmed[harmed.count - 1];
}

// table "lab.session", or tables "lab.session", "lab.trial" and 8 more
const char *list_of(const Array<const char *> &tables)
{
    std::sort(tables.begin(), tables.end(),
              [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    NameList list = NameList::empty();
    for (const char *table : tables)
        list.add(table);
    return ::psprintf("%s %s", list.count == 1 ? "table" : "tables", list.finish());
}

Remark remark_of(const HarmedTables &harmed)
{
    Remark remark{.level = WARNING, .message = nullptr};
    const char *tables = list_of(harmed.tables);
    const char *publication = harmed.publication->name;
    switch (harmed.harm) {
    case Harm::renamed:
        remark.message = ::psprintf("changes of %s will arrive under another name in publication \"%s\"",
                                    tables, publication);
        remark.detail =
            "A subscription skips changes of a table that it does not have until it is refreshed.";
        remark.hint =
            "Stop writes to these tables, make the change, ALTER SUBSCRIPTION ... REFRESH PUBLICATION "
            "WITH (copy_data = false) or prepare other consumers for the new name, then let writes go "
            "on.";
        break;
    case Harm::fewer:
        remark.message =
            ::psprintf("some operations, rows or columns of %s will no longer reach consumers of "
                       "publication \"%s\"",
                       tables, publication);
        break;
    case Harm::widened:
        remark.message =
            ::psprintf("generated columns of %s will begin to reach consumers of publication \"%s\"", tables,
                       publication);
        remark.detail = "A subscription whose table does not have them stops.";
        remark.hint = "Add them to the subscriber's tables first.";
        break;
    case Harm::weakened:
        remark.message = ::psprintf(
            "old rows of %s will no longer reach consumers of publication \"%s\" whole, or with the same key",
            tables, publication);
        remark.detail = "A subscription whose table has no such primary key or replica identity stops.";
        break;
    case Harm::exposed:
        remark.message =
            ::psprintf("rows or columns of %s that a column list or row filter leaves out will reach "
                       "consumers of publication \"%s\"",
                       tables, publication);
        break;
    case Harm::mixed:
        remark.message = ::psprintf("publication \"%s\" will publish %s differently from another publication",
                                    publication, tables);
        remark.detail = "A consumer that reads both receives something else than before, or decoding fails, "
                        "because of a column list, a row "
                        "filter or the name under which changes arrive.";
        break;
    default:
        remark.message = ::psprintf("changes of %s will no longer reach consumers of publication \"%s\"",
                                    tables, publication);
        break;
    }
    return remark;
}

// What a slot has confirmed lies before the end of the WAL.
constexpr const char *slots_sql = R"(
    SELECT s.slot_name
    FROM pg_catalog.pg_replication_slots s
    WHERE s.plugin = 'pgoutput' AND s.database = pg_catalog.current_database()
      AND NOT pg_catalog.pg_is_in_recovery()
      AND s.confirmed_flush_lsn < pg_catalog.pg_current_wal_lsn()
    ORDER BY s.slot_name)";

} // namespace

Remark remark_about(const BrokenWrite &begun, const Scenario &after)
{
    const Identity identity = after.identity(*begun.table);
    const char *index = OidIsValid(identity.index) ? ::get_rel_name(identity.index) : nullptr;
    const RelationName name = read_relation_name(begun.table->oid);
    return remark_of(begun, name.schema, name.name, {.kind = identity.kind, .index = index});
}

void warn_of_begun_writes(const Scenario &before, const Scenario &after, const char *publication, Plan &plan)
{
    Array<BrokenWrite> begun;
    const ::MemoryContext context = ::CurrentMemoryContext;
    for_each_in_scratch(before.facts->relations, [&](const Relation &table) {
        for (const BrokenWrite &write : find_begun(before, after, table)) {
            const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
            begun.push(write);
            ::MemoryContextSwitchTo(scratch);
        }
    });
    Array<Remark> remarks;
    for (const BrokenWrite &write : begun)
        remarks.push({
            .level = WARNING,
            .message = ::psprintf("%s on table \"%s\" will fail once the table joins publication \"%s\"",
                                  commands_of(write), shown_name(write.table->oid), publication),
            .detail = "It has no replica identity that identifies its rows and is published.",
            .hint = "Add a primary key, or set replica identity FULL first.",
            .sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        });
    std::sort(remarks.begin(), remarks.end(), [](const Remark &left, const Remark &right) {
        return ::strcmp(left.message, right.message) < 0;
    });
    for (const Remark &remark : remarks)
        plan.remarks.push(remark);
}

void warn_of_consumer_harm(const Scenario &before, const Scenario &after, Plan &plan)
{
    Array<HarmedTables> harmed;
    const ::MemoryContext context = ::CurrentMemoryContext;
    for_each_in_scratch(before.facts->relations, [&](const Relation &table) {
        for (const HarmDone &done : find_consumer_harms(before, after, table)) {
            const char *name = shown_name(done.table->oid);
            const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
            entry_for(harmed, done).tables.push(::pstrdup(name));
            ::MemoryContextSwitchTo(scratch);
        }
    });
    for (const HarmedTables &entry : harmed)
        plan.remarks.push(remark_of(entry));
}

void warn_of_slots_behind(std::span<const char *const> publications, Plan &plan)
{
    if (publications.empty())
        return;
    NameList slots = NameList::empty();
    query(slots_sql, [&](const Row &row) { slots.add(row.name(1)); });
    if (slots.count == 0)
        return;
    const char *names = slots.finish();
    for (const char *publication : publications)
        plan.remarks.push({
            .level = WARNING,
            .message = ::psprintf(
                "replication %s %s still %s to read changes from before publication \"%s\" is created",
                slots.count == 1 ? "slot" : "slots", names, slots.count == 1 ? "has" : "have", publication),
            .detail =
                "A consumer that reads them with this publication fails permanently up to PostgreSQL 17 "
                "(\"publication does not exist\"), and skips them from 18 on.",
            .hint = "Let its consumer read all changes first, or give it a new slot afterwards.",
        });
}

} // namespace dj_deploy
