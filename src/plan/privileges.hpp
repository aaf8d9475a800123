// The statements that make a role's privileges on one object exact.
#pragma once

#include "catalog/privileges.hpp"
#include "plan/plan.hpp"
#include "request/access.hpp"

namespace dj_deploy {

// GRANT and REVOKE on a table or a sequence, on a schema, and of default privileges.
extern const StatementKind table_privileges_statement;
extern const StatementKind schema_privileges_statement;
extern const StatementKind default_privileges_statement;

// A role in the words of a statement.
struct Grantee {
    const char *role; // its name, or "public"
    const char *name; // as in a message: role "analyst"
    const char *to;   // ` TO "analyst"`
    const char *from; // ` FROM "analyst"`

    static Grantee of(const char *role);
};

// Where privileges are held, in the words of a statement: prefix GRANT SELECT ON on, the table's name, TO ...
struct PrivilegeTarget {
    const StatementKind &kind;
    About about;        // as of an Effect
    const Table *table; // null for a schema and for default privileges
    const AccessPrivileges &privileges;
    const char *prefix;
    const char *on;
    const char *name; // of the schema; null for a table
    ::Oid owner;      // InvalidOid for default privileges, which are changed in the owner's name
    ::Datum list;     // as in holding_of()
};

// Appends the REVOKE and GRANT statements after which the role holds what the access means, and skips what
// the owner of the object cannot take away. Returns whether there is a statement.
//   REVOKE INSERT ON TABLE "lab"."session" FROM "analyst"
bool plan_privileges(const PrivilegeTarget &target, Access access, const Holding &own,
                     const Holding &in_columns, const Grantee &grantee, Plan &plan);

} // namespace dj_deploy
