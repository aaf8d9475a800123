// What grows with the plan is a number for each statement: the text stays in the plan's jsonb and is parsed
// again for each try, and the server's caches are emptied now and then.
#include "run/rollout.hpp"

#include "pg/context.hpp"
#include "pg/oid_set.hpp"
#include "plan/name_list.hpp"
#include "run/activity.hpp"
#include "run/pause.hpp"
#include "run/rollout_checks.hpp"
#include "run/rollout_locks.hpp"
#include "run/rollout_transaction.hpp"

namespace dj_deploy {

namespace {

// A run of the whole line of statements. A table that was busy in this round is not tried again in it: what
// comes later for the same table must not overtake. Where a statement has failed, what comes later for its
// table, and what waits for all earlier ones, would build upon what is not there.
struct Line {
    const StatementList &list;
    Rollout &rollout;
    Failures &failures;
    Progress &progress;
    Durability &durability;
    OidSet busy;
    OidSet busy_members; // those that are to join or leave a publication
    OidSet changed;
    OidSet failed;
    OidSet failed_members;
    std::size_t tried = 0;
    bool is_first_round = true;
    bool waits_to_publish_less = false; // a statement of this round
    bool failed_to_publish_less = false;

    void note(const Statement &statement, ::Oid table, Result result);
    bool is_held(const Statement &statement, ::Oid table, bool is_behind_others) const;
    Result try_statement(const Statement &statement, ::Oid table, bool is_behind_others);
    Result finish_statement(std::size_t index, bool is_behind_others);
    void begin_round();
    void end_round();
    void run(Array<std::uint32_t> &waiting, ::TimestampTz deadline);
    void run_round(Array<std::uint32_t> &waiting, ::TimestampTz deadline);
    void report_waiting(std::span<const std::uint32_t> waiting);
    void fail_busy(std::span<const std::uint32_t> waiting);
};

// What later statements may depend on.
void Line::note(const Statement &statement, ::Oid table, Result result)
{
    if (result != Result::busy && result != Result::failed)
        return;
    const bool is_busy = result == Result::busy;
    (is_busy ? waits_to_publish_less : failed_to_publish_less) |= statement.kind->may_publish_less;
    if (!OidIsValid(table))
        return;
    (is_busy ? busy : failed).add(table);
    if (statement.names.publication != nullptr)
        (is_busy ? busy_members : failed_members).add(table);
}

// By a statement before it that waits.
bool Line::is_held(const Statement &statement, ::Oid table, bool is_behind_others) const
{
    const bool needs_less = statement.kind->sets_identity || statement.kind->adds_member;
    return concerns(statement, table, busy, busy_members) ||
           (statement.kind->waits_for_earlier && is_behind_others) || (needs_less && waits_to_publish_less);
}

Result Line::try_statement(const Statement &statement, ::Oid table, bool is_behind_others)
{
    if (statement.names.table != nullptr && !OidIsValid(table)) {
        ereport(NOTICE, errmsg("table \"%s\" does not exist, skipping", statement.shown_name()));
        return Result::gone;
    }
    const bool needs_less = statement.kind->sets_identity || statement.kind->adds_member;
    if (is_held(statement, table, is_behind_others))
        return Result::busy;
    if (concerns(statement, table, failed, failed_members) ||
        (statement.kind->waits_for_earlier && failures.count > 0) || (needs_less && failed_to_publish_less)) {
        failures.add(statement.text, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                     "An earlier statement failed that this one depends on.");
        return Result::failed;
    }
    show_progress(progress.done, progress.total, statement.table_name());
    return execute_if_free(statement, table, failures, durability);
}

void Line::begin_round()
{
    busy = OidSet::make("dj_deploy busy tables");
    busy_members = OidSet::make("dj_deploy busy members");
    waits_to_publish_less = false;
}

void Line::end_round()
{
    busy.destroy();
    busy_members.destroy();
}

// Leaves a few bytes each time.
Result Line::finish_statement(std::size_t index, bool is_behind_others)
{
    const Statement statement = read_statement(list, index);
    const ::Oid table = statement.find_table();
    const Result tried = try_statement(statement, table, is_behind_others);
    const bool is_of_table =
        tried == Result::done && OidIsValid(table) && ::get_rel_relkind(table) != RELKIND_SEQUENCE;
    const Result result = commit_statement(statement, tried, failures, durability);
    note(statement, table, result);
    if (result == Result::done && is_of_table && changed.add(table))
        rollout.tables++;
    return result;
}

// Tries each once, but after the first round only until the deadline; those that are busy are waiting
// afterwards, in the same order.
void Line::run_round(Array<std::uint32_t> &waiting, ::TimestampTz deadline)
{
    const std::size_t count = std::exchange(waiting.count, 0);
    for (std::size_t position = 0; position < count; position++) {
        CHECK_FOR_INTERRUPTS();
        const std::uint32_t index = waiting[position];
        if (!is_first_round && ::GetCurrentTimestamp() >= deadline) {
            waiting.push(index);
            continue;
        }
        Result result = Result::done;
        in_scratch([&](::MemoryContext) { result = finish_statement(index, !waiting.is_empty()); });
        if (result == Result::done) {
            rollout.executed.push(index);
            progress.done++;
            durability.report();
        } else if (result == Result::busy) {
            waiting.push(index);
        }
        if (++tried % cache_life == 0)
            ::InvalidateSystemCaches();
    }
    is_first_round = false;
}

void Line::report_waiting(std::span<const std::uint32_t> waiting)
{
    if (!progress.is_due(progress.interval))
        return;
    NameList tables = NameList::empty();
    for (const std::uint32_t index : waiting.first(std::min(waiting.size(), most_named)))
        if (const Statement statement = read_statement(list, index); statement.names.table != nullptr)
            tables.add(statement.shown_name());
    const std::size_t more = waiting.size() - std::min(waiting.size(), most_named);
    ereport(NOTICE,
            errmsg("%zu of %zu statements done, %zu waiting", progress.done, progress.total, waiting.size()),
            tables.count > 0 ? errdetail_internal("Tables that are locked: %s%s.", tables.finish(),
                                                  more > 0 ? " and more" : "")
                             : 0);
}

// Before it sleeps, nothing is left that a crash could undo.
void Line::run(Array<std::uint32_t> &waiting, ::TimestampTz deadline)
{
    double pause = shortest_pause;
    do {
        const std::size_t before = waiting.count;
        begin_round();
        run_round(waiting, deadline);
        end_round();
        if (waiting.count < before)
            pause = shortest_pause;
        if (waiting.is_empty())
            break;
        durability.settle_on_the_way();
        show_progress(progress.done, progress.total);
        show_waiting_for(list, waiting[0]);
        report_waiting(waiting.view());
    } while (sleep_before(deadline, pause));
    show_progress(progress.done, progress.total);
    durability.settle();
}

void Line::fail_busy(std::span<const std::uint32_t> waiting)
{
    begin_round();
    for_each_in_scratch(waiting, [&](std::uint32_t index) {
        const Statement statement = read_statement(list, index);
        const ::Oid table = statement.find_table();
        const char *blockers = failures.count < most_named ? describe_blockers_of(statement) : nullptr;
        const char *reason = is_held(statement, table, index != waiting[0])
                                 ? "It waits for an earlier statement."
                                 : "Another transaction was in the way.";
        failures.add(statement.text, ERRCODE_LOCK_NOT_AVAILABLE, blockers != nullptr ? blockers : reason);
        note(statement, table, Result::busy);
        if (++tried % cache_life == 0)
            ::InvalidateSystemCaches();
    });
    end_round();
}

} // namespace

// What a procedure has done before it calls, and what its open cursors have not read yet, is committed or
// fails with the first COMMIT. So that is not the COMMIT of a statement.
Rollout execute_rollout(const StatementList &list, ::TimestampTz deadline)
{
    ::SPI_commit();
    Rollout rollout{};
    Failures failures = Failures::none();
    failures.has_context = failures.always_counts = true;
    Progress progress{.what = "statements", .total = list.count};
    Durability durability{.progress = progress};
    Line line{list,
              rollout,
              failures,
              progress,
              durability,
              OidSet{nullptr},
              OidSet{nullptr},
              OidSet::make("dj_deploy changed tables"),
              OidSet::make("dj_deploy failed tables"),
              OidSet::make("dj_deploy failed members")};
    Array<std::uint32_t> waiting;
    for (std::uint32_t index = 0; index < list.count; index++)
        waiting.push(index);

    with_durability(durability, [&] { line.run(waiting, deadline); });
    line.changed.destroy();
    line.failed.destroy();
    line.failed_members.destroy();
    line.fail_busy(waiting.view());
    failures.raise(
        progress,
        waiting.is_empty()
            ? "What was executed is committed. Plan again, and run the new plan when the cause is gone."
            : "What was executed is committed. Plan again, and run the new plan when the tables are free, or "
              "allow a longer max_wait.");
    ::InvalidateSystemCaches();
    return rollout;
}

} // namespace dj_deploy
