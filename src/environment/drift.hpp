// How a database differs from an environment document: the plan of apply, never run.
#pragma once

#include "environment/plan.hpp"

namespace dj_deploy {

struct Difference {
    const char *object; // quoted as in a statement
    const char *property;
    const char *expected; // null when there should be nothing
    const char *actual;   // null when there is nothing; the reason when it is skipped
    bool is_skipped;      // apply has to leave it
};

// In the plan's order, what apply has to leave at the end.
Array<Difference> read_drift(const Environment &environment);

} // namespace dj_deploy
