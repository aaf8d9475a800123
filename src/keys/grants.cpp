// Reads and plans grants. What is said of tables is planned table by table, and left out of what is said of
// their schemas; a partition belongs to the closest table above it of which something is said.
#include "keys/grants.hpp"

namespace dj_deploy {

namespace {

constexpr std::array schema_grant_keys = {"access", "future_tables"};
constexpr std::array table_grant_keys = {"access"};

Access read_access(const Path &path, const JsonValue &json)
{
    Access access = Access::none;
    if (!json.is_string() || !find_access(json.text(), access))
        refuse(path, "must be \"none\", \"read\", \"write\" or \"all\"");
    return access;
}

Grant read_grant(const Path &path, const JsonMember &member, std::span<const char *const> keys)
{
    require_name_at(path, "role", member.key);
    Grant grant{.role = member.key, .path = path.text, .access = Access::none, .has_future_tables = false};
    if (!member.value.is_object()) {
        grant.access = read_access(path, member.value);
        return grant;
    }
    bool has_access = false;
    for (const JsonMember &setting : require_members(path, member.value, keys)) {
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

} // namespace

Grants Grants::read(const Path &path, const JsonValue &json, Level level)
{
    require_object(path, json);
    const std::span<const char *const> keys = level == Level::table
                                                  ? std::span<const char *const>(table_grant_keys)
                                                  : std::span<const char *const>(schema_grant_keys);
    Grants grants{};
    for (const JsonMember &member : members_of(json))
        grants.grants.push(read_grant(path.key(member.key), member, keys));
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
        if (find(grant.role) == nullptr)
            both.grants.push(grant);
    std::sort(both.grants.begin(), both.grants.end(),
              [](const Grant &left, const Grant &right) { return ::strcmp(left.role, right.role) < 0; });
    return both;
}

const Grant *Grants::find(std::string_view role) const
{
    const auto found =
        std::find_if(grants.begin(), grants.end(), [&](const Grant &grant) { return role == grant.role; });
    return found != grants.end() ? found : nullptr;
}

namespace {

// What is said of a role at a table, and what that is said of.
struct TableGrant {
    const Grant *grant;
    ::Oid table;
    Array<Table> relations; // the table, its partitions, and the sequences of their columns
};

Array<TableGrant> read_table_grants(const ResolvedEnvironment &resolved)
{
    Array<TableGrant> all;
    for (const NamedTable &table : resolved.named) {
        const Grants *said = table.settings->settings.find<Grants>();
        if (said == nullptr)
            continue;
        const Array<Table> relations = read_tables(Target::of_table(table.oid), GrantsPlanner::scope);
        for (const Grant &grant : said->grants)
            all.push({.grant = &grant, .table = table.oid, .relations = relations});
    }
    return all;
}

bool has_relation(const TableGrant &grant, ::Oid oid)
{
    return std::any_of(grant.relations.begin(), grant.relations.end(),
                       [&](const Table &relation) { return relation.oid == oid; });
}

// The relations of which something closer is said for the same role: of a schema's by all tables, of a
// table's by partitions below it.
Array<::Oid> excepted_from(const Grant &grant, const TableGrant *at_table, std::span<const TableGrant> all)
{
    Array<::Oid> excepted;
    for (const TableGrant &other : all) {
        const bool is_its_role = std::string_view(other.grant->role) == grant.role;
        if (!is_its_role || (at_table != nullptr &&
                             (at_table->table == other.table || !has_relation(*at_table, other.table))))
            continue;
        for (const Table &relation : other.relations)
            excepted.push(relation.oid);
    }
    std::sort(excepted.begin(), excepted.end());
    return excepted;
}

// What the document makes of the schema's privileges. The planner raises the error for a role that does not
// exist.
Array<ToHold> read_to_hold(const ResolvedEnvironment &resolved, ::Oid schema)
{
    Array<ToHold> to_hold;
    for (const ResolvedSchema &candidate : resolved.schemas) {
        const Grants *said = candidate.settings->settings.find<Grants>();
        if (candidate.oid != schema || said == nullptr)
            continue;
        for (const Grant &grant : said->grants)
            if (const std::optional<::Oid> role = find_role(grant.role))
                to_hold.push({.role = *role, .privileges = schema_privileges.wanted(grant.access)});
    }
    return to_hold;
}

void run_planner(Draft &draft, const Grant &grant, const Target &target, std::span<const Table> relations,
                 const GrantsPlanner &planner)
{
    Plan plan = Draft::new_plan();
    with_place({grant.path}, [&] { planner.plan(target, relations, plan); });
    draft.add(plan);
}

} // namespace

void Grants::plan(Draft &draft)
{
    const Array<TableGrant> at_tables = read_table_grants(draft.resolved);
    for (const ResolvedSchema &schema : draft.resolved.schemas) {
        const Grants *said = schema.settings->settings.find<Grants>();
        if (said == nullptr)
            continue;
        const Target target = Target::of_schema(schema.oid);
        const Array<Table> relations =
            read_tables(target, GrantsPlanner::scope, draft.resolved.members.view());
        const Array<ToHold> to_hold = read_to_hold(draft.resolved, schema.oid);
        for (const Grant &grant : said->grants) {
            const Array<::Oid> excepted = excepted_from(grant, nullptr, at_tables.view());
            auto planner = GrantsPlanner::of(grant.role, grant.access, grant.has_future_tables);
            planner.excepted = excepted.view();
            planner.to_hold = to_hold.view();
            run_planner(draft, grant, target, relations.view(), planner);
        }
    }
    for (const TableGrant &at_table : at_tables) {
        const Grant &grant = *at_table.grant;
        const Array<::Oid> excepted = excepted_from(grant, &at_table, at_tables.view());
        const Array<ToHold> to_hold = read_to_hold(draft.resolved, ::get_rel_namespace(at_table.table));
        auto planner = GrantsPlanner::of(grant.role, grant.access, false);
        planner.excepted = excepted.view();
        planner.to_hold = to_hold.view();
        run_planner(draft, grant, Target::of_table(at_table.table), at_table.relations.view(), planner);
    }
}

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::Grants);
