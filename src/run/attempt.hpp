// The one place that catches an error.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Runs step(argument) in an internal subtransaction. Returns true when it has succeeded, with the locks it
// took; false when it failed with that SQLSTATE, with all its effects undone. Any other error goes on to the
// caller.
bool attempt(void (*step)(void *), void *argument, int expected_sqlstate);

// The same for a callable.
template <class Step>
bool attempt(Step &&step, int expected_sqlstate)
{
    return attempt([](void *callable) { (*static_cast<std::remove_reference_t<Step> *>(callable))(); }, &step,
                   expected_sqlstate);
}

} // namespace dj_deploy
