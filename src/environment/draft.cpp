// Keys ask planners for the tables that the document speaks of; nothing is compared here.
#include "environment/draft.hpp"

namespace dj_deploy {

Plan Draft::new_plan() const
{
    Plan plan{};
    plan.shards = this->plan.shards;
    plan.has_effects = true;
    plan.is_judged_elsewhere = true;
    return plan;
}

void Draft::add(const Plan &added, bool has_changes)
{
    append(plan.changes, added.changes);
    append(plan.names, added.names);
    append(plan.skipped, added.skipped);
    append(plan.remarks, added.remarks);
    if (has_changes)
        append(plan.denials, added.denials);
}

} // namespace dj_deploy
