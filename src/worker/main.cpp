// RUN: the life of a worker. It becomes what the caller is, then does one task after another until its leader
// has no more, or is gone. A task that fails is reported, and the next one is done all the same.
#include "run/attempt.hpp"
#include "run/lock.hpp"
#include "run/turns.hpp"
#include "worker/channel.hpp"
#include "worker/session.hpp"
#include "worker/statement.hpp"

namespace dj_deploy {

namespace {

// So many times its deadlock_timeout a worker waits before it looks for a deadlock.
constexpr int patience = 10;

// The caller's settings; while it works, a worker replaces them.
int session_lock_timeout = 0;
int session_deadlock_timeout = 0;

void set_milliseconds(const char *setting, int value, int wanted)
{
    if (value != wanted)
        ::SetConfigOption(setting, ::psprintf("%d", wanted), ::PGC_SUSET, ::PGC_S_SESSION);
}

void set_lock_timeout(int milliseconds)
{
    set_milliseconds("lock_timeout", ::LockTimeout, milliseconds);
}

void set_deadlock_timeout(int milliseconds)
{
    set_milliseconds("deadlock_timeout", ::DeadlockTimeout, milliseconds);
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

// A REINDEX CONCURRENTLY of others must not wait for us while we wait for it: so there is no snapshot, though
// a look at the catalog may have left one.
void lock_relation_for_session(::Oid relation, const Task &task)
{
    ::InvalidateCatalogSnapshot();
    Table planned{};
    planned.oid = relation;
    planned.schema = task.schema;
    planned.name = task.name;
    lock_table(planned, task.facts.lock);
    ::LockRelId lock_id{.relId = relation, .dbId = MyDatabaseId};
    ::LockRelationIdForSession(&lock_id, task.facts.lock);
}

// What waits for transactions locks the TOAST table, too, and would wait for it without end.
bool locks_toast(const Task &task)
{
    return task.facts.waits_for_transactions && OidIsValid(task.facts.toast);
}

// ANALYZE of a partitioned table locks one partition after another while it holds a snapshot, for which the
// REINDEX CONCURRENTLY of a partition waits. A lock that the session has already is not waited for.
void lock_partitions(const Task &task)
{
    if (::get_rel_relkind(task.facts.table) != RELKIND_PARTITIONED_TABLE)
        return;
    const ::List *tree = ::find_all_inheritors(task.facts.table, NoLock, nullptr);
    for (int index = 1; index < ::list_length(tree); index++)
        lock_relation_for_session(::list_nth_oid(tree, index), task);
}

NamedObject schema_of(const Task &task)
{
    return {.catalog = NamespaceRelationId, .oid = task.facts.schema, .name = task.schema};
}

// Locks the table for the session, so that it keeps its name while the statement begins and ends
// transactions; returns the statement, or null with a NOTICE for a table or index that is gone. What the
// statement locks is locked by ourselves, and so is free for it. The locks go when the task ends or fails.
const char *lock_for_session(const Task &task)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    const char *statement = nullptr;
    ::StartTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    ::InvalidateCatalogSnapshot();
    join_maintenance(schema_of(task));
    lock_relation_for_session(task.facts.table, task);
    if (locks_toast(task))
        lock_relation_for_session(task.facts.toast, task);
    lock_partitions(task);
    const bool is_index = OidIsValid(task.facts.index);
    const RelationName name = read_relation_name(is_index ? task.facts.index : task.facts.table);
    if (name.name == nullptr)
        ereport(NOTICE, errmsg("%s \"%s.%s\" does not exist, skipping", is_index ? "index of table" : "table",
                               task.schema, task.name));
    else
        statement =
            statement_text(Phrase{.before = task.before, .after = task.after}, name.schema, name.name);
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
    if (!OidIsValid(task.facts.table))
        return execute_without_table(task);
    // Whoever else is in a deadlock with us finds that out first: a run that waits for its turn can be
    // repeated, and a rebuild would leave an index behind. A wait that ends by itself needs no look at all.
    const int wait = session_lock_timeout > 0 ? session_lock_timeout : lock_timeout;
    const int patient = std::min(session_deadlock_timeout, INT_MAX / patience) * patience;
    set_lock_timeout(wait);
    set_deadlock_timeout(wait > 0 ? INT_MAX : patient);
    const char *statement = lock_for_session(task);
    set_deadlock_timeout(patient);
    // Waiting for other transactions to end is no wait for a table: nobody queues up behind it.
    if (statement != nullptr && task.facts.waits_for_transactions) {
        set_lock_timeout(session_lock_timeout);
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
