// Each look is a transaction of its own, so that no rebuild has to wait for it.
#include "worker/shards.hpp"

#include "cluster/shard_lockers.hpp"
#include "run/lock.hpp"

namespace dj_deploy {

namespace {

constexpr int interval = 200; // ms between two looks

// The holders, in the memory context of the caller; null when there are none.
const char *look(const TaskFacts &facts)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    ::StartTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    const char *holders = describe_shard_holders(facts.table, mode_on_shards(facts.lock));
    ::CommitTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    return holders;
}

} // namespace

::LOCKMODE mode_on_shards(::LOCKMODE lock)
{
    return lock == ShareLock ? AccessExclusiveLock : lock;
}

void wait_for_shards(const Task &task)
{
    const ::TimestampTz since = ::GetCurrentTimestamp();
    while (const char *holders = look(task.facts)) {
        if (::LockTimeout > 0 && ::TimestampDifferenceExceeds(since, ::GetCurrentTimestamp(), ::LockTimeout))
            raise_lock_timeout("table", ::psprintf("%s.%s", task.schema, task.name),
                               {.lines = holders, .has_wraparound_vacuum = false});
        ::WaitLatch(::MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, interval, PG_WAIT_EXTENSION);
        ::ResetLatch(::MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

} // namespace dj_deploy
