// A plan shown, or run.
#pragma once

#include "plan/plan.hpp"

namespace dj_deploy {

struct Outcome {
    Array<const char *> statements; // shown or executed, in order
    std::int32_t modified;          // tables that were changed
};

// How often a run starts over because another session changed the same catalog rows.
constexpr int most_attempts = 20;

// Returns the statements that a run would execute. Warns of what would make it fail. Takes no lock and no
// transaction id.
Outcome preview(const Plan &plan);

// Executes the changes one after another, all in one subtransaction, in the transaction of the caller. Raises
// 42501 and 53400 before the first statement, 55P03 for a table that stays locked, 55000 for a name that
// another object has taken. A table dropped meanwhile is skipped with a NOTICE. Returns false, with
// everything undone, when the plan has been overtaken by another session and is worth making again.
bool execute(const Plan &plan, bool may_start_over, Outcome &outcome);

} // namespace dj_deploy
