// What the planners make of the document, put together.
#pragma once

#include "environment/resolved.hpp"
#include "plan/plan.hpp"
#include "publishing/scenario.hpp"

namespace dj_deploy {

// An environment on its way to a plan. Changes point to tables of their own; unite() gives them common ones.
struct Parts {
    const Environment &environment;
    const ResolvedEnvironment &resolved;
    Array<const Table *> tables; // of all schemas, each once, by name
    Plan plan;
    Array<Change> leading; // of a table, before all others: what a publication no longer holds may then lose
                           // its identity
    Intent intent;         // what becomes of publications and of replica identities

    // A plan to be filled by a planner and absorbed.
    static Plan part();

    // Takes over a part; what it needs the caller's rights for counts only when it changes something.
    void absorb(const Plan &part) { absorb(part, !part.changes.is_empty()); }
    void absorb(const Plan &part, bool has_changes);
};

// The ordered table of what an environment consists of.
using PlanPart = void (*)(Parts &parts);
void plan_publications(Parts &parts);
void plan_identities(Parts &parts);
void plan_memberships(Parts &parts);
void plan_vacuum(Parts &parts);
void plan_grants(Parts &parts);

constexpr std::array<PlanPart, 5> plan_parts = {plan_publications, plan_identities, plan_memberships,
                                                plan_vacuum, plan_grants};

} // namespace dj_deploy
