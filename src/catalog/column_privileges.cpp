// Reads pg_attribute by table: most columns have no list.
#include "catalog/column_privileges.hpp"

#include "pg/context.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

struct NumberedList {
    ::AttrNumber number;
    ColumnList column;
};

// InvalidOid when the table is gone.
::Oid owner_of(::Oid table)
{
    const ::HeapTuple row = ::SearchSysCache1(::RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(row))
        return InvalidOid;
    const ::Oid owner = fixed_part<FormData_pg_class>(row).relowner;
    ::ReleaseSysCache(row);
    return owner;
}

bool is_by_table(const NumberedList &left, const NumberedList &right)
{
    return left.column.table != right.column.table ? left.column.table < right.column.table
                                                   : left.number < right.number;
}

HeldLists lists_of(std::span<const ColumnList> columns)
{
    Array<OwnedList> lists;
    for (const ColumnList &column : columns)
        lists.push(column.list);
    return HeldLists::of(lists);
}

Array<ColumnHolding> holdings_in(std::span<const ColumnList> columns, const HeldLists &lists, ::Oid role)
{
    Array<ColumnHolding> holdings;
    lists.for_each(role, [&](std::uint32_t number, const Holding &holding) {
        const ::Oid table = columns[number].table;
        if (holdings.is_empty() || holdings[holdings.count - 1].table != table)
            holdings.push({.table = table, .holding = {}});
        holdings[holdings.count - 1].holding.add(holding);
    });
    return holdings;
}

} // namespace

Array<ColumnList> read_column_lists(std::span<const ::Oid> tables)
{
    Array<NumberedList> found;
    with_catalog(AttributeRelationId, AttributeRelidNumIndexId, [&](const Catalog &attributes) {
        attributes.scan_each(Anum_pg_attribute_attrelid, tables, [&](::HeapTuple row) {
            bool is_null = false;
            const ::Datum list =
                heap_getattr(row, Anum_pg_attribute_attacl, RelationGetDescr(attributes.table), &is_null);
            const auto &attribute = fixed_part<FormData_pg_attribute>(row);
            const ::Oid owner = is_null || attribute.attisdropped ? InvalidOid : owner_of(attribute.attrelid);
            if (OidIsValid(owner))
                found.push({.number = attribute.attnum,
                            .column = {.table = attribute.attrelid,
                                       .name = ::pstrdup(NameStr(attribute.attname)),
                                       .list = {owner, PointerGetDatum(DatumGetAclPCopy(list))}}});
        });
    });
    std::sort(found.begin(), found.end(), is_by_table);
    Array<ColumnList> columns;
    for (const NumberedList &one : found)
        columns.push(one.column);
    return columns;
}

Array<ColumnHolding> ColumnPrivileges::held_by(const RoleReferences &role)
{
    if (!role.is_whole || extent == all_roles) {
        read_for(role.is_registered() ? registered_roles : all_roles);
        return holdings_in(columns.view(), lists, role.role);
    }
    const Array<::Oid> mentioned = tables_with_columns(role.found.view(), tables.view());
    if (mentioned.is_empty())
        return {};
    const Array<ColumnList> of_role = read_column_lists(mentioned.view());
    return holdings_in(of_role.view(), lists_of(of_role.view()), role.role);
}

const HeldLists &ColumnPrivileges::all()
{
    read_for(all_roles);
    return lists;
}

void ColumnPrivileges::take(std::span<const RoleReference> references)
{
    if (extent == nothing)
        read(registered_roles, tables_with_columns(references, tables.view()));
}

void ColumnPrivileges::read_for(Extent wanted)
{
    if (extent >= wanted)
        return;
    if (wanted == all_roles || !has_few_grants)
        read(all_roles, tables);
    else
        read(registered_roles, read_tables_with_columns(tables.view()));
}

void ColumnPrivileges::read(Extent wanted, const Array<::Oid> &of)
{
    extent = wanted;
    in_context(context, [&] {
        columns = of.is_empty() ? Array<ColumnList>{} : read_column_lists(of.view());
        lists = lists_of(columns.view());
    });
}

Array<ColumnGrant> read_column_grants(::Oid table, const char *role)
{
    Array<ColumnGrant> grants;
    const std::optional<::Oid> grantee = find_role(role);
    if (!grantee)
        return grants;
    for (const ColumnList &column : read_column_lists({&table, 1})) {
        const Holding holding = holding_of(*grantee, column.list.owner, column.list.list);
        if (holding.granted != ACL_NO_RIGHTS)
            grants.push({.column = column.name, .granted = holding.granted, .grantable = holding.grantable});
    }
    return grants;
}

} // namespace dj_deploy
