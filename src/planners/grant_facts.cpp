// What is read later stays in the memory where the facts were made, so that plans may be made in other ones.
#include "planners/grant_facts.hpp"

#include "pg/context.hpp"

namespace dj_deploy {

namespace {

bool has_smaller_name(const SchemaFacts &left, const SchemaFacts &right)
{
    return ::strcmp(left.named.name, right.named.name) < 0;
}

Array<SchemaFacts> read_schemas(std::span<const ::Oid> oids)
{
    Array<SchemaFacts> schemas;
    for (const ::Oid oid : oids) {
        const SchemaPrivileges privileges = read_schema_privileges(oid);
        schemas.push({.named = {.catalog = NamespaceRelationId, .oid = oid, .name = privileges.name},
                      .privileges = privileges,
                      .objects = {},
                      .defaults = {},
                      .references = {}});
    }
    std::sort(schemas.begin(), schemas.end(), has_smaller_name);
    return schemas;
}

Array<::Oid> sorted_oids(std::span<const Table> tables)
{
    Array<::Oid> oids;
    for (const Table &table : tables)
        oids.push(table.oid);
    std::sort(oids.begin(), oids.end());
    return oids;
}

std::size_t count_grants(std::span<const Table> tables)
{
    std::size_t grants = 0;
    for (const Table &table : tables)
        if (table.privileges != 0)
            grants += VARSIZE_ANY(DatumGetPointer(table.privileges)) / sizeof(::AclItem);
    return grants;
}

OwnedList list_of(const Table &table)
{
    return {.owner = table.owner, .list = table.privileges};
}

} // namespace

GrantFacts GrantFacts::of(const Target &target, std::span<const Table> tables, GlobalDefaults &global)
{
    constexpr std::size_t few_grants = 8;  // a table: those in columns are soon found among them
    constexpr std::size_t few_tables = 64; // even a page of pg_shdepend is more work
    const bool has_few = count_grants(tables) <= few_grants * tables.size();
    return {.tables = tables,
            .table = target.table,
            .schemas = read_schemas(target.schemas.view()),
            .global = &global,
            .columns = ColumnPrivileges::of(sorted_oids(tables), has_few),
            .rows_left = has_few && tables.size() < few_tables ? 0 : rows_instead_of(tables.size()),
            .lists = {},
            .numbers = {}};
}

GrantFacts GrantFacts::for_many_roles(const Target &target, std::span<const Table> tables,
                                      GlobalDefaults &global)
{
    GrantFacts facts = of(target, tables, global);
    Array<OwnedList> lists;
    for (const Table &table : tables)
        lists.push(list_of(table));
    sort_unique(lists);
    facts.lists = HeldLists::of(lists);
    for (const Table &table : tables)
        facts.numbers.push(std::lower_bound(lists.begin(), lists.end(), list_of(table)) - lists.begin());
    return facts;
}

void GrantFacts::read_all_columns(const Array<::Oid> &relations)
{
    columns = ColumnPrivileges::of(relations, false);
    columns.all();
    rows_left = 0;
}

RoleFacts GrantFacts::of_role(::Oid role)
{
    const RoleReferences references = RoleReferences::read(role, rows_left);
    rows_left -= references.rows_read;
    RoleFacts facts{.role = role, .references = references, .by_list = {}};
    facts.by_list.resize(lists.lists.count);
    lists.for_each(role, [&](std::uint32_t number, const Holding &held) { facts.by_list[number] = held; });
    return facts;
}

std::span<const SchemaObject> GrantFacts::objects_in(SchemaFacts &schema) const
{
    if (schema.objects.is_empty())
        in_context(context, [&] { schema.objects = read_schema_objects(schema.named.oid); });
    return schema.objects.view();
}

std::span<const DefaultPrivileges> GrantFacts::defaults_in(SchemaFacts &schema) const
{
    const std::span<const SchemaObject> objects = objects_in(schema);
    if (!schema.defaults)
        in_context(context, [&] { schema.defaults = read_default_privileges(schema.named.oid, objects); });
    return schema.defaults->view();
}

std::span<const RoleReference> GrantFacts::references_in(SchemaFacts &schema, const RoleFacts &role)
{
    if (role.references.is_whole)
        return role.references.found.view();
    const std::span<const SchemaObject> objects = objects_in(schema);
    if (!schema.references)
        in_context(context, [&] { schema.references = read_references_of(objects); });
    if (schemas.count == 1)
        columns.take(schema.references->view());
    return references_of(schema.references->view(), role.role);
}

} // namespace dj_deploy
