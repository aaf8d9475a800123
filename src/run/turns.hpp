// Runs on the same schema or publication follow one another. The server knows nothing of these locks: nobody
// but runs waits for them.
#pragma once

#include "plan/plan.hpp"

namespace dj_deploy {

// For a run in one transaction: takes, until it ends, the turn of the publications that the plan names, and
// their own lock as ALTER PUBLICATION takes it, then the turns of the schemas. Which these are depends on
// what the call is about, not on what is left to do, so that a plan made again needs no others. 55P03 with
// the blockers for a turn that is not to be had within lock_timeout, and at once where the maintenance of a
// schema waits for this transaction.
void take_turns(const Plan &plan);

// For a background worker and one task of it: keeps runs in one transaction away from the schema, and no
// other worker; does not overtake a run that waits. A lock of the session. 55P03 where a run that is at work
// does not end within lock_timeout.
void join_maintenance(const NamedObject &schema);

} // namespace dj_deploy
