// Preview and run over the same plan. A run is one SPI connection, with a scratch memory context that is
// reset for each change; only the statements outlive it. It is also one subtransaction: what another session
// did to the same catalog rows ("tuple concurrently updated") undoes it, and it starts over from a plan that
// knows.
#include "run/execute.hpp"

#include "catalog/chunks.hpp"
#include "cluster/node_settings.hpp"
#include "cluster/shard_lockers.hpp"
#include "pg/context.hpp"
#include "pg/oid_set.hpp"
#include "pg/query.hpp"
#include "run/activity.hpp"
#include "run/attempt.hpp"
#include "run/lock.hpp"
#include "run/progress.hpp"
#include "run/requirements.hpp"
#include "run/turns.hpp"

namespace dj_deploy {

namespace {

constexpr int longest_wait_for_news = 1000; // ms

// How much of others' changes and of our own this session has seen.
struct CatalogState {
    CatalogNews news;
    ::CommandId command;

    static CatalogState now() { return {CatalogNews::so_far(), ::GetCurrentCommandId(false)}; }
};

// The statement names its table, the plan means an OID. The lock keeps the table's name from others, but
// nothing in PostgreSQL keeps its schema's, and an event trigger of this session may rename either: then the
// statement has found another table, and this undoes it. A rename by others comes with an invalidation
// message, one of our own with a command besides the statement; without either there is nothing to look up.
void require_still_named(const Change &change, const RelationName &name, CatalogState before)
{
    const CatalogState now = CatalogState::now();
    if (before.news.is_quiet_until(now.news) && now.command <= before.command + 1)
        return;
    const ::Oid schema = ::get_namespace_oid(name.schema, true);
    if (::get_relname_relid(name.name, schema) != change.table->oid)
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("table \"%s.%s\" was renamed while it was being changed", name.schema, name.name));
}

void run_statement(const char *statement)
{
    const int outcome = ::SPI_execute(statement, false, 0);
    if (outcome != SPI_OK_UTILITY)
        elog(ERROR, "unexpected result of \"%s\": %s", statement, ::SPI_result_code_string(outcome));
}

// Returns the statement that was run, or null for a table that is gone. The table is locked.
const char *execute_for_table(const Change &change)
{
    const CatalogState before = CatalogState::now();
    const RelationName name = read_relation_name(change.table->oid);
    if (name.name == nullptr)
        return nullptr;
    if (change.kind->needs_owner)
        require_owner(change.table->oid);
    const char *statement = statement_text(change, name.schema, name.name);
    run_statement(statement);
    require_still_named(change, name, before);
    return statement;
}

const char *execute_change(const Change &change)
{
    if (change.table != nullptr)
        return execute_for_table(change);
    const char *statement = planned_statement(change);
    run_statement(statement);
    return statement;
}

// NOTICE, once for each table.
void note_missing(const Table &table, const OidSet &missing)
{
    if (missing.add(table.oid))
        ereport(NOTICE, errmsg("table \"%s.%s\" does not exist, skipping", table.schema, table.name));
}

// The extension that keeps the chunks will lock them, in the same order; here a wait names the chunk.
void lock_chunks(const TableLock &lock)
{
    if (lock.chunk_mode == NoLock || !lock.table->has_children || lock.table->is_partitioned())
        return;
    for (const ::Oid oid : read_chunks(lock.table->oid)) {
        CHECK_FOR_INTERRUPTS();
        lock_table(oid, lock.chunk_mode);
    }
}

void lock_tables(std::span<const TableLock> locks, const OidSet &missing)
{
    for (const TableLock &lock : locks) {
        CHECK_FOR_INTERRUPTS();
        if (lock.needs_owner)
            require_owner(lock.table->oid);
        lock_table(*lock.table, lock.mode);
        if (!::SearchSysCacheExists1(::RELOID, ObjectIdGetDatum(lock.table->oid)))
            note_missing(*lock.table, missing);
        lock_chunks(lock);
    }
}

void execute_changes(std::span<const Change> changes, const OidSet &missing, Outcome &outcome,
                     std::size_t &tried)
{
    const ::MemoryContext result = outcome.statements.context;
    Progress progress{.what = "statements", .total = changes.size()};
    const OidSet modified = OidSet::make("dj_deploy modified tables");

    repeat_in_scratch(changes.size(), [&](std::size_t index) {
        progress.done = index;
        progress.report();
        const Table *table = changes[index].table;
        tried = index;
        show_progress(index, changes.size(), planned_name(changes[index]));
        if (const char *statement = execute_change(changes[index])) {
            outcome.statements.push(::MemoryContextStrdup(result, statement));
            outcome.changes.push(index);
            outcome.modified += table != nullptr && !table->is_sequence() && modified.add(table->oid);
        } else {
            note_missing(*table, missing);
        }
    });
}

// The table is locked here, so that it was a lock somewhere else that was not to be had in time.
void raise_if_shard_is_held(const Change &change)
{
    const Table *table = change.table;
    if (table == nullptr)
        return;
    if (const char *holders = describe_shard_holders(table->oid, change.kind->lock))
        raise_lock_timeout("table", ::psprintf("%s.%s", table->schema, table->name),
                           {.lines = holders, .has_wraparound_vacuum = false});
}

// Another session has changed a row of the catalog at the same moment, or has done or undone what was
// planned.
bool is_overtaken(const ::ErrorData &error)
{
    switch (error.sqlerrcode) {
    case ERRCODE_INTERNAL_ERROR:
        return is_about_lost_row(error);
    case ERRCODE_UNIQUE_VIOLATION:
        return error.schema_name != nullptr && std::string_view(error.schema_name) == "pg_catalog";
    case ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST:
    case ERRCODE_DUPLICATE_OBJECT:
    case ERRCODE_UNDEFINED_OBJECT:
    case ERRCODE_UNDEFINED_TABLE:
    case ERRCODE_UNDEFINED_SCHEMA:
        return true;
    default:
        return false;
    }
}

// Without news from other sessions another plan would be the same.
bool has_news(const Plan &plan)
{
    return plan.news.is_outdated([&](::Oid table) {
        return std::any_of(plan.locks.begin(), plan.locks.end(),
                           [&](const TableLock &lock) { return lock.table->oid == table; });
    });
}

// No message tells that a relation has joined or left an extension.
bool is_outdated(const Plan &plan)
{
    return has_news(plan) || (plan.members && CatalogNews::now().messages != plan.news.messages &&
                              !std::ranges::equal(read_extension_members(), *plan.members));
}

} // namespace

Outcome preview(const Plan &plan)
{
    Outcome outcome{};
    for (std::size_t index = 0; index < plan.changes.count; index++) {
        outcome.statements.push(planned_statement(plan.changes[index]));
        outcome.changes.push(index);
    }
    return outcome;
}

bool execute(const Plan &plan, Round round, Outcome &outcome)
{
    if (plan.changes.is_empty())
        return true;
    show_progress(0, plan.changes.count);
    check_requirements(plan, ERROR);
    const OidSet missing = OidSet::make("dj_deploy missing tables");
    bool is_done = false;
    std::size_t last_tried = plan.changes.count;
    with_lock_timeout(effective_lock_timeout(), [&] {
        take_turns(plan);
        lock_tables(plan.locks.view(), missing);
        if (!plan.ignores_current_state && round.may_suspect() && is_outdated(plan))
            return;
        const auto run = [&] {
            with_spi([&] { execute_changes(plan.changes.view(), missing, outcome, last_tried); });
            require_names(plan.names.view());
        };
        const auto is_worth_another = [&](const ::ErrorData &error) {
            if (is_lock_timeout(error) && last_tried < plan.changes.count)
                raise_if_shard_is_held(plan.changes[last_tried]);
            if (round.is_last() || !is_overtaken(error))
                return false;
            // A commit is visible before its news are out.
            const bool has_news_to_come = error.sqlerrcode == ERRCODE_INTERNAL_ERROR;
            for (int waited = 0; has_news_to_come && waited < longest_wait_for_news && !has_news(plan);
                 waited++) {
                CHECK_FOR_INTERRUPTS();
                ::pg_usleep(1000);
            }
            return is_outdated(plan) || (has_news_to_come && round.may_suspect());
        };
        is_done = attempt(run, is_worth_another);
    });
    return is_done;
}

} // namespace dj_deploy
