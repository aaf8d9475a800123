// What a call is about: all tables of one schema, or one table. Checked input, so that no later room
// meets a missing schema, a view or a system catalog.
#pragma once

#include "request/arguments.hpp"

namespace dj_deploy {

struct Target {
    ::Oid schema; // InvalidOid when the call names one table
    ::Oid table;  // InvalidOid when the call names a schema
};

// A target as the call gives it.
struct NamedTarget {
    const char *schema; // null when the call names one table
    ::Oid table;
};

// Reads "schema" or "target", whichever the function has: 22004 NULL, 22023 empty, 42622 longer than a name
// can be. Reads no catalog.
NamedTarget request_target(const Arguments &arguments);

// Finds the schema (3F000 missing) or the table (42P01 missing, 42809 not a table, nor a materialized view
// where that will do); 42501 for system schemas.
Target resolve_target(NamedTarget named, bool takes_materialized_views = false);

// Raises 42622 for a name that the server would cut short, 22023 for an empty one.
void require_name(const char *what, const char *name);

} // namespace dj_deploy
