// An internal subtransaction around a step, as PL/pgSQL's EXCEPTION does it: context and resource owner are
// put back by hand on both ways out.
#include "run/attempt.hpp"

#include "pg/error.hpp"

namespace dj_deploy {

namespace {

// The error that was raised, in the memory context given. What is left of it where it was raised may go with
// its transaction.
::ErrorData *take_error(::MemoryContext context)
{
    ::MemoryContextSwitchTo(context);
    ::ErrorData *raised = ::CopyErrorData();
    ::ErrorData *error = copy_whole(*raised);
    ::FreeErrorData(raised);
    ::FlushErrorState();
    return error;
}

// Ends the failed subtransaction; returns its error, in the memory context given.
::ErrorData *roll_back(::MemoryContext context, ::ResourceOwner owner)
{
    ::ErrorData *error = take_error(context);
    ::RollbackAndReleaseCurrentSubTransaction();
    ::MemoryContextSwitchTo(context);
    ::CurrentResourceOwner = owner;
    return error;
}

} // namespace

bool run_attempt(const Attempt &attempt)
{
    const ::MemoryContext context = ::CurrentMemoryContext;
    const ::ResourceOwner owner = ::CurrentResourceOwner;
    ::ErrorData *volatile error = nullptr;

    ::BeginInternalSubTransaction(nullptr);
    ::MemoryContextSwitchTo(context);
    PG_TRY();
    {
        attempt.step(attempt.callables);
        ::ReleaseCurrentSubTransaction();
        ::MemoryContextSwitchTo(context);
        ::CurrentResourceOwner = owner;
    }
    PG_CATCH();
    {
        error = roll_back(context, owner);
    }
    PG_END_TRY();

    if (error == nullptr)
        return true;
    if (!attempt.is_expected(attempt.callables, *error))
        ::ReThrowError(error);
    ::FreeErrorData(error);
    return false;
}

bool run_commit_attempt(const CommitAttempt &attempt)
{
    const ::MemoryContext context = ::CurrentMemoryContext;
    ::ErrorData *volatile error = nullptr;

    PG_TRY();
    {
        ::SPI_commit();
    }
    PG_CATCH();
    {
        error = take_error(context);
    }
    PG_END_TRY();

    if (error == nullptr)
        return true;
    if (!attempt.is_expected(attempt.callable, *error))
        ::ReThrowError(error);
    ::FreeErrorData(error);
    return false;
}

bool is_about_lost_row(const ::ErrorData &error)
{
    const std::string_view message = error.message != nullptr ? error.message : "";
    return error.sqlerrcode == ERRCODE_INTERNAL_ERROR &&
           (message.starts_with("tuple concurrently ") || message.starts_with("could not find tuple for ") ||
            message.starts_with("cache lookup failed for "));
}

// What the server's main loop does for a client.
bool run_and_survive(void (*step)(void *callable), void *callable)
{
    const ::MemoryContext context = ::CurrentMemoryContext;
    volatile bool is_done = false;

    PG_TRY();
    {
        step(callable);
        is_done = true;
    }
    PG_CATCH();
    {
        HOLD_INTERRUPTS();
        ::disable_all_timeouts(false);
        QueryCancelPending = false;
        ::EmitErrorReport();
        ::debug_query_string = nullptr;
        ::AbortCurrentTransaction();
        if (MyReplicationSlot != nullptr)
            ::ReplicationSlotRelease();
        ::jit_reset_after_error();
        ::MemoryContextSwitchTo(context);
        ::FlushErrorState();
        RESUME_INTERRUPTS();
    }
    PG_END_TRY();
    return is_done;
}

void run_and_finish(void (*step)(void *callables), void (*finish)(void *callables), void *callables)
{
    PG_TRY();
    {
        step(callables);
    }
    PG_CATCH();
    {
        finish(callables);
        PG_RE_THROW();
    }
    PG_END_TRY();
    finish(callables);
}

void run_and_conclude(const Conclusion &conclusion)
{
    const ::MemoryContext context = ::CurrentMemoryContext;
    ::ErrorData *volatile error = nullptr;

    PG_TRY();
    {
        conclusion.step(conclusion.callables);
    }
    PG_CATCH();
    {
        error = take_error(context);
        ::SPI_rollback();
    }
    PG_END_TRY();

    if (error == nullptr)
        return;
    ::MemoryContextSwitchTo(context);
    conclusion.last(conclusion.callables, *error);
    ::MemoryContextSwitchTo(context);
    ::ReThrowError(error);
}

} // namespace dj_deploy
