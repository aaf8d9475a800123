// How far a run is.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

struct Progress {
    const char *what; // is counted: "statements"
    std::size_t total;
    int interval = 5000; // ms between two messages
    std::size_t done = 0;
    bool may_lack_replicas = false; // a wait for the standby was given up
    ::MemoryContext context = ::CurrentMemoryContext;
    ::StringInfo leftovers = nullptr; // statements that remove what failed ones have left behind
    std::size_t last_done = 0;
    ::TimestampTz last = ::GetCurrentTimestamp();

    // Whether the last message is so many ms ago; then there is to be another, which is the last.
    bool is_due(int wait);

    // The same for the interval, which is longer while there is no news.
    bool is_time();

    // A NOTICE, if it is time for one.
    void report();

    // The NOTICE.
    void say() const;

    // Adds to the leftovers; null adds nothing.
    void leave_behind(const char *statements);

    // What to do about the leftovers; null when there are none.
    const char *leftovers_hint() const;

    // 312 of 5000 statements are done and stay done. It says so if the last may be missing on the standby.
    const char *describe_done() const;

    // As an error context callback: says in the error of a cancelled run what is done.
    void explain_cancel() const;
};

// Runs step() such that, when it is cancelled, the error says what stays done. For runs that commit on the
// way.
template <class Step>
void with_committed(Progress &progress, Step &&step)
{
    const auto explain = [](void *given) { static_cast<const Progress *>(given)->explain_cancel(); };
    ::ErrorContextCallback callback{.previous = error_context_stack, .callback = explain, .arg = &progress};
    error_context_stack = &callback;
    step();
    error_context_stack = callback.previous;
}

} // namespace dj_deploy
