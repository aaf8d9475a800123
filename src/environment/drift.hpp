// How a database differs from an environment document: the plan of apply, never run.
#pragma once

#include "environment/plan.hpp"

namespace dj_deploy {

struct Difference {
    About about;
    const char *property;
    const char *old_value; // as it is; null when there is nothing
    const char *new_value; // as the document says; null when there should be nothing
    const char *reason;    // why apply has to leave it as it is; null when it would not
    bool is_planned;       // apply makes it
};

// In the plan's order, what apply has to leave at the end.
Array<Difference> read_drift(const Environment &environment);

} // namespace dj_deploy
