// What applying an environment changes, as jsonb and as a fingerprint.
#pragma once

#include "run/execute.hpp"

namespace dj_deploy {

// The object that a change is about, quoted as in a statement.
const char *object_of(const Change &change);

// SHA-256, in hexadecimal, of what the plan changes: objects, properties, what they were and become,
// statements.
const char *fingerprint_of(const Plan &plan);

// The shape of every report, and "changes": [{"object", "property", "from", "to", "ddl", "lock", "undo"},
// ...] for what was shown or executed, and "fingerprint" of the whole plan. Where it takes several statements
// to undo one, entries before it, whose "ddl" is null, have the others: all "undo", last first, bring back
// what was.
::Datum make_environment_report(const Plan &plan, const Outcome &outcome);

} // namespace dj_deploy
