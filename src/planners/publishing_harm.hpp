// WARNINGs about what a plan does to the consumers of publications.
#pragma once

#include "plan/plan.hpp"
#include "publishing/harm.hpp"

namespace dj_deploy {

// That a write will fail with the identity which its table has then.
Remark remark_about(const BrokenWrite &begun, const Scenario &after);

// One for each table on which UPDATE or DELETE begins to fail because the publication holds it.
void warn_of_begun_writes(const Scenario &before, const Scenario &after, const char *publication, Plan &plan);

// One for each kind of harm and publication, with the tables that hold the rows.
void warn_of_consumer_harm(const Scenario &before, const Scenario &after, Plan &plan);

// A slot of this database that is behind reads the changes from before the publication was made, with a
// publication that was not there. One for each that is made.
void warn_of_slots_behind(std::span<const char *const> publications, Plan &plan);

} // namespace dj_deploy
