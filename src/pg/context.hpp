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

// A copy that lasts as long as the current memory context.
template <class T>
T *keep_value(const T &value)
{
    auto *kept = static_cast<T *>(::palloc(sizeof(T)));
    *kept = value;
    return kept;
}

// Runs step(); what it allocates lives in that context.
template <class Step>
void in_context(::MemoryContext context, Step &&step)
{
    const ::MemoryContext caller = ::MemoryContextSwitchTo(context);
    step();
    ::MemoryContextSwitchTo(caller);
}

// Runs step(caller); what it allocates in the current memory context is freed at the end. What is to last
// belongs into the context of the caller.
template <class Step>
void in_scratch(Step &&step)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    const ::MemoryContext scratch =
        AllocSetContextCreate(caller, "dj_deploy scratch", ALLOCSET_DEFAULT_SIZES);
    ::MemoryContextSwitchTo(scratch);
    step(caller);
    ::MemoryContextSwitchTo(caller);
    ::MemoryContextDelete(scratch);
}

// Runs step(index) for each index below the count; what it allocates is freed after each. SPI leaves its own
// context behind as the current one.
template <class Step>
void repeat_in_scratch(std::size_t count, Step &&step)
{
    in_scratch([&](::MemoryContext) {
        const ::MemoryContext scratch = ::CurrentMemoryContext;
        for (std::size_t index = 0; index < count; index++) {
            CHECK_FOR_INTERRUPTS();
            step(index);
            ::MemoryContextSwitchTo(scratch);
            ::MemoryContextReset(scratch);
        }
    });
}

// The same with step(item) for each item.
template <class Items, class Step>
void for_each_in_scratch(const Items &items, Step &&step)
{
    repeat_in_scratch(static_cast<std::size_t>(items.end() - items.begin()),
                      [&](std::size_t index) { step(items.begin()[index]); });
}

} // namespace dj_deploy
