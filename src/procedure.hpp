// What procedures share: calls that commit on the way, and return their result as INOUT argument.
#pragma once

#include "request/arguments.hpp"

namespace dj_deploy {

// Raises 25001 with a hint, unless the call may commit: in a transaction block, in a function or in an
// exception block it may not, nor in a pipeline.
void require_own_transactions(::FunctionCallInfo call);

// The row that a CALL expects for its one INOUT argument.
::Datum make_call_result(::FunctionCallInfo call, ::Datum result);

// Connects to SPI such that step() may commit; it runs in the memory context of the caller, which outlives
// the transactions.
template <class Step>
void with_transactions(Step &&step)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    ::SPI_connect_ext(SPI_OPT_NONATOMIC);
    ::MemoryContextSwitchTo(caller);
    step();
    ::SPI_finish();
}

} // namespace dj_deploy
