// Describes grants. A role has the access for which the planner of grants plans nothing; where that holds for
// a schema but for some of its tables, what holds for these is said of them.
#include "keys/grants.hpp"

#include "pg/oid_set.hpp"
#include "pg/query.hpp"

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

constexpr const char *defaults_sql = R"(
    SELECT FROM pg_catalog.pg_default_acl d
    CROSS JOIN pg_catalog.aclexplode(d.defaclacl) a
    WHERE d.defaclnamespace = $1 AND a.grantee = $2 AND a.grantee <> d.defaclrole AND d.defaclobjtype IN ('r', 'S')
    ORDER BY d.oid
    LIMIT 1)";

// What the planner would do, for people who do not look at what it remarks on a role that has nothing.
Plan plan_of(const Grant &grant, const Target &target, std::span<const Table> relations)
{
    Plan plan{};
    GrantsPlanner::of(grant.role, grant.access, grant.has_future_tables).plan(target, relations, plan);
    return plan;
}

bool is_settled(const Plan &plan)
{
    return plan.changes.is_empty() && plan.skipped.is_empty();
}

struct TableAccess {
    const Table *table;
    Access access;
};

// An access that a role holds in a schema, but for tables of which another one is said.
struct HeldAccess {
    Grant grant;
    Array<TableAccess> exceptions;
};

// The access that a role holds exactly on a table, its partitions and sequences. Returns false for none.
bool find_table_access(const char *role, ::Oid table, std::span<const Table> relations, Access &access)
{
    for (const Access candidate : {Access::none, Access::read, Access::write, Access::all}) {
        const Grant grant{.role = role, .path = nullptr, .access = candidate, .has_future_tables = false};
        if (!is_settled(plan_of(grant, Target::of_table(table), relations)))
            continue;
        access = candidate;
        return true;
    }
    return false;
}

// Adds the exceptions after which the plan would be empty. Returns false where so many are not enough.
bool find_exceptions(const Plan &plan, std::size_t most, HeldAccess &held)
{
    const OidSet open = OidSet::make("dj_deploy relations with other privileges");
    Array<const Table *> tables;
    for (const Change &change : plan.changes) {
        if (change.table == nullptr)
            return false;
        if (open.add(change.table->oid) && !change.table->is_sequence())
            tables.push(change.table);
    }
    const auto is_top = [](const Table *table) { return !table->is_partition; };
    if (std::count_if(tables.begin(), tables.end(), is_top) > static_cast<std::ptrdiff_t>(most))
        return false;
    for (const Table *table : from_the_top(tables.view())) {
        const bool is_table = table->relkind == RELKIND_RELATION || table->is_partitioned();
        if (!open.has(table->oid))
            continue;
        const Array<Table> relations = read_tables(Target::of_table(table->oid), GrantsPlanner::scope);
        Access access = Access::none;
        if (!is_table || held.exceptions.count == most ||
            !find_table_access(held.grant.role, table->oid, relations.view(), access))
            return false;
        held.exceptions.push({.table = table, .access = access});
        for (const Table &relation : relations)
            open.remove(relation.oid);
    }
    return ::hash_get_num_entries(open.table) == 0;
}

// Returns false where the role does not hold the access in the schema with so many exceptions.
bool find_held(HeldAccess &held, std::size_t most, ::Oid schema, std::span<const Table> relations)
{
    const Target target = Target::of_schema(schema);
    const Plan plan = plan_of(held.grant, target, relations);
    if (!plan.skipped.is_empty() || !find_exceptions(plan, most, held))
        return false;
    Grant with_future = held.grant;
    with_future.has_future_tables = held.grant.access != Access::none;
    const Plan of_future = plan_of(with_future, target, relations);
    held.grant.has_future_tables = with_future.has_future_tables && of_future.skipped.is_empty() &&
                                   of_future.changes.count == plan.changes.count &&
                                   of_future.remarks.count == plan.remarks.count;
    return true;
}

// With the fewest exceptions, and not more of them than other tables. Returns false for a role that has no
// such access.
bool find_access_in(const char *role, ::Oid schema, std::span<const Table> relations, HeldAccess &found)
{
    std::size_t tables = 0;
    for (const Table &relation : relations)
        tables += relation.relkind == RELKIND_RELATION || relation.is_partitioned();
    bool is_found = false;
    std::size_t most = tables / 2;
    for (const Access access : {Access::read, Access::write, Access::all, Access::none}) {
        HeldAccess held{
            .grant = {.role = role, .path = nullptr, .access = access, .has_future_tables = false},
            .exceptions = {}};
        if (!find_held(held, most, schema, relations))
            continue;
        found = held;
        is_found = true;
        if (held.exceptions.is_empty())
            break;
        most = held.exceptions.count - 1;
    }
    return is_found;
}

void say(Description &description, const HeldAccess &held)
{
    for (const TableAccess &exception : held.exceptions) {
        Settings &settings = description.settings_of(*exception.table);
        const Grants *said = settings.find<Grants>();
        Grants own{};
        own.grants.push({.role = held.grant.role,
                         .path = nullptr,
                         .access = exception.access,
                         .has_future_tables = false});
        settings.set(said != nullptr ? own.over(*said) : own);
    }
}

void notice_left_out(const char *role, const char *schema, const char *why)
{
    ereport(NOTICE, errmsg("privileges of role \"%s\" in schema \"%s\" are left out", role, schema),
            errdetail_internal("%s", why));
}

void describe_role(Description &description, ::Oid oid, const char *role, const ResolvedSchema &schema,
                   std::span<const Table> relations, Grants &grants)
{
    const char *schema_name = schema.settings->name;
    // What a role may do with nothing fits every access, and one of them would be a grant elsewhere.
    if (std::all_of(relations.begin(), relations.end(),
                    [&](const Table &table) { return table.owner == oid; }))
        return notice_left_out(
            role, schema_name,
            "The schema has no tables of other roles that tell read, write and all apart.");
    HeldAccess held{};
    if (!find_access_in(role, schema.oid, relations, held))
        return notice_left_out(role, schema_name, "They are not exactly those of read, write or all.");
    grants.grants.push(held.grant);
    say(description, held);
    bool has_defaults = false;
    query(
        defaults_sql, [&](const Row &) { has_defaults = true; }, schema.oid, oid);
    if (has_defaults && !held.grant.has_future_tables)
        ereport(NOTICE,
                errmsg("default privileges of role \"%s\" in schema \"%s\" are left out", role, schema_name),
                errdetail("They are not exactly those of %s.", access_name(held.grant.access)));
}

} // namespace

void Grants::describe(Description &description)
{
    for (std::size_t index = 0; index < description.described; index++) {
        const ResolvedSchema schema = description.resolved.schemas[index];
        const Array<Table> relations = read_tables(Target::of_schema(schema.oid), GrantsPlanner::scope);
        Array<::Oid> roles;
        query(
            roles_sql, [&](const Row &row) { roles.push(row.oid(1)); }, schema.oid);
        Grants grants{};
        for (const ::Oid role : roles) {
            const char *name = role == ACL_ID_PUBLIC ? "public" : ::GetUserNameFromId(role, true);
            if (name != nullptr)
                describe_role(description, role, name, schema, relations.view(), grants);
        }
        if (!grants.grants.is_empty())
            description.schemas[index]->settings.set(grants);
    }
}

} // namespace dj_deploy
