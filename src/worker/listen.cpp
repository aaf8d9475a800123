// REPORT: what the leader makes of what its workers say, and of their end.
#include "pg/error.hpp"
#include "run/lock.hpp"
#include "worker/crew.hpp"
#include "worker/messages.hpp"

namespace dj_deploy {

// In place of the cancellation.
::ErrorData Crew::shard_timeout(const Table &table, const char *holders) const
{
    return lock_timeout_error("table", ::psprintf("%s.%s", table.schema, table.name), longest_wait,
                              {.lines = holders, .has_wraparound_vacuum = false});
}

// The end of a change: done, failed, or passed over when the table is gone.
void Crew::finish(Worker &worker, std::string_view as_executed)
{
    const Change &change = *std::exchange(worker.change, nullptr);
    const bool has_begun = std::exchange(worker.has_begun, false);
    const char *shard_held = std::exchange(worker.shard_held, nullptr);
    if (worker.has_error) {
        worker.has_error = false;
        const ::MemoryContext caller = ::MemoryContextSwitchTo(worker.memory);
        if (shard_held != nullptr && worker.error.sqlerrcode == ERRCODE_QUERY_CANCELED)
            worker.error = shard_timeout(*change.table, shard_held);
        const char *statement = planned_statement(change);
        append_line(worker.error.context, ::psprintf("SQL statement \"%s\"", statement));
        if (has_begun)
            cut_short.push(change.table);
        if (!is_stopping)
            failures.add(statement, worker.error);
        ::MemoryContextSwitchTo(caller);
        ::MemoryContextReset(worker.memory);
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
    const bool has_started = worker.process.channel.is_joined();
    worker.is_gone = true;
    terminate(worker.process);
    dismiss(worker.process);
    if (!worker.has_error)
        worker.error = has_started ? lost_worker() : unstarted_worker();
    worker.has_error = true;
    if (worker.change != nullptr)
        return finish(worker, "");
    if (worker.is_ready || is_stopping)
        return;
    if (jobs-- == 1)
        return give_up(worker.error);
    worker.error.elevel = WARNING;
    pass_on(worker.error);
}

void Crew::understand(Worker &worker, std::string_view message)
{
    const char type = message.front();
    message.remove_prefix(1);
    if (type == message_error) {
        const ::MemoryContext caller = ::MemoryContextSwitchTo(worker.memory);
        worker.error = read_error(message);
        worker.has_error = true;
        ::MemoryContextSwitchTo(caller);
    } else if (type == message_notice) {
        pass_on_notice(message);
    } else if (type == message_begin) {
        worker.has_begun = true;
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

} // namespace dj_deploy
