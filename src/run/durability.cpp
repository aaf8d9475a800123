// A commit waits for the disk and the standbys only if its transaction has an id and has written something.
// A transaction of our own that has both, committed as the session wants it, waits for all before it; with
// remote_apply its record also asks the standby to answer at once.
#include "run/durability.hpp"

#include "cluster/engine.hpp"
#include "pg/error.hpp"
#include "pg/settings.hpp"
#include "run/activity.hpp"

namespace dj_deploy {

namespace {

constexpr int longest_pending = 1000; // ms

// A record that means nothing; the server takes none without data.
void write_noop()
{
    char nothing = 0;
    ::XLogBeginInsert();
    ::XLogRegisterData(&nothing, sizeof(nothing));
    ::XLogInsert(RM_XLOG_ID, XLOG_NOOP);
}

bool may_wait_for_standby(int level)
{
    return level > ::SYNCHRONOUS_COMMIT_LOCAL_FLUSH && max_wal_senders > 0 &&
           SyncRepStandbyNames != nullptr && *SyncRepStandbyNames != '\0';
}

} // namespace

// What other nodes have committed stays committed there, so that under an engine a crash here must not undo
// it.
void Durability::prepare_commit()
{
    if (synchronous_commit > ::SYNCHRONOUS_COMMIT_OFF && TransactionIdIsValid(::GetTopTransactionIdIfAny()) &&
        engine_here() == nullptr)
        set_for_transaction("synchronous_commit", "off");
}

void Durability::note_commit()
{
    if (!std::exchange(is_pending, true))
        since = ::GetCurrentTimestamp();
}

// What the session has set is in force again, whatever a trigger has set in a transaction before.
void Durability::settle()
{
    if (!is_pending)
        return;
    if (level > ::SYNCHRONOUS_COMMIT_OFF) {
        // A message that nobody wants does not come by here.
        if (client_min_messages > WARNING)
            set_for_transaction("client_min_messages", "warning");
        ::GetTopTransactionId();
        write_noop();
        show_progress(progress.done, progress.total);
        show_waiting(may_wait_for_standby(level) ? "the disk and the standby" : "the disk");
        is_waiting = true;
        ::SPI_commit();
        is_waiting = false;
        show_waited();
    }
    is_pending = false;
}

void Durability::settle_on_the_way()
{
    settle();
    if (!progress.may_lack_replicas)
        return;
    QueryCancelPending = true;
    InterruptPending = true;
    CHECK_FOR_INTERRUPTS();
}

void Durability::report()
{
    const bool is_time = progress.is_time();
    if (is_time ||
        (is_pending && ::TimestampDifferenceExceeds(since, ::GetCurrentTimestamp(), longest_pending)))
        settle_on_the_way();
    if (is_time)
        progress.say();
}

// As at a COMMIT, who is terminated does not wait for a standby. In that wait the server says so in a
// WARNING, and nothing more to the client.
void Durability::heed_message()
{
    const Interrupt interrupt = reported_interrupt(progress.context);
    was_cancelled |= interrupt == Interrupt::cancel;
    const bool gives_up = is_waiting && interrupt == Interrupt::end_of_wait;
    progress.may_lack_replicas |= gives_up;
    if (interrupt != Interrupt::end_of_session && !(gives_up && ::geterrcode() == ERRCODE_ADMIN_SHUTDOWN))
        return;
    if (is_pending) {
        ::XLogFlush(XactLastCommitEnd);
        progress.may_lack_replicas |= may_wait_for_standby(level);
    }
    ::errdetail_internal("%s", progress.describe_done());
}

void Durability::settle_before(::ErrorData &error)
{
    settle();
    append_line(error.detail, progress.describe_done());
}

} // namespace dj_deploy
