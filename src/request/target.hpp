// What a call is about: all tables of one schema or several, or one table. Checked input, so that no later
// room meets a missing schema, a view or a system catalog.
#pragma once

#include "request/arguments.hpp"

namespace dj_deploy {

struct Target {
    Array<::Oid> schemas; // sorted, each once; empty when the call names one table
    ::Oid table;          // InvalidOid when the call names schemas

    static Target of_schema(::Oid schema);
    static Target of_table(::Oid table) { return {.schemas = {}, .table = table}; }

    bool has_schema(::Oid schema) const;
};

// A target as the call gives it.
struct NamedTarget {
    Array<const char *> schemas; // empty when the call names one table
    ::Oid table;
};

// Reads "schema", "schemas" or "target", whichever the function has: 22004 NULL, also as an element; 22023
// empty; 42622 longer than a name can be. Reads no catalog.
NamedTarget request_target(const Arguments &arguments);

// What a call may name there: a schema, an array of them, or also one table, from tables alone to all that
// has privileges.
enum class Nameable { schema, schemas, tables, materialized_views, relations };

bool is_nameable(char relkind, Nameable nameable);

// Finds the schemas and the table, as the next two do.
Target resolve_target(const NamedTarget &named, Nameable nameable = Nameable::schemas);

// 3F000 when it is missing, with a hint at what may be named; 42501 for a system schema.
::Oid resolve_schema(const char *name, Nameable nameable = Nameable::schema);

// 42P01 when it is missing; 42809 when it is not a table, nor a materialized view, nor another view or a
// foreign table where these will do; 42501 in a system schema.
::Oid resolve_table(::Oid table, Nameable nameable = Nameable::tables);

// Raises 42622 for a name that the server would cut short, 22023 for an empty one.
void require_name(const char *what, const char *name);

} // namespace dj_deploy
