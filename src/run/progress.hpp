// How far a run is.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

struct Progress {
    const char *what; // is counted: "statements"
    std::size_t total;
    int interval = 5000; // ms between two messages
    std::size_t done = 0;
    ::TimestampTz last = ::GetCurrentTimestamp();

    // Whether the last message is long enough ago for another, which is then the last.
    bool is_due();

    // A NOTICE, if one is due.
    void report();
};

// Runs step() such that, when it is cancelled, the error says what stays done. For runs that commit on the
// way.
template <class Step>
void with_committed(Progress &progress, Step &&step)
{
    const auto explain = [](void *given) {
        const auto *made = static_cast<const Progress *>(given);
        if (::geterrcode() == ERRCODE_QUERY_CANCELED || ::geterrcode() == ERRCODE_ADMIN_SHUTDOWN)
            ::errdetail("%zu of %zu %s are done and stay done.", made->done, made->total, made->what);
    };
    ::ErrorContextCallback callback{.previous = error_context_stack, .callback = explain, .arg = &progress};
    error_context_stack = &callback;
    step();
    error_context_stack = callback.previous;
}

} // namespace dj_deploy
