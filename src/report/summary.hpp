// The last message of a call: how much it has shown or done.
#pragma once

#include "run/execute.hpp"

namespace dj_deploy {

// How many statements, for how many tables.
struct Summary {
    std::size_t statements;
    std::size_t tables; // that the statements change
    std::size_t looked_at;

    static Summary of_run(const Plan &plan, const Outcome &outcome);
    static Summary of_dry_run(const Plan &plan);
};

// A NOTICE: what a dry run has not executed, what a run has executed, or that there is nothing to do.
void announce(const Summary &summary, bool is_dry_run);

} // namespace dj_deploy
