// RUN: the life of a worker. It becomes what the caller is, then does one task after another until its leader
// has no more, or is gone. A task that fails is reported, and the next one is done all the same.
#include "run/attempt.hpp"
#include "run/lock.hpp"
#include "worker/channel.hpp"
#include "worker/session.hpp"
#include "worker/statement.hpp"

namespace dj_deploy {

namespace {

// The caller's setting; while it works, a worker replaces 0 by dj_deploy.lock_timeout.
int session_lock_timeout = 0;

void set_lock_timeout(int milliseconds)
{
    if (::LockTimeout != milliseconds)
        ::SetConfigOption("lock_timeout", ::psprintf("%d", milliseconds), ::PGC_USERSET, ::PGC_S_SESSION);
}

void reload_configuration()
{
    if (!ConfigReloadPending)
        return;
    ConfigReloadPending = false;
    ::ProcessConfigFile(::PGC_SIGHUP);
    ::SetClientEncoding(::GetDatabaseEncoding());
}

// Locks the table for the session, so that it keeps its name while the statement begins and ends
// transactions; returns the statement, or null with a NOTICE for a table that is gone. What the statement
// locks is locked by ourselves, and so is free for it. The lock goes when the task ends or fails.
const char *lock_for_session(const Task &task)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    const char *statement = nullptr;
    ::StartTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    Table planned{};
    planned.oid = task.table;
    planned.schema = task.schema;
    planned.name = task.name;
    lock_table(planned, task.lock);
    const char *name = ::get_rel_name(task.table);
    const char *schema = name == nullptr ? nullptr : ::get_namespace_name(::get_rel_namespace(task.table));
    if (schema == nullptr) {
        ereport(NOTICE, errmsg("table \"%s.%s\" does not exist, skipping", task.schema, task.name));
    } else {
        ::LockRelId lock_id{.relId = task.table, .dbId = MyDatabaseId};
        ::LockRelationIdForSession(&lock_id, task.lock);
        statement = statement_text(
            {.table = &planned, .before = task.before, .after = task.after, .lock = task.lock}, schema, name);
    }
    ::CommitTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    return statement;
}

// The statement of a task about no table.
const char *execute_without_table(const Task &task)
{
    const char *statement = ::psprintf("%s%s", task.before, task.after);
    execute_at_top_level(statement);
    return statement;
}

// Returns the statement that was executed; null for a table that is gone.
const char *execute_task(const Task &task)
{
    if (!OidIsValid(task.table))
        return execute_without_table(task);
    set_lock_timeout(session_lock_timeout > 0 ? session_lock_timeout : lock_timeout);
    const char *statement = lock_for_session(task);
    if (statement == nullptr)
        return nullptr;
    // Waiting for other transactions to end is no wait for a table: nobody queues up behind it.
    if (task.waits_for_transactions)
        set_lock_timeout(session_lock_timeout);
    execute_at_top_level(statement);
    ::LockRelId lock_id{.relId = task.table, .dbId = MyDatabaseId};
    ::UnlockRelationIdForSession(&lock_id, task.lock);
    return statement;
}

// Goes the way of errors, which knows when a cancelled message has taken the queue along.
void report_ready(const char *statement)
{
    HOLD_CANCEL_INTERRUPTS();
    ::pgstat_report_stat(false);
    ::pgstat_report_activity(::STATE_IDLE, nullptr);
    ::StringInfoData message;
    ::pq_beginmessage(&message, message_ready);
    ::pq_sendbytes(&message, statement, static_cast<int>(::strlen(statement)));
    ::pq_endmessage(&message);
    RESUME_CANCEL_INTERRUPTS();
}

// Cancelling concerns a task, so between two of them there is nothing to cancel.
Received receive_next(const Channel &channel)
{
    HOLD_CANCEL_INTERRUPTS();
    const Received next = channel.receive(true);
    QueryCancelPending = false;
    RESUME_CANCEL_INTERRUPTS();
    return next;
}

void do_tasks(const Channel &channel)
{
    const ::MemoryContext scratch =
        AllocSetContextCreate(::TopMemoryContext, "dj_deploy task", ALLOCSET_DEFAULT_SIZES);
    for (Received next = receive_next(channel); next.state == Received::State::message;
         next = receive_next(channel)) {
        reload_configuration();
        ::MemoryContextSwitchTo(scratch);
        const char *statement = nullptr;
        const Task task = unpack(next.bytes);
        if (!survive([&] { statement = execute_task(task); }))
            statement = nullptr;
        report_ready(statement == nullptr ? "" : statement);
        ::MemoryContextReset(scratch);
    }
}

// What goes wrong from here on reaches the caller.
void become_caller(const Channel &channel)
{
    ::pq_redirect_to_shm_mq(channel.segment, channel.outgoing);
    ::BackgroundWorkerInitializeConnectionByOid(channel.database(), channel.user(),
                                                connect_as_parallel_workers_do);
    // The leader expects it; it is what a process starts with, but the session may say otherwise.
    ::SetClientEncoding(::GetDatabaseEncoding());
    take_over_session(channel.receive(true).bytes);
    session_lock_timeout = ::LockTimeout;
}

} // namespace

} // namespace dj_deploy

extern "C" {

PGDLLEXPORT void dj_deploy_worker_main(::Datum handle);

void dj_deploy_worker_main(::Datum handle)
{
    pqsignal(SIGTERM, die);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    ::BackgroundWorkerUnblockSignals();
    ::CurrentMemoryContext =
        AllocSetContextCreate(::TopMemoryContext, "dj_deploy worker", ALLOCSET_DEFAULT_SIZES);
    const dj_deploy::Channel channel = dj_deploy::Channel::attach(DatumGetUInt32(handle));
    if (channel.segment == nullptr)
        return;
    dj_deploy::become_caller(channel);
    dj_deploy::report_ready("");
    dj_deploy::do_tasks(channel);
}

} // extern "C"
