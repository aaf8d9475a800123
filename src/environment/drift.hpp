// How a database differs from an environment document: the plan of apply, never run.
#pragma once

#include "environment/plan.hpp"

namespace dj_deploy {

struct Difference {
    const char *object; // quoted as in a statement
    const char *property;
    const char *expected; // null when there should be nothing
    const char *actual;   // null when there is nothing
};

// In the plan's order, what apply could not change at the end, with the reason as its actual state.
Array<Difference> read_drift(const Environment &environment);

} // namespace dj_deploy
