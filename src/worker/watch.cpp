// WATCH: no setting limits how long a statement waits for a shard on another node, so the leader looks at the
// nodes while it runs, and cancels it after the wait that is allowed.
#include "cluster/shard_lockers.hpp"
#include "pg/context.hpp"
#include "worker/crew.hpp"
#include "worker/shards.hpp"

namespace dj_deploy {

namespace {

constexpr int interval = 1000; // ms between two looks; what takes less is not looked at

// Leaves no lock or snapshot behind. Whoever cancels the call need not wait until the nodes have answered.
template <class Step>
void without_trace(Step &&step)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    const ::ResourceOwner owner = ::CurrentResourceOwner;
    RESUME_CANCEL_INTERRUPTS();
    ::BeginInternalSubTransaction(nullptr);
    ::MemoryContextSwitchTo(caller);
    step();
    ::RollbackAndReleaseCurrentSubTransaction();
    ::MemoryContextSwitchTo(caller);
    ::CurrentResourceOwner = owner;
    HOLD_CANCEL_INTERRUPTS();
}

} // namespace

Sharded find_watched(std::span<const Change> changes)
{
    Array<::Oid> tables;
    if (engine_here() != nullptr)
        for (const Change &change : changes)
            if (change.table != nullptr && !change.kind->waits_for_transactions)
                tables.push(change.table->oid);
    Sharded sharded = Sharded::find(tables.view());
    if (sharded.refusal != nullptr)
        sharded.engine = nullptr;
    return sharded;
}

bool Crew::is_to_be_watched(const Worker &worker, ::TimestampTz now) const
{
    return worker.change != nullptr && worker.change->table != nullptr && worker.shard_held == nullptr &&
           sharded.has(worker.change->table->oid) &&
           ::TimestampDifferenceExceeds(worker.since, now, interval);
}

void Crew::watch_shards()
{
    const ::TimestampTz now = ::GetCurrentTimestamp();
    if (sharded.engine == nullptr || longest_wait == 0 || is_stopping ||
        !::TimestampDifferenceExceeds(last_look, now, interval))
        return;
    in_scratch([&](::MemoryContext) {
        Array<std::int32_t> pids;
        for (const Worker &worker : workers)
            if (is_to_be_watched(worker, now))
                pids.push(pid_of(worker.process));
        if (pids.is_empty())
            return;
        without_trace([&] { look_at_shards(pids.view()); });
        last_look = ::GetCurrentTimestamp();
    });
}

void Crew::look_at_shards(std::span<const std::int32_t> pids)
{
    for (const ShardWait &wait : read_shard_waits(*sharded.engine, pids))
        for (Worker &worker : workers)
            if (wait.milliseconds >= longest_wait && worker.change != nullptr &&
                worker.shard_held == nullptr && pid_of(worker.process) == wait.pid)
                cancel_waiting(worker, wait);
}

void Crew::cancel_waiting(Worker &worker, const ShardWait &wait)
{
    const Change &change = *worker.change;
    const char *holders = describe_shard_holders(change.table->oid, mode_on_shards(change.kind->lock));
    worker.shard_held = ::MemoryContextStrdup(
        worker.memory, holders != nullptr ? holders
                                          : ::psprintf("The statement waits for shard \"%s\" on node \"%s\".",
                                                       wait.shard, wait.node));
    cancel(worker.process);
}

} // namespace dj_deploy
