// What the catalogs have about grants, read once for all roles: of what one role needs, what is less to read
// from its own side is read there.
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

struct RoleFacts {
    ::Oid role;
    RoleReferences references;
    Array<Holding> by_list; // where the lists of the tables are known by role
};

struct GrantFacts {
    std::span<const Table> tables;
    ::Oid table;                // InvalidOid for schemas
    Array<SchemaFacts> schemas; // by name; of a table none
    GlobalDefaults *global;
    ColumnPrivileges columns;
    std::size_t rows_left;        // of pg_shdepend: so many are worth reading from the side of roles
    HeldLists lists;              // of the tables, each once; empty for a single role
    Array<std::uint32_t> numbers; // of the tables' lists
    ::MemoryContext context = ::CurrentMemoryContext;

    // Of schemas, or of one table; for one role, or more than a few.
    static GrantFacts of(const Target &target, std::span<const Table> tables, GlobalDefaults &global);
    static GrantFacts for_many_roles(const Target &target, std::span<const Table> tables,
                                     GlobalDefaults &global);

    // Reads the columns of these relations, the sorted tables among them: for all roles there are.
    void read_all_columns(const Array<::Oid> &relations);

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
