// Writes that would fail once an environment is as its document says.
#pragma once

#include "environment/parts.hpp"

namespace dj_deploy {

// A table's identity as it is.
Identity present_identity(const Table &table);

// For each table on which UPDATE or DELETE would begin to fail a remark: among those of the plan where the
// document allows it at the table or at a partitioned table above it, else returned.
Array<Remark> judge_writes(Parts &parts);

} // namespace dj_deploy
