// One plan for all that an environment document says, made by the planners of the operations.
#pragma once

#include "environment/resolved.hpp"
#include "plan/plan.hpp"

namespace dj_deploy {

// A plan, and what stands in the way of it or beside it.
struct EnvironmentPlan : Plan {
    Array<Remark> breaking; // the writes that it would make fail although the document does not allow it
    Array<Remark> notices;  // about the document itself; they are among the plan's remarks, too
    Array<const char *> uncovered; // schemas that the document ought to cover and does not
};

// Reads the catalog and plans what differs. Raises what the planners raise for names that are no such objects
// and for publications that cannot list tables.
EnvironmentPlan plan_environment(const Environment &environment);

} // namespace dj_deploy
