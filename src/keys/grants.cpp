// "grants": {"analyst": "read", "pipeline": {"access": "write", "future_tables": true}}, role by role. In a
// description a role has the access for which the planner of grants plans nothing.
#include "planners/grants.hpp"

#include "environment/description.hpp"
#include "environment/draft.hpp"
#include "pg/query.hpp"

namespace dj_deploy {

namespace {

struct Grant {
    const char *role;
    const char *path; // where it stands in the document
    Access access;
    bool has_future_tables;
};

struct Grants {
    static constexpr const char *name = "grants";
    static constexpr std::array levels = {Level::schema};
    static constexpr int turn = 50;

    Array<Grant> grants; // by role

    static Grants read(const Path &path, const JsonValue &json, Level level);
    ::JsonbValue write() const;
    Grants over(const Grants &weaker) const;
    static void plan(Draft &draft);
    static void describe(Description &description);
};

constexpr std::array grant_keys = {"access", "future_tables"};

Access read_access(const Path &path, const JsonValue &json)
{
    Access access = Access::none;
    if (!json.is_string() || !find_access(json.text(), access))
        refuse(path, "must be \"none\", \"read\", \"write\" or \"all\"");
    return access;
}

Grant read_grant(const Path &path, const JsonMember &member)
{
    require_name_at(path, "role", member.key);
    Grant grant{.role = member.key, .path = path.text, .access = Access::none, .has_future_tables = false};
    if (!member.value.is_object()) {
        grant.access = read_access(path, member.value);
        return grant;
    }
    bool has_access = false;
    for (const JsonMember &setting : require_members(path, member.value, grant_keys)) {
        const Path place = path.key(setting.key);
        if (std::string_view(setting.key) == "access") {
            grant.access = read_access(place, setting.value);
            has_access = true;
        } else {
            grant.has_future_tables = require_boolean(place, setting.value);
        }
    }
    if (!has_access)
        refuse(path, "must have the key \"access\"");
    return grant;
}

Grants Grants::read(const Path &path, const JsonValue &json, Level)
{
    require_object(path, json);
    Grants grants{};
    for (const JsonMember &member : members_of(json))
        grants.grants.push(read_grant(path.key(member.key), member));
    return grants;
}

::JsonbValue Grants::write() const
{
    JsonObject roles{};
    for (const Grant &grant : grants) {
        const ::JsonbValue access = make_string(access_name(grant.access));
        if (!grant.has_future_tables) {
            roles.add(grant.role, access);
            continue;
        }
        JsonObject both{};
        both.add("access", access);
        both.add("future_tables", make_boolean(true));
        roles.add(grant.role, both.finish());
    }
    return roles.finish();
}

Grants Grants::over(const Grants &weaker) const
{
    Grants both{};
    append(both.grants, grants);
    for (const Grant &grant : weaker.grants)
        if (std::none_of(grants.begin(), grants.end(),
                         [&](const Grant &own) { return std::string_view(own.role) == grant.role; }))
            both.grants.push(grant);
    std::sort(both.grants.begin(), both.grants.end(),
              [](const Grant &left, const Grant &right) { return ::strcmp(left.role, right.role) < 0; });
    return both;
}

void Grants::plan(Draft &draft)
{
    for (const ResolvedSchema &schema : draft.resolved.schemas) {
        const Grants *said = schema.settings->settings.find<Grants>();
        if (said == nullptr)
            continue;
        const Target target = Target::of_schema(schema.oid);
        const Array<Table> relations = read_tables(target, GrantsPlanner::scope);
        for (const Grant &grant : said->grants) {
            Plan plan = Draft::new_plan();
            with_place({grant.path}, [&] {
                GrantsPlanner::of(grant.role, grant.access, grant.has_future_tables)
                    .plan(target, relations.view(), plan);
            });
            draft.add(plan);
        }
    }
}

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

constexpr const char *defaults_sql = R"(
    SELECT FROM pg_catalog.pg_default_acl d
    CROSS JOIN pg_catalog.aclexplode(d.defaclacl) a
    WHERE d.defaclnamespace = $1 AND a.grantee = $2 AND a.grantee <> d.defaclrole AND d.defaclobjtype IN ('r', 'S')
    ORDER BY d.oid
    LIMIT 1)";

// Whether a plan for the access would be empty; of future tables only where there is somebody who makes them.
bool holds(const Grant &grant, ::Oid schema, std::span<const Table> relations)
{
    Plan plan{};
    GrantsPlanner::of(grant.role, grant.access, grant.has_future_tables)
        .plan(Target::of_schema(schema), relations, plan);
    return plan.changes.is_empty() && plan.skipped.is_empty() && plan.remarks.is_empty();
}

void describe_role(::Oid oid, const char *role, const ResolvedSchema &schema,
                   std::span<const Table> relations, Grants &grants)
{
    // What a role may do with nothing fits every access, and one of them would be a grant elsewhere.
    if (std::all_of(relations.begin(), relations.end(),
                    [&](const Table &table) { return table.owner == oid; })) {
        ereport(
            NOTICE,
            errmsg("privileges of role \"%s\" in schema \"%s\" are left out", role, schema.settings->name),
            errdetail("The schema has no tables of other roles that tell read, write and all apart."));
        return;
    }
    for (const Access access : {Access::read, Access::write, Access::all}) {
        Grant held{.role = role, .path = nullptr, .access = access, .has_future_tables = false};
        if (!holds(held, schema.oid, relations))
            continue;
        held.has_future_tables = true;
        held.has_future_tables = holds(held, schema.oid, relations);
        grants.grants.push(held);
        bool has_defaults = false;
        query(
            defaults_sql, [&](const Row &) { has_defaults = true; }, schema.oid, oid);
        if (has_defaults && !held.has_future_tables)
            ereport(NOTICE,
                    errmsg("default privileges of role \"%s\" in schema \"%s\" are left out", role,
                           schema.settings->name),
                    errdetail("They are not exactly those of %s.", access_name(access)));
        return;
    }
    ereport(NOTICE,
            errmsg("privileges of role \"%s\" in schema \"%s\" are left out", role, schema.settings->name),
            errdetail("They are not exactly those of read, write or all."));
}

void Grants::describe(Description &description)
{
    for (std::size_t index = 0; index < description.described; index++) {
        const ResolvedSchema &schema = description.resolved.schemas[index];
        const Target target = Target::of_schema(schema.oid);
        const Array<Table> relations = read_tables(target, GrantsPlanner::scope);
        Array<::Oid> roles;
        query(
            roles_sql, [&](const Row &row) { roles.push(row.oid(1)); }, schema.oid);
        Grants grants{};
        for (const ::Oid role : roles) {
            const char *name = role == ACL_ID_PUBLIC ? "public" : ::GetUserNameFromId(role, true);
            if (name != nullptr)
                describe_role(role, name, schema, relations.view(), grants);
        }
        if (!grants.grants.is_empty())
            description.schemas[index]->settings.set(grants);
    }
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::Grants);
