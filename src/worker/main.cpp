// RUN: the life of a worker. It becomes what the caller is, then does one task after another until its leader
// has no more, or is gone. A task that fails is reported, and the next one is done all the same.
#include "catalog/chunks.hpp"
#include "run/attempt.hpp"
#include "run/execute.hpp"
#include "run/lock.hpp"
#include "run/turns.hpp"
#include "worker/channel.hpp"
#include "worker/session.hpp"
#include "worker/shards.hpp"
#include "worker/statement.hpp"

namespace dj_deploy {

namespace {

// A statement that leaves something behind when it fails waits this many times deadlock_timeout, and at least
// so long, before it looks for a deadlock: the other side finds it first and gives up.
constexpr int patience = 10;
constexpr int least_patience = 10000; // ms

// The caller's settings; while it works, a worker replaces them.
int session_lock_timeout = 0;
int session_deadlock_timeout = 0;

void set_milliseconds(const char *setting, int value, int wanted)
{
    if (value != wanted)
        ::SetConfigOption(setting, ::psprintf("%d", wanted), ::PGC_SUSET, ::PGC_S_SESSION);
}

void set_timeouts(int for_lock, int for_deadlock)
{
    set_milliseconds("lock_timeout", ::LockTimeout, for_lock);
    set_milliseconds("deadlock_timeout", ::DeadlockTimeout, for_deadlock);
}

void reload_configuration()
{
    if (!ConfigReloadPending)
        return;
    ConfigReloadPending = false;
    ::ProcessConfigFile(::PGC_SIGHUP);
    ::SetClientEncoding(::GetDatabaseEncoding());
}

// Goes the way of errors, which knows when a cancelled message has taken the queue along.
void send(char type, const char *text)
{
    HOLD_CANCEL_INTERRUPTS();
    ::StringInfoData message;
    ::pq_beginmessage(&message, type);
    ::pq_sendbytes(&message, text, static_cast<int>(::strlen(text)));
    ::pq_endmessage(&message);
    RESUME_CANCEL_INTERRUPTS();
}

// Nothing in this transaction may keep a rebuild waiting for it: a lock is waited for without a snapshot.
void lock_relation_for_session(::Oid relation, const RelationName &name, ::LOCKMODE mode)
{
    ::InvalidateCatalogSnapshot();
    Table planned{};
    planned.oid = relation;
    planned.schema = name.schema;
    planned.name = name.name;
    lock_table(planned, mode);
    ::LockRelId lock_id{.relId = relation, .dbId = MyDatabaseId};
    ::LockRelationIdForSession(&lock_id, mode);
}

void lock_relation_for_session(::Oid relation, const Task &task)
{
    lock_relation_for_session(relation, {.schema = task.schema, .name = task.name}, task.facts.lock);
}

// ANALYZE of a partitioned table analyzes its partitions, too, and locks one after another while it has a
// snapshot.
void lock_partitions(const Task &task)
{
    const ::List *tree = ::find_all_inheritors(task.facts.table, NoLock, nullptr);
    for (int index = 1; index < ::list_length(tree); index++)
        lock_relation_for_session(::list_nth_oid(tree, index), task);
}

// VACUUM goes on from a table to its chunks; a wait for one names it.
void lock_chunks(const Task &task)
{
    for (const ::Oid chunk : read_chunks(task.facts.table))
        if (const RelationName name = read_relation_name(chunk); name.name != nullptr)
            lock_relation_for_session(chunk, name, task.facts.lock);
}

// What the statement locks is locked by ourselves, and so is free for it. What waits for transactions locks
// the TOAST table, too, and would wait for it without end.
void take_locks(const Task &task)
{
    const TaskFacts &facts = task.facts;
    join_maintenance({.catalog = NamespaceRelationId, .oid = facts.schema, .name = task.schema});
    lock_relation_for_session(facts.table, task);
    if (facts.waits_for_transactions && OidIsValid(facts.toast))
        lock_relation_for_session(facts.toast, task);
    if (::get_rel_relkind(facts.table) == RELKIND_PARTITIONED_TABLE)
        lock_partitions(task);
    else if (!facts.waits_for_transactions)
        lock_chunks(task);
}

// In a deadlock the worker gives way as long as it has done nothing yet, and begins again.
void take_locks_or_give_way(const Task &task)
{
    Round round{};
    const auto is_worth_another = [&](const ::ErrorData &error) {
        return is_deadlock(error) && round.number++ < Round::most;
    };
    while (!attempt([&] { take_locks(task); }, is_worth_another)) {
        ::LockReleaseSession(DEFAULT_LOCKMETHOD);
        CHECK_FOR_INTERRUPTS();
    }
}

const char *statement_of(const Task &task, const RelationName &named)
{
    return statement_text(Phrase{.before = task.before, .after = task.after}, named.schema, named.name);
}

// Locks the table for the session, so that it keeps its name while the statement begins and ends
// transactions; returns the statement, or null with a NOTICE for a table or index that is gone. The locks go
// when the task ends or fails.
const char *lock_for_session(const Task &task)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    const char *statement = nullptr;
    ::StartTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    take_locks_or_give_way(task);
    const bool is_index = OidIsValid(task.facts.index);
    const RelationName name = read_relation_name(is_index ? task.facts.index : task.facts.table);
    if (name.name == nullptr)
        ereport(NOTICE, errmsg("%s \"%s.%s\" does not exist, skipping", is_index ? "index of table" : "table",
                               task.schema, task.name));
    else
        statement = statement_of(task, name);
    ::CommitTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    return statement;
}

// The statement of a task about no table.
const char *execute_without_table(const Task &task)
{
    const char *statement = statement_of(task, {});
    execute_at_top_level(statement);
    return statement;
}

// Returns the statement that was executed; null for a table that is gone.
const char *execute_task(const Task &task)
{
    if (!OidIsValid(task.facts.table))
        return execute_without_table(task);
    show_statement(statement_of(task, task.named));
    set_timeouts(session_lock_timeout > 0 ? session_lock_timeout : lock_timeout, session_deadlock_timeout);
    const char *statement = lock_for_session(task);
    wait_for_shards(task);
    if (statement != nullptr && task.facts.waits_for_transactions) {
        // Waiting for other transactions to end is no wait for a table: nobody queues up behind it.
        set_timeouts(
            session_lock_timeout,
            std::max(std::min(session_deadlock_timeout, INT_MAX / patience) * patience, least_patience));
        send(message_begin, "");
    }
    if (statement != nullptr)
        execute_at_top_level(statement);
    ::LockReleaseSession(DEFAULT_LOCKMETHOD);
    return statement;
}

void report_ready(const char *statement)
{
    HOLD_CANCEL_INTERRUPTS();
    ::pgstat_report_stat(false);
    ::pgstat_report_activity(::STATE_IDLE, nullptr);
    send(message_ready, statement);
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
    session_deadlock_timeout = ::DeadlockTimeout;
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
