// A plan shown, or run.
#pragma once

#include "plan/plan.hpp"

namespace dj_deploy {

struct Outcome {
    Array<const char *> statements; // shown or executed, in order
    Array<std::size_t> changes;     // the changes of the plan that they belong to
    std::int32_t modified;          // tables that were changed
};

// A run begins again when another session has changed the same catalog rows: the rounds that it has.
struct Round {
    static constexpr int most = 20;

    int number = 1;

    bool is_last() const { return number == most; }

    // Whether a plan that may be outdated is made again on mere suspicion: some databases change all the
    // time, mostly elsewhere.
    bool may_suspect() const { return number <= 3; }
};

// Returns the statements that a run would execute. Takes no lock and no transaction id.
Outcome preview(const Plan &plan);

// Executes the changes one after another, all in one subtransaction, in the transaction of the caller. Raises
// 42501 and 53400 before the first statement, 55P03 for what stays locked, 55000 for a name that another
// table has taken. A table dropped meanwhile is skipped with a NOTICE. Returns false, with everything undone
// but the locks, when another session has overtaken the plan and it is worth making again; the last round
// raises the error instead.
bool execute(const Plan &plan, Round round, Outcome &outcome);

} // namespace dj_deploy
