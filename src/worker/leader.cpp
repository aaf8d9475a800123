// One loop: fill idle workers with tasks, read what they say, sleep until one of them says more. While a
// REINDEX CONCURRENTLY runs, nothing in it reads the catalog, not even for a moment: when that sees the
// snapshot, it waits until this transaction ends, which waits for the REINDEX.
#include "worker/leader.hpp"

#include "pg/error.hpp"
#include "pg/oid_set.hpp"
#include "run/activity.hpp"
#include "run/lock.hpp"
#include "worker/crew.hpp"
#include "worker/messages.hpp"
#include "worker/session.hpp"

namespace dj_deploy {

namespace {

constexpr int progress_interval = 1000;    // ms
constexpr int longest_wait_for_end = 5000; // ms, for workers that were told to end

} // namespace

std::size_t Crew::present() const
{
    return std::count_if(workers.begin(), workers.end(),
                         [](const Worker &worker) { return !worker.is_gone; });
}

bool Crew::is_working() const
{
    return std::any_of(workers.begin(), workers.end(),
                       [](const Worker &worker) { return !worker.is_gone && !worker.is_idle(); });
}

// A phase begins when all before it is done, and a table has one worker at a time.
bool Crew::may_begin(const Change &change) const
{
    return std::none_of(workers.begin(), workers.end(), [&](const Worker &worker) {
        return worker.change != nullptr &&
               (worker.change->phase < change.phase || worker.change->table == change.table);
    });
}

void Crew::fill_up()
{
    while (has_work() && present() < std::min(jobs, changes.size())) {
        Worker worker{};
        worker.memory =
            AllocSetContextCreate(::CurrentMemoryContext, "dj_deploy error", ALLOCSET_SMALL_SIZES);
        if (launch(worker.process)) {
            worker.process.channel.send(session);
            workers.push(worker);
            continue;
        }
        if (present() == 0)
            return give_up(no_worker());
        ereport(NOTICE, errmsg("running %zu jobs instead of %zu: all of max_worker_processes are in use",
                               present(), jobs));
        jobs = present();
    }
}

void Crew::hand_over()
{
    for (Worker &worker : workers) {
        if (!worker.is_idle() || !has_work() || !may_begin(changes[next]))
            continue;
        worker.change = &changes[next++];
        worker.since = ::GetCurrentTimestamp();
        const std::string_view task = pack(*worker.change);
        worker.process.channel.send(task);
        ::pfree(const_cast<char *>(task.data()));
    }
}

// No worker is left and none is to be had. What has been done is to be in the error, if it is anything.
void Crew::give_up(const ::ErrorData &error)
{
    ::ErrorData copy = error;
    if (next == 0)
        ::ThrowErrorData(&copy);
    append_line(copy.detail, progress.describe_done());
    failures.add("background worker", copy);
    is_stopping = true;
}

// The caller has cancelled. What the workers leave behind is to be in the error, so they are waited for.
void Crew::stop()
{
    is_stopping = true;
    for (const Worker &worker : workers)
        if (!worker.is_gone)
            terminate(worker.process);
}

void Crew::report_progress() const
{
    in_scratch([&](::MemoryContext) {
        Array<std::int32_t> blockers; // each once, although several workers may wait for it
        for (const Worker &worker : workers)
            if (worker.change != nullptr)
                add_blockers(blockers, worker.process);
        ::StringInfoData pids;
        ::initStringInfo(&pids);
        for (const std::int32_t pid : blockers)
            ::appendStringInfo(&pids, "%s%d", pids.len > 0 ? ", " : "", pid);
        ereport(NOTICE, errmsg("%zu of %zu statements done", progress.done, progress.total),
                pids.len > 0 ? errdetail_internal("Waiting for process %s.", pids.data) : 0);
    });
}

// dj_deploy.reindex: 3 of 20 statements, at lab.session, lab.trial
void Crew::show() const
{
    in_scratch([&](::MemoryContext) {
        Array<RelationName> at;
        for (const Worker &worker : workers)
            if (worker.change != nullptr && worker.change->table != nullptr)
                at.push({worker.change->table->schema, worker.change->table->name});
        show_progress(progress.done, progress.total, at.view());
    });
}

// When no statement is running any more, or the workers do not end in time. A single failure says what it has
// left behind.
void Crew::find_leftovers()
{
    for (const Worker &worker : workers)
        if (worker.has_begun)
            cut_short.push(worker.change->table);
    ::ErrorData other{};
    ::ErrorData &error = failures.count == 1 && failures.first != nullptr ? *failures.first : other;
    for (const Table *table : cut_short)
        progress.leave_behind(name_leftovers(*table, error));
}

void Crew::run()
{
    ::TimestampTz stop_by = DT_NOEND;
    // Until the workers have ended, a cancellation is only noted. Nothing in here may catch an error: the
    // server would forget that.
    HOLD_CANCEL_INTERRUPTS();
    while ((has_work() || is_working()) && ::GetCurrentTimestamp() < stop_by) {
        CHECK_FOR_INTERRUPTS();
        if (QueryCancelPending && !is_stopping) {
            stop_by = TimestampTzPlusMilliseconds(::GetCurrentTimestamp(), longest_wait_for_end);
            stop();
        }
        fill_up();
        hand_over();
        show();
        if (progress.is_time())
            report_progress();
        if (listen())
            continue;
        watch_shards();
        ::WaitLatch(::MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, progress_interval,
                    PG_WAIT_EXTENSION);
        ::ResetLatch(::MyLatch);
    }
    find_leftovers();
    RESUME_CANCEL_INTERRUPTS();
    CHECK_FOR_INTERRUPTS();
    for (const Worker &worker : workers)
        if (!worker.is_gone)
            dismiss(worker.process);
}

Outcome execute_by_workers(const Plan &plan, int jobs)
{
    Crew crew{.changes = plan.changes.view(),
              .session = read_session(),
              .jobs = static_cast<std::size_t>(jobs),
              .sharded = find_watched(plan.changes.view()),
              .longest_wait = ::LockTimeout > 0 ? ::LockTimeout : lock_timeout,
              .executed = {},
              .failures = Failures::none(),
              .progress = {.what = "statements", .total = plan.changes.count, .interval = progress_interval},
              .workers = {},
              .cut_short = {}};
    crew.executed.resize(plan.changes.count, nullptr);
    ::SPI_commit();
    with_committed(crew.progress, [&] { crew.run(); });
    crew.failures.raise(crew.progress, crew.progress.leftovers_hint());
    Outcome outcome{};
    const OidSet modified = OidSet::make("dj_deploy maintained tables");
    for (std::size_t index = 0; index < crew.executed.count; index++)
        if (const char *statement = crew.executed[index]) {
            const Table *table = crew.changes[index].table;
            outcome.statements.push(statement);
            outcome.modified += table != nullptr && modified.add(table->oid);
        }
    return outcome;
}

} // namespace dj_deploy
