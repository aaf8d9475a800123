// What a run needs, checked for all changes before the first.
#pragma once

#include "plan/change.hpp"

namespace dj_deploy {

// Reports at the level, WARNING or ERROR: 42501 for tables that the caller does not own and schemas that it
// may not use, 53400 for more changes than the shared lock table is sized for.
void check_requirements(std::span<const Change> changes, int level);

// Raises 42501 unless the caller owns the table. Silent for a table that is gone.
void require_owner(::Oid table);

} // namespace dj_deploy
