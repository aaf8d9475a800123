// What a run needs, checked for all changes before the first, and what must still be so afterwards.
#pragma once

#include "plan/plan.hpp"

namespace dj_deploy {

// Reports at the level, WARNING or ERROR: 42501 for what the plan denies, for tables that the caller does not
// own and for schemas that it may not use, 53400 for more locks than the shared lock table is sized for.
void check_requirements(const Plan &plan, int level);

// Raises 42501 unless the caller owns the table. Silent for a table that is gone.
void require_owner(::Oid table);

// Raises 42704 unless each name still means the object that it meant when the plan was made.
void require_names(std::span<const NamedObject> objects);

} // namespace dj_deploy
