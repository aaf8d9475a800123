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

// Runs step(index) so many times; what it allocates in the current memory context is freed after each.
template <class Step>
void repeat_in_scratch(std::size_t count, Step &&step)
{
    const ::MemoryContext scratch =
        AllocSetContextCreate(::CurrentMemoryContext, "dj_deploy item", ALLOCSET_DEFAULT_SIZES);
    const ::MemoryContext caller = ::MemoryContextSwitchTo(scratch);
    for (std::size_t index = 0; index < count; index++) {
        CHECK_FOR_INTERRUPTS();
        step(index);
        ::MemoryContextReset(scratch);
    }
    ::MemoryContextSwitchTo(caller);
    ::MemoryContextDelete(scratch);
}

// The same for each item.
template <class Items, class Step>
void for_each_in_scratch(const Items &items, Step &&step)
{
    repeat_in_scratch(static_cast<std::size_t>(items.end() - items.begin()),
                      [&](std::size_t index) { step(items.begin()[index]); });
}

} // namespace dj_deploy
