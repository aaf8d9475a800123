// Statements that are committed asynchronously, and made durable before anybody is told of them.
#pragma once

#include "run/attempt.hpp"
#include "run/progress.hpp"

namespace dj_deploy {

struct Durability {
    Progress &progress;
    int level = synchronous_commit; // of the session, whatever a trigger sets for its transaction
    bool is_pending = false;        // a crash could undo a statement
    ::TimestampTz since = 0;        // the first of these was committed
    bool is_waiting = false;        // in settle()
    bool was_cancelled = false;     // since the statement began, whatever a trigger has made of that error

    // Ends the transaction of a statement without waiting for the disk or a standby. False when it failed
    // with an error for which is_expected(error), and is rolled back.
    template <class IsExpected>
    bool commit(IsExpected &&is_expected);

    // Waits until all that is committed is as durable as synchronous_commit says. Begins a new transaction,
    // as commit() does. A cancelled wait for a standby is what it is at a COMMIT: a WARNING of the server.
    void settle();

    // The same before there is more to do: then who cancels the wait cancels the run, 57014.
    void settle_on_the_way();

    // After a statement: the progress's NOTICE, if it is time for one. Settles before that, and if something
    // has been pending for a second.
    void report();

    // As an error context callback, of all messages: notices a cancel. A session that is terminated cannot
    // settle any more, and says how much is done.
    void heed_message();

    // Before an error ends the run: settles, and says in the error how much is done.
    void settle_before(::ErrorData &error);

    void prepare_commit();
    void note_commit();
};

template <class IsExpected>
bool Durability::commit(IsExpected &&is_expected)
{
    prepare_commit();
    const bool is_committed = attempt_commit(is_expected);
    level = synchronous_commit;
    if (is_committed)
        note_commit();
    return is_committed;
}

// Runs step() such that everything is durable when an error leaves it, which says what is done. The caller is
// in an SPI connection that may commit, and step() uses SPI only in attempts.
template <class Step>
void with_durability(Durability &durability, Step &&step)
{
    const auto heed = [](void *given) { static_cast<Durability *>(given)->heed_message(); };
    ::ErrorContextCallback callback{.previous = error_context_stack, .callback = heed, .arg = &durability};
    error_context_stack = &callback;
    conclude(step, [&](::ErrorData &error) { durability.settle_before(error); });
    error_context_stack = callback.previous;
}

} // namespace dj_deploy
