// The planner of grants says which access a role has: the one for which it plans nothing.
#include "environment/description.hpp"
#include "pg/oid_set.hpp"
#include "pg/query.hpp"
#include "planners/grants.hpp"

namespace dj_deploy {

namespace {

constexpr const char *roles_sql = R"(
    SELECT a.grantee
    FROM (SELECT n.nspacl AS acl, n.nspowner AS owner FROM pg_catalog.pg_namespace n WHERE n.oid = $1
          UNION
          SELECT c.relacl, c.relowner FROM pg_catalog.pg_class c WHERE c.relnamespace = $1
          UNION
          SELECT t.attacl, c.relowner
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid
          WHERE c.relnamespace = $1 AND t.attacl IS NOT NULL AND NOT t.attisdropped
          UNION
          SELECT d.defaclacl, d.defaclrole FROM pg_catalog.pg_default_acl d
          WHERE d.defaclnamespace = $1 AND d.defaclobjtype IN ('r', 'S')) o
    CROSS JOIN pg_catalog.aclexplode(o.acl) a
    WHERE a.grantee <> o.owner
    GROUP BY a.grantee
    ORDER BY a.grantee)";

// Of creators whose future tables the document speaks of ($3), or of all, and of creators that own no table.
constexpr const char *defaults_sql = R"(
    SELECT FROM pg_catalog.pg_default_acl d
    CROSS JOIN pg_catalog.aclexplode(d.defaclacl) a
    WHERE d.defaclnamespace = $1 AND a.grantee = $2 AND a.grantee <> d.defaclrole AND d.defaclobjtype IN ('r', 'S')
      AND NOT ($3 AND EXISTS (SELECT FROM pg_catalog.pg_class c
                              WHERE c.relnamespace = $1 AND c.relowner = d.defaclrole AND c.relkind IN ('r', 'p')))
    ORDER BY d.oid
    LIMIT 1)";

// Whether a plan for the access would be empty; of future tables only where there is somebody who makes them.
bool holds(const RoleSettings &settings, ::Oid schema, std::span<const Table> relations)
{
    Plan plan{};
    GrantsPlanner::of(settings.role, settings.access, settings.has_future_tables)
        .plan(Target::of_schema(schema), relations, plan);
    return plan.changes.is_empty() && plan.skipped.is_empty() && plan.remarks.is_empty();
}

void describe_role(::Oid oid, const char *role, const ResolvedSchema &schema,
                   std::span<const Table> relations, SchemaSettings &settings)
{
    // What a role may do with nothing fits every access, and one of them would be a grant elsewhere.
    if (std::all_of(relations.begin(), relations.end(),
                    [&](const Table &table) { return table.owner == oid; })) {
        ereport(NOTICE,
                errmsg("privileges of role \"%s\" in schema \"%s\" are left out", role, settings.name),
                errdetail("The schema has no tables of other roles that tell read, write and all apart."));
        return;
    }
    for (const Access access : {Access::read, Access::write, Access::all}) {
        RoleSettings held{.role = role, .access = access, .has_future_tables = false};
        if (!holds(held, schema.oid, relations))
            continue;
        held.has_future_tables = true;
        held.has_future_tables = holds(held, schema.oid, relations);
        settings.grants.push(held);
        bool has_other_defaults = false;
        query(
            defaults_sql, [&](const Row &) { has_other_defaults = true; }, schema.oid, oid,
            held.has_future_tables);
        if (has_other_defaults)
            ereport(NOTICE,
                    errmsg("default privileges of role \"%s\" in schema \"%s\" are left out", role,
                           settings.name),
                    errdetail("They are not exactly those of %s.", access_name(access)));
        return;
    }
    ereport(NOTICE, errmsg("privileges of role \"%s\" in schema \"%s\" are left out", role, settings.name),
            errdetail("They are not exactly those of read, write or all."));
}

} // namespace

void describe_grants(Description &description)
{
    for (std::size_t index = 0; index < description.described; index++) {
        const ResolvedSchema &schema = description.resolved.schemas[index];
        const Array<Table> relations = read_tables(Target::of_schema(schema.oid), GrantsPlanner::scope);
        Array<::Oid> roles;
        query(
            roles_sql, [&](const Row &row) { roles.push(row.oid(1)); }, schema.oid);
        for (const ::Oid role : roles) {
            const char *name = role == ACL_ID_PUBLIC ? "public" : ::GetUserNameFromId(role, true);
            if (name != nullptr)
                describe_role(role, name, schema, relations.view(), *description.schemas[index]);
        }
    }
}

} // namespace dj_deploy
