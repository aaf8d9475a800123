// One loop: fill idle workers with tasks, read what they say, sleep until one of them says more. It reads the
// catalog only when something has failed, and lets go of its snapshot before it sleeps.
#include "worker/wait.hpp"

#include "run/failures.hpp"
#include "worker/launch.hpp"
#include "worker/report.hpp"
#include "worker/session.hpp"

namespace dj_deploy {

namespace {

constexpr int progress_interval = 1000;    // ms
constexpr int longest_wait_for_end = 5000; // ms, for workers that were told to end

struct Worker {
    Process process;
    const Change *change; // it is working on; null when idle
    ::ErrorData error;    // of the change, or of its start
    bool has_error;
    bool is_ready; // has taken over the session
    bool is_gone;

    bool is_idle() const { return is_ready && !is_gone && change == nullptr; }
};

struct Crew {
    std::span<const Change> changes;
    std::string_view session;
    std::size_t jobs;             // workers that are wanted
    Array<const char *> executed; // for each change its statement, null while it is not done
    Failures failures;
    Progress progress;
    Array<Worker> workers;
    std::size_t next = 0; // change to hand over
    bool is_stopping = false;

    bool has_work() const { return next < changes.size() && !is_stopping; }
    std::size_t present() const;
    bool is_working() const;
    bool may_begin(const Change &change) const;

    void fill_up();
    void hand_over();
    bool listen();
    bool listen(Worker &worker);
    void lose(Worker &worker);
    void understand(Worker &worker, std::string_view message);
    void finish(Worker &worker, std::string_view as_executed);
    void stop();
    void run();
};

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

// A phase begins when all before it is done.
bool Crew::may_begin(const Change &change) const
{
    return std::none_of(workers.begin(), workers.end(), [&](const Worker &worker) {
        return worker.change != nullptr && worker.change->phase < change.phase;
    });
}

void Crew::fill_up()
{
    while (has_work() && present() < std::min(jobs, changes.size())) {
        Worker worker{};
        if (launch(worker.process)) {
            worker.process.channel.send(session);
            workers.push(worker);
            continue;
        }
        if (present() == 0)
            ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_RESOURCES),
                    errmsg("could not start a background worker"),
                    errdetail("All %d of max_worker_processes are in use.", ::max_worker_processes),
                    errhint("Retry later, or increase max_worker_processes."));
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
        const std::string_view task = pack(*worker.change);
        worker.process.channel.send(task);
        ::pfree(const_cast<char *>(task.data()));
    }
}

// The end of a change: done, failed, or passed over when the table is gone.
void Crew::finish(Worker &worker, std::string_view as_executed)
{
    const Change &change = *std::exchange(worker.change, nullptr);
    if (worker.has_error) {
        worker.has_error = false;
        const char *statement = planned_statement(change);
        add_context(worker.error, ::psprintf("SQL statement \"%s\"", statement));
        const char *leftovers =
            change.waits_for_transactions ? name_leftovers(*change.table, worker.error) : nullptr;
        progress.leave_behind(leftovers);
        if (!is_stopping)
            failures.add(statement, worker.error);
        return;
    }
    if (as_executed.empty())
        return;
    executed[&change - changes.data()] = ::pnstrdup(as_executed.data(), as_executed.size());
    progress.done++;
}

// A worker that cannot even start is not replaced.
void Crew::lose(Worker &worker)
{
    worker.is_gone = true;
    terminate(worker.process);
    dismiss(worker.process);
    if (!worker.has_error)
        worker.error = lost_worker();
    worker.has_error = true;
    if (worker.change != nullptr)
        return finish(worker, "");
    if (worker.is_ready || is_stopping)
        return;
    if (jobs-- == 1)
        ::ThrowErrorData(&worker.error);
    worker.error.elevel = WARNING;
    pass_on(worker.error);
}

void Crew::understand(Worker &worker, std::string_view message)
{
    const char type = message.front();
    message.remove_prefix(1);
    if (type == message_error) {
        worker.error = read_error(message);
        worker.has_error = true;
    } else if (type == message_notice) {
        pass_on_notice(message);
    } else if (type == message_ready) {
        if (worker.change != nullptr)
            finish(worker, message);
        worker.is_ready = true;
    }
}

// True when something was heard.
bool Crew::listen(Worker &worker)
{
    bool is_heard = false;
    while (!worker.is_gone) {
        const Received received = worker.process.channel.receive(false);
        if (received.state == Received::State::nothing_yet)
            break;
        is_heard = true;
        if (received.state == Received::State::message)
            understand(worker, received.bytes);
        else
            lose(worker);
    }
    return is_heard;
}

bool Crew::listen()
{
    bool is_heard = false;
    for (Worker &worker : workers)
        is_heard = listen(worker) || is_heard;
    return is_heard;
}

// The caller has cancelled. What the workers leave behind is to be in the error, so they are waited for.
void Crew::stop()
{
    is_stopping = true;
    for (const Worker &worker : workers)
        if (!worker.is_gone)
            terminate(worker.process);
}

void Crew::run()
{
    ::TimestampTz stop_by = DT_NOEND;
    // Until the workers have ended, a cancellation is only noted.
    HOLD_CANCEL_INTERRUPTS();
    while ((has_work() || is_working()) && ::GetCurrentTimestamp() < stop_by) {
        CHECK_FOR_INTERRUPTS();
        if (QueryCancelPending && !is_stopping) {
            stop_by = TimestampTzPlusMilliseconds(::GetCurrentTimestamp(), longest_wait_for_end);
            stop();
        }
        fill_up();
        hand_over();
        progress.report();
        if (listen())
            continue;
        ::InvalidateCatalogSnapshot();
        ::WaitLatch(::MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, progress_interval,
                    PG_WAIT_EXTENSION);
        ::ResetLatch(::MyLatch);
    }
    RESUME_CANCEL_INTERRUPTS();
    CHECK_FOR_INTERRUPTS();
    for (const Worker &worker : workers)
        if (!worker.is_gone)
            dismiss(worker.process);
}

} // namespace

Outcome execute_by_workers(const Plan &plan, int jobs)
{
    Crew crew{.changes = plan.changes.view(),
              .session = read_session(),
              .jobs = static_cast<std::size_t>(jobs),
              .executed = {},
              .failures = Failures::none(),
              .progress = {.what = "statements", .total = plan.changes.count, .interval = progress_interval},
              .workers = {}};
    crew.executed.resize(plan.changes.count, nullptr);
    ::SPI_commit();
    with_committed(crew.progress, [&] { crew.run(); });
    crew.failures.raise(crew.progress, crew.progress.leftovers_hint());
    Outcome outcome{};
    for (std::size_t index = 0; index < crew.executed.count; index++)
        if (const char *statement = crew.executed[index]) {
            outcome.statements.push(statement);
            outcome.modified += crew.changes[index].table != nullptr ? 1 : 0;
        }
    return outcome;
}

} // namespace dj_deploy
