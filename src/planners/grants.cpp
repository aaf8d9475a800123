// The schema, what is in it, and what its owners will make.
#include "planners/grants.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

// As the server has it: up to 15 membership is enough, since 16 the role's privileges must be inherited.
bool may_set_defaults_of(::Oid owner)
{
    return PG_VERSION_NUM >= 160000 ? ::has_privs_of_role(::GetUserId(), owner)
                                    : ::is_member_of_role(::GetUserId(), owner);
}

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
    if (is_public(role_name))
        return ACL_ID_PUBLIC;
    const ::Oid role = ::get_role_oid(role_name, true);
    if (!OidIsValid(role))
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("role \"%s\" does not exist", role_name));
    return role;
}

void GrantsPlanner::plan_schema(::Oid role, const SchemaPrivileges &current, Plan &plan) const
{
    const PrivilegeTarget target{.table = nullptr,
                                 .privileges = schema_privileges,
                                 .prefix = "",
                                 .on = ::psprintf("SCHEMA %s", identifier(current.name)),
                                 .name = current.name,
                                 .owner = current.owner,
                                 .list = current.list};
    const Holding held = holding_of(role, current.owner, current.list);
    if (current.owner != role && plan_privileges(target, access, held, {}, grantee, plan) &&
        !::has_privs_of_role(::GetUserId(), current.owner))
        plan.denials.push(::psprintf("must be owner of schema \"%s\"", current.name));
}

void GrantsPlanner::plan_tables(::Oid role, std::span<const Table> tables, Plan &plan) const
{
    Array<::Oid> oids;
    for (const Table &table : tables)
        oids.push(table.oid);
    std::sort(oids.begin(), oids.end());
    const Array<ColumnHolding> columns = read_column_holdings(role, oids.view());

    plan.analyzed = 0;
    for (const Table &table : tables) {
        plan.analyzed += !table.is_sequence();
        if (table.owner == role)
            continue;
        const PrivilegeTarget target{
            .table = &table,
            .privileges = table.is_sequence() ? sequence_privileges : table_privileges,
            .prefix = "",
            .on = table.is_sequence() ? "SEQUENCE " : "TABLE ",
            .name = nullptr,
            .owner = table.owner,
            .list = table.value,
        };
        const Holding held = holding_of(role, table.owner, table.value);
        plan_privileges(target, access, held, find_column_holding(columns.view(), table.oid), grantee, plan);
    }
}

// The default privileges of every role that owns a table in the schema.
void GrantsPlanner::plan_future_tables(::Oid role, const NamedObject &schema, std::span<const Table> tables,
                                       Plan &plan) const
{
    Array<::Oid> owners;
    for (const Table &table : tables)
        if (table.schema_oid == schema.oid && table.owner != role &&
            (table.relkind == RELKIND_RELATION || table.is_partitioned()))
            owners.push(table.owner);
    std::sort(owners.begin(), owners.end());
    owners.count = std::unique(owners.begin(), owners.end()) - owners.begin();
    if (owners.is_empty())
        plan.remarks.push({.level = NOTICE,
                           .message = ::psprintf("no other role owns a table in schema \"%s\"", schema.name),
                           .detail = "Nothing is planned for future tables."});
    Array<NamedObject> named;
    for (const ::Oid owner : owners)
        if (const char *name = ::GetUserNameFromId(owner, true)) // else dropped meanwhile, with its tables
            named.push({.catalog = AuthIdRelationId, .oid = owner, .name = name});
    std::sort(named.begin(), named.end(), has_smaller_name);
    for (const NamedObject &owner : named)
        plan_future_tables_of(owner, role, schema, plan);
}

void GrantsPlanner::plan_future_tables_of(const NamedObject &owner, ::Oid role, const NamedObject &schema,
                                          Plan &plan) const
{
    plan.names.push(owner);
    const char *prefix = ::psprintf("ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s ",
                                    identifier(owner.name), identifier(schema.name));

    const auto plan_kind = [&](char object_type, const AccessPrivileges &privileges, const char *on) {
        const PrivilegeTarget target{.table = nullptr,
                                     .privileges = privileges,
                                     .prefix = prefix,
                                     .on = on,
                                     .name = schema.name,
                                     .owner = InvalidOid,
                                     .list = 0};
        const ::Datum list = read_default_privileges(owner.oid, schema.oid, object_type);
        return plan_privileges(target, access, holding_of(role, owner.oid, list), {}, grantee, plan);
    };
    const bool has_tables = plan_kind(DEFACLOBJ_RELATION, table_privileges, "TABLES");
    const bool has_sequences = plan_kind(DEFACLOBJ_SEQUENCE, sequence_privileges, "SEQUENCES");
    if ((has_tables || has_sequences) && !may_set_defaults_of(owner.oid))
        plan.denials.push(
            ::psprintf("permission denied to change default privileges of role \"%s\"", owner.name));
}

void GrantsPlanner::plan(const Target &target, std::span<const Table> tables, Plan &plan) const
{
    const ::Oid role = resolve_role();
    if (!is_public(role_name))
        plan.names.push({.catalog = AuthIdRelationId, .oid = role, .name = role_name});
    for (const NamedObject &schema : schemas_by_name(target)) {
        plan.names.push(schema);
        plan_schema(role, read_schema_privileges(schema.oid), plan);
        if (has_future_tables)
            plan_future_tables(role, schema, tables, plan);
    }
    plan_tables(role, tables, plan);
}

} // namespace dj_deploy
