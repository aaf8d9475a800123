// What is granted in the columns of tables.
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

// Those of the tables, whose OIDs are sorted; by table and the columns' numbers.
Array<ColumnList> read_column_lists(std::span<const ::Oid> tables);

// What a role holds in the columns of a table, put together.
struct ColumnHolding {
    ::Oid table;
    Holding holding;
};

// The columns of tables, for one role after another. Those with privileges are known from what is registered
// of the role, or from what is registered of the tables, which is read once for all roles; else all columns
// are read, once.
struct ColumnPrivileges {
    Array<::Oid> tables; // sorted
    bool has_few_grants; // on tables as a whole: so few that those in columns are found among them
    ::MemoryContext context = ::CurrentMemoryContext;
    enum Extent { nothing, registered_roles, all_roles } extent = nothing; // of what follows
    Array<ColumnList> columns;
    HeldLists lists; // of the columns

    static ColumnPrivileges of(const Array<::Oid> &tables, bool has_few_grants)
    {
        return {.tables = tables, .has_few_grants = has_few_grants, .columns = {}, .lists = {}};
    }

    // By table; without tables in whose columns it holds nothing.
    Array<ColumnHolding> held_by(const RoleReferences &role);

    // The lists of all columns.
    const HeldLists &all();

    // What is registered of all tables, if that has been read anyway.
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
