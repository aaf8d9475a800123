// What the catalogs have about grants in schemas, or on one table, read once for all roles. What belongs to
// one role is read by role, from pg_shdepend, while that takes fewer rows than a look at all tables
// (rows_left).
#pragma once

#include "catalog/column_privileges.hpp"
#include "catalog/default_privileges.hpp"
#include "catalog/tables.hpp"
#include "plan/plan.hpp"

namespace dj_deploy {

struct SchemaFacts {
    NamedObject named;
    SchemaPrivileges privileges;
    Array<SchemaObject> objects; // the schema among them; empty until they are asked for
    std::optional<Array<DefaultPrivileges>> defaults;
    std::optional<Array<RoleReference>> references; // to all roles, by role
};

// What one role holds, besides the facts that all roles share.
struct RoleFacts {
    ::Oid role;
    RoleReferences references; // whole, or none where they are too many to read
    Array<Holding> by_list;    // as the facts' lists; empty where those are
};

struct GrantFacts {
    std::span<const Table> tables;
    ::Oid table;                // InvalidOid for schemas
    Array<SchemaFacts> schemas; // by name; of a table none
    GlobalDefaults *global;
    ColumnPrivileges columns;
    std::size_t rows_left;        // of pg_shdepend, that are worth reading by role
    HeldLists lists;              // of the tables, each once; empty for a single role
    Array<std::uint32_t> numbers; // of the tables' lists
    ::MemoryContext context = ::CurrentMemoryContext;

    // Of the target's schemas, or its table, for one role.
    static GrantFacts of(const Target &target, std::span<const Table> tables, GlobalDefaults &global);

    // The same for more than a few roles: what each holds on the tables is found in their lists.
    static GrantFacts for_many_roles(const Target &target, std::span<const Table> tables,
                                     GlobalDefaults &global);

    // Reads the columns of these relations for all roles, and no more of pg_shdepend by role. Their OIDs are
    // sorted, and those of the tables are among them.
    void read_all_columns(const Array<::Oid> &relations);

    // Takes what it reads from rows_left.
    RoleFacts of_role(::Oid role);

    // What the role holds on one of the tables, but for its columns.
    Holding held(const RoleFacts &role, const Table &table) const
    {
        return numbers.is_empty() ? holding_of(role.role, table.owner, table.privileges)
                                  : role.by_list[numbers[&table - tables.data()]];
    }

    std::span<const SchemaObject> objects_in(SchemaFacts &schema) const;
    std::span<const DefaultPrivileges> defaults_in(SchemaFacts &schema) const;

    // What depends on the role, in the schema and perhaps elsewhere.
    std::span<const RoleReference> references_in(SchemaFacts &schema, const RoleFacts &role);
};

} // namespace dj_deploy
