// The context lines of errors and notices, and memory that is given back.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Runs step(), which reports something that has its context with it.
template <class Step>
void without_context(Step &&step)
{
    ::ErrorContextCallback *callbacks = std::exchange(error_context_stack, nullptr);
    step();
    error_context_stack = callbacks;
}

// Runs step(item) for each item; what it allocates in the current memory context is freed after each.
template <class Items, class Step>
void for_each_in_scratch(const Items &items, Step &&step)
{
    const ::MemoryContext scratch =
        AllocSetContextCreate(::CurrentMemoryContext, "dj_deploy item", ALLOCSET_DEFAULT_SIZES);
    const ::MemoryContext caller = ::MemoryContextSwitchTo(scratch);
    for (const auto &item : items) {
        CHECK_FOR_INTERRUPTS();
        step(item);
        ::MemoryContextReset(scratch);
    }
    ::MemoryContextSwitchTo(caller);
    ::MemoryContextDelete(scratch);
}

} // namespace dj_deploy
