// A commit waits for the disk and the standbys only if its transaction has an id and has written something.
// A transaction of our own that has both, committed as the session wants it, waits for all before it; with
// remote_apply its record also asks the standby to answer at once.
#include "run/durability.hpp"

namespace dj_deploy {

namespace {

constexpr int longest_pending = 1000; // ms

// As SET LOCAL: what the session has set is in force again after the commit.
void set_for_transaction(const char *name, const char *value)
{
    ::set_config_option(name, value, ::PGC_USERSET, ::PGC_S_SESSION, ::GUC_ACTION_LOCAL, true, 0, false);
}

// A record that means nothing; the server takes none without data.
void write_noop()
{
    char nothing = 0;
    ::XLogBeginInsert();
    ::XLogRegisterData(&nothing, sizeof(nothing));
    ::XLogInsert(RM_XLOG_ID, XLOG_NOOP);
}

bool may_wait_for_standby()
{
    return SyncRepRequested() && SyncRepStandbyNames != nullptr && *SyncRepStandbyNames != '\0';
}

} // namespace

void Durability::commit(bool has_done)
{
    if (synchronous_commit > ::SYNCHRONOUS_COMMIT_OFF && TransactionIdIsValid(::GetTopTransactionIdIfAny()))
        set_for_transaction("synchronous_commit", "off");
    if (has_done && !std::exchange(is_pending, true))
        since = ::GetCurrentTimestamp();
    ::SPI_commit();
}

// What the session has set is in force again, whatever a trigger has set in a transaction before.
void Durability::settle()
{
    was_cancelled = is_waiting = false;
    if (!is_pending)
        return;
    if (synchronous_commit > ::SYNCHRONOUS_COMMIT_OFF) {
        // A message that nobody wants does not come by here.
        if (client_min_messages > WARNING)
            set_for_transaction("client_min_messages", "warning");
        ::GetTopTransactionId();
        write_noop();
        is_waiting = true;
        ::SPI_commit();
        is_waiting = false;
    }
    is_pending = false;
}

void Durability::settle_on_the_way()
{
    settle();
    if (!was_cancelled)
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

// As at a COMMIT, who is terminated does not wait for a standby.
void Durability::heed_message()
{
    const int code = ::geterrcode();
    if (is_waiting && code == ERRCODE_WARNING)
        was_cancelled = true;
    if (!is_pending || code != ERRCODE_ADMIN_SHUTDOWN)
        return;
    ::XLogFlush(XactLastCommitEnd);
    if (may_wait_for_standby())
        ::errdetail("%s, but the last of them might not have been replicated to the standby.",
                    progress.what_stays());
}

} // namespace dj_deploy
