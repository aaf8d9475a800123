// The one place that catches an error.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

struct Attempt {
    void *callables;
    void (*step)(void *callables);
    bool (*is_expected)(void *callables, const ::ErrorData &error);
};

bool run_attempt(const Attempt &attempt);
bool run_and_survive(void (*step)(void *callable), void *callable);
void run_and_finish(void (*step)(void *callables), void (*finish)(void *callables), void *callables);

struct CommitAttempt {
    void *callable;
    bool (*is_expected)(void *callable, const ::ErrorData &error);
};

bool run_commit_attempt(const CommitAttempt &attempt);

struct Conclusion {
    void *callables;
    void (*step)(void *callables);
    void (*last)(void *callables, ::ErrorData &error);
};

void run_and_conclude(const Conclusion &conclusion);

// Runs step() in an internal subtransaction. Returns true when it has succeeded, with the locks it took;
// false when it failed with an error for which is_expected(error), with all its effects undone. Any other
// error goes on to the caller.
template <class Step, class IsExpected>
bool attempt(Step &&step, IsExpected &&is_expected)
{
    struct Callables {
        std::remove_reference_t<Step> *step;
        std::remove_reference_t<IsExpected> *is_expected;
    };
    Callables callables{&step, &is_expected};
    return run_attempt({
        .callables = &callables,
        .step = [](void *given) { (*static_cast<Callables *>(given)->step)(); },
        .is_expected =
            [](void *given, const ::ErrorData &error) {
                return (*static_cast<Callables *>(given)->is_expected)(error);
            },
    });
}

// SPI_commit(), for a call that may. Returns false when that failed with an error for which
// is_expected(error): then the transaction is rolled back, and as after a COMMIT another one has begun.
template <class IsExpected>
bool attempt_commit(IsExpected &&is_expected)
{
    return run_commit_attempt({
        .callable = &is_expected,
        .is_expected =
            [](void *given, const ::ErrorData &error) {
                return (*static_cast<std::remove_reference_t<IsExpected> *>(given))(error);
            },
    });
}

// Whether the error is the server's way of saying that another session has just changed or taken away a row
// of the catalog.
bool is_about_lost_row(const ::ErrorData &error);

// The same for a process that has no client and no transaction: runs step(), which begins and ends its own.
// Returns false when it failed; the error has gone where the process sends its messages, and whatever
// transaction was open is aborted, with the session's locks.
template <class Step>
bool survive(Step &&step)
{
    const auto call = [](void *given) { (*static_cast<std::remove_reference_t<Step> *>(given))(); };
    return run_and_survive(call, &step);
}

// Runs step() and then finish(), which must not raise an error. When step() raises one, finish() runs before
// the error goes on to the caller, unchanged. Only for state that no abort resets, such as what
// pg_stat_activity shows; what an abort gives back needs no finish().
template <class Step, class Finish>
void with_finish(Step &&step, Finish &&finish)
{
    struct Callables {
        std::remove_reference_t<Step> *step;
        std::remove_reference_t<Finish> *finish;
    };
    Callables callables{&step, &finish};
    run_and_finish([](void *given) { (*static_cast<Callables *>(given)->step)(); },
                   [](void *given) { (*static_cast<Callables *>(given)->finish)(); }, &callables);
}

// For a call that commits on the way: runs step(), and when it raises an error last(error), in a
// transaction of its own, before the error goes on to the caller as last() has left it. The caller is in an
// SPI connection that may commit, and in a memory context that outlives its transactions; step() opens
// another connection only in an attempt.
template <class Step, class Last>
void conclude(Step &&step, Last &&last)
{
    struct Callables {
        std::remove_reference_t<Step> *step;
        std::remove_reference_t<Last> *last;
    };
    Callables callables{&step, &last};
    run_and_conclude({
        .callables = &callables,
        .step = [](void *given) { (*static_cast<Callables *>(given)->step)(); },
        .last = [](void *given, ::ErrorData &error) { (*static_cast<Callables *>(given)->last)(error); },
    });
}

} // namespace dj_deploy
