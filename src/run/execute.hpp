// A plan shown, or run.
#pragma once

#include "plan/plan.hpp"

namespace dj_deploy {

struct Outcome {
    Array<const char *> statements; // shown or executed, in order
    Array<std::size_t> changes;     // the changes of the plan that they belong to
    std::int32_t modified;          // tables that were changed
};

// How often a run starts over because another session changed the same catalog rows.
constexpr int most_attempts = 20;

// Returns the statements that a run would execute. Takes no lock and no transaction id.
Outcome preview(const Plan &plan);

// Executes the changes one after another, all in one subtransaction, in the transaction of the caller. Raises
// 42501 and 53400 before the first statement, 55P03 for what stays locked, 55000 for a name that another
// table has taken. A table dropped meanwhile is skipped with a NOTICE. Returns false, with everything undone
// but the locks, when another session has overtaken the plan and it is worth making again; with one attempt
// left it raises the error instead.
bool execute(const Plan &plan, int attempts_left, Outcome &outcome);

} // namespace dj_deploy
