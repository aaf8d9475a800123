// Statements that are committed asynchronously, and made durable before anybody is told of them.
#pragma once

#include "run/attempt.hpp"
#include "run/progress.hpp"

namespace dj_deploy {

struct Durability {
    Progress &progress;
    bool is_pending = false;    // a crash could undo a statement
    ::TimestampTz since = 0;    // the first of these was committed
    bool is_waiting = false;    // in settle()
    bool was_cancelled = false; // that wait, for a standby

    // Ends a transaction without waiting for the disk or a standby. It has done a statement, or nothing that
    // matters.
    void commit(bool has_done);

    // Waits until all that is committed is as durable as synchronous_commit says. Begins a new transaction,
    // as commit() does. A cancelled wait for a standby is what it is at a COMMIT: a WARNING of the server.
    void settle();

    // The same before there is more to do: then who cancels the wait cancels the run, 57014.
    void settle_on_the_way();

    // After a statement: the progress's NOTICE, if it is time for one. Settles before that, and if something
    // has been pending for a second.
    void report();

    // As an error context callback, of all messages: a session that is terminated cannot settle any more.
    void heed_message();
};

// Runs step() such that everything is durable when an error leaves it. The caller is in an SPI connection
// that may commit, and step() uses SPI only in attempts.
template <class Step>
void with_durability(Durability &durability, Step &&step)
{
    const auto heed = [](void *given) { static_cast<Durability *>(given)->heed_message(); };
    ::ErrorContextCallback callback{.previous = error_context_stack, .callback = heed, .arg = &durability};
    error_context_stack = &callback;
    conclude(step, [&] { durability.settle(); });
    error_context_stack = callback.previous;
}

} // namespace dj_deploy
