// What applying an environment changes, as jsonb and as a fingerprint.
#pragma once

#include "environment/plan.hpp"
#include "run/execute.hpp"

namespace dj_deploy {

// What a change with an effect is about.
About about_change(const Change &change);

// SHA-256, in hexadecimal, of what the plan changes (objects, properties, what they were and become,
// statements) and of the writes that begin to fail.
const char *fingerprint_of(const EnvironmentPlan &planned);

// The shape of every report, and "changes": [{"schema_name", "table_name", "object", "property", "old_value",
// "new_value", "ddl", "lock", "undo"}, ...] for what was shown or executed, and "fingerprint" of the whole
// plan. Where it takes several statements to undo one, entries before it, whose "ddl" is null, have the
// others: all "undo", last first, bring back what was. Where a run would be refused because writes would
// begin to fail, also "refused": [text, ...], and rollout takes no such plan.
::Datum make_environment_report(const EnvironmentPlan &planned, const Outcome &outcome);

} // namespace dj_deploy
