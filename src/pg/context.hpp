// The context lines of errors and notices.
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

} // namespace dj_deploy
