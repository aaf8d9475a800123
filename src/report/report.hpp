// The one jsonb shape.
#pragma once

#include "run/execute.hpp"

namespace dj_deploy {

// {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} as a jsonb datum; where something was
// skipped, also "skipped": [{"table": text, "reason": text}, ...].
::Datum make_report(const Plan &plan, const Outcome &outcome);

} // namespace dj_deploy
