// What becomes of writes and of consumers once an environment is as its document says.
#pragma once

#include "environment/parts.hpp"

namespace dj_deploy {

// For each table on which UPDATE or DELETE would begin to fail a remark: among those of the plan where the
// document allows it at the table or at a partitioned table above it, else returned. What consumers no longer
// receive, or in another way, is told with the plan's remarks.
Array<Remark> judge_harm(Parts &parts);

} // namespace dj_deploy
