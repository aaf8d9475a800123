// The schema and what is in it; what will be is for future_tables.
#include "planners/grants.hpp"

#include "catalog/role_dependents.hpp"
#include "plan/name_list.hpp"
#include "plan/quote.hpp"
#include "planners/future_tables.hpp"

namespace dj_deploy {

namespace {

bool has_smaller_name(const NamedObject &left, const NamedObject &right)
{
    return ::strcmp(left.name, right.name) < 0;
}

Array<NamedObject> schemas_by_name(const Target &target)
{
    Array<NamedObject> schemas;
    for (const ::Oid schema : target.schemas)
        schemas.push(
            {.catalog = NamespaceRelationId, .oid = schema, .name = read_schema_privileges(schema).name});
    std::sort(schemas.begin(), schemas.end(), has_smaller_name);
    return schemas;
}

} // namespace

::Oid GrantsPlanner::resolve_role() const
{
    const std::optional<::Oid> role = find_role(role_name);
    if (!role)
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("role \"%s\" does not exist", role_name));
    return *role;
}

void GrantsPlanner::plan_schema(::Oid role, const SchemaPrivileges &current, Plan &plan) const
{
    const PrivilegeTarget target{.kind = schema_privileges_statement,
                                 .about = {.schema = current.name},
                                 .table = nullptr,
                                 .privileges = schema_privileges,
                                 .prefix = "",
                                 .on = ::psprintf("SCHEMA %s", identifier(current.name)),
                                 .name = current.name,
                                 .owner = current.owner,
                                 .list = current.list};
    const Holding held = holding_of(role, current.owner, current.list);
    if (current.owner != role && plan_privileges(target, access, held, {}, grantee, plan) &&
        !::has_privs_of_role(::GetUserId(), current.owner))
        plan.deny(
            {.one = "must be owner of schema", .many = "must be owner of schemas", .name = current.name});
}

namespace {

// A table and its changes. They serve for the next ones that are like it, where they are all that there was
// to say of it.
struct Precedent {
    const Table *table;
    std::size_t first; // of its changes
    std::size_t count;

    bool covers(const Table &other) const
    {
        return table != nullptr && table->owner == other.owner && table->privileges == other.privileges &&
               table->is_sequence() == other.is_sequence();
    }
};

} // namespace

void GrantsPlanner::plan_table(::Oid role, const Table &table, const Holding &in_columns, Plan &plan) const
{
    const PrivilegeTarget target{
        .kind = table_privileges_statement,
        .about = {},
        .table = &table,
        .privileges = table.is_sequence() ? sequence_privileges : table_privileges,
        .prefix = "",
        .on = table.is_sequence() ? "SEQUENCE " : "TABLE ",
        .name = nullptr,
        .owner = table.owner,
        .list = table.privileges,
    };
    plan_privileges(target, access, holding_of(role, table.owner, table.privileges), in_columns, grantee,
                    plan);
}

void GrantsPlanner::plan_tables(::Oid role, std::span<const Table> tables, Plan &plan) const
{
    Array<::Oid> oids;
    for (const Table &table : tables)
        oids.push(table.oid);
    std::sort(oids.begin(), oids.end());
    const Array<ColumnHolding> columns = read_column_holdings(role, oids.view());

    plan.analyzed = 0;
    Precedent last{};
    for (const Table &table : tables) {
        if (is_excepted(table))
            continue;
        plan.analyzed += !table.is_sequence();
        if (table.owner == role)
            continue;
        const ColumnHolding *in_columns = find_sorted(columns.view(), &ColumnHolding::table, table.oid);
        if (in_columns == nullptr && last.covers(table)) {
            for (std::size_t number = 0; number < last.count; number++)
                plan.repeat(plan.changes[last.first + number], table);
            continue;
        }
        const std::size_t first = plan.changes.count;
        const std::size_t remarks = plan.skipped.count + plan.denials.count;
        plan_table(role, table, in_columns != nullptr ? in_columns->holding : Holding{}, plan);
        const bool is_all = in_columns == nullptr && plan.skipped.count + plan.denials.count == remarks;
        last = {.table = is_all ? &table : nullptr, .first = first, .count = plan.changes.count - first};
    }
}

// Whoever takes everything from a role may want to drop it.
void GrantsPlanner::note_dependents(::Oid role, const NamedObject &schema, std::span<const Table> tables,
                                    Plan &plan) const
{
    Array<::Oid> relations;
    for (const Table &table : tables)
        if (table.schema_oid == schema.oid && !is_excepted(table))
            relations.push(table.oid);
    std::sort(relations.begin(), relations.end());
    const Array<const char *> dependents = read_role_dependents(role, schema.oid, relations.view());
    if (dependents.is_empty())
        return;
    ::StringInfoData detail;
    ::initStringInfo(&detail);
    for (const char *dependent : dependents.view().first(std::min(dependents.count, most_named)))
        ::appendStringInfo(&detail, "%s%s", detail.len > 0 ? "\n" : "", dependent);
    if (dependents.count > most_named)
        ::appendStringInfo(&detail, "\nand %zu more", dependents.count - most_named);
    plan.remarks.push(
        {.level = NOTICE,
         .message = ::psprintf("role \"%s\" cannot be dropped yet: objects in schema \"%s\" depend on it",
                               role_name, schema.name),
         .detail = detail.data});
}

// Privileges on a table are worth nothing without those on its schema.
void GrantsPlanner::note_missing_usage(::Oid role, const Table &table, Plan &plan) const
{
    const SchemaPrivileges schema = read_schema_privileges(table.schema_oid);
    if (access == Access::none || table.owner == role || may(role, ACL_USAGE, schema, to_hold))
        return;
    plan.remarks.push(
        {.level = NOTICE,
         .message = ::psprintf("%s has no USAGE on schema \"%s\"", grantee.name, schema.name),
         .detail = ::psprintf("Without it table \"%s.%s\" is out of its reach.", table.schema, table.name),
         .hint = ::psprintf("GRANT USAGE ON SCHEMA %s%s, or set_grants for the schema.",
                            identifier(schema.name), grantee.to)});
}

void GrantsPlanner::plan_schemas(::Oid role, const Target &target, std::span<const Table> tables,
                                 Plan &plan) const
{
    const bool is_about_future_tables = has_future_tables || access == Access::none;
    const Array<DefaultPrivileges> global =
        is_about_future_tables ? read_global_default_privileges(role) : Array<DefaultPrivileges>{};
    const ToHold own{.role = role, .privileges = schema_privileges.wanted(access)};
    for (const NamedObject &schema : schemas_by_name(target)) {
        const SchemaPrivileges current = read_schema_privileges(schema.oid);
        plan.names.push(schema);
        plan_schema(role, current, plan);
        if (is_about_future_tables)
            FutureTables{.role = role,
                         .access = access,
                         .grantee = grantee,
                         .schema = schema,
                         .privileges = current,
                         .to_hold = to_hold.empty() ? std::span(&own, 1) : to_hold,
                         .global = global.view()}
                .plan(tables, plan);
        if (access == Access::none && !is_public(role_name))
            note_dependents(role, schema, tables, plan);
    }
}

void GrantsPlanner::plan(const Target &target, std::span<const Table> tables, Plan &plan) const
{
    const ::Oid role = resolve_role();
    if (!is_public(role_name))
        plan.names.push({.catalog = AuthIdRelationId, .oid = role, .name = role_name});
    if (OidIsValid(target.table)) {
        for (const Table &table : tables)
            if (table.oid == target.table)
                note_missing_usage(role, table, plan);
    } else {
        plan_schemas(role, target, tables, plan);
    }
    plan_tables(role, tables, plan);
}

} // namespace dj_deploy
