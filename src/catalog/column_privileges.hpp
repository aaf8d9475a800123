// What is granted in the columns of tables: pg_attribute.attacl.
#pragma once

#include "catalog/held_lists.hpp"
#include "catalog/role_references.hpp"

namespace dj_deploy {

// A column that has a list.
struct ColumnList {
    ::Oid table;
    const char *name;
    OwnedList list;
};

// All columns of these tables that have a list. The OIDs are sorted; the result is by table and column
// number.
Array<ColumnList> read_column_lists(std::span<const ::Oid> tables);

// What a role holds in the columns of a table, put together.
struct ColumnHolding {
    ::Oid table;
    Holding holding;
};

// What roles hold in the columns of these tables, asked for one role after another. pg_shdepend names the
// tables in whose columns a role holds anything: as read for this role, or else for all tables, once for all
// roles that it registers. For the others, and where the tables have many grants, all columns are read, once.
struct ColumnPrivileges {
    Array<::Oid> tables; // sorted
    bool has_few_grants; // so few that pg_shdepend is read for the tables, rather than all their columns
    ::MemoryContext context = ::CurrentMemoryContext;
    enum Extent { nothing, registered_roles, all_roles } extent = nothing; // who holds columns: is known of
    Array<ColumnList> columns;                                             // these roles, of all tables
    HeldLists lists;                                                       // of the columns

    static ColumnPrivileges of(const Array<::Oid> &tables, bool has_few_grants)
    {
        return {.tables = tables, .has_few_grants = has_few_grants, .columns = {}, .lists = {}};
    }

    // By table; without tables in whose columns it holds nothing.
    Array<ColumnHolding> held_by(const RoleReferences &role);

    // The lists of all columns, for all roles.
    const HeldLists &all();

    // Uses what has been read of pg_shdepend for all tables, if nothing has been read here before.
    void take(std::span<const RoleReference> references);

private:
    void read_for(Extent wanted);
    void read(Extent wanted, const Array<::Oid> &of);
};

// What the table's owner has granted a role in one column.
struct ColumnGrant {
    const char *column;
    ::AclMode granted;
    ::AclMode grantable;
};

// By the columns' numbers; the role is a name, or "public".
Array<ColumnGrant> read_column_grants(::Oid table, const char *role);

} // namespace dj_deploy
