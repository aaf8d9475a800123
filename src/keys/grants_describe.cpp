// Describes grants, role by role.
#include "catalog/relation_lists.hpp"
#include "keys/grants_access.hpp"
#include "pg/context.hpp"

namespace dj_deploy {

namespace {

// All of the schema, sorted.
Array<::Oid> relations_in(GrantFacts &facts)
{
    Array<::Oid> relations;
    for (const SchemaObject &relation : objects_of(facts.objects_in(facts.schemas[0]), RelationRelationId))
        relations.push(relation.oid);
    return relations;
}

// Who holds anything in the schema, its relations and their columns that is not its own.
Array<::Oid> find_grantees(GrantFacts &facts, std::span<const ::Oid> relations)
{
    SchemaFacts &schema = facts.schemas[0];
    Array<OwnedList> lists = read_relation_lists(relations);
    lists.push({.owner = schema.privileges.owner, .list = schema.privileges.list});
    for (const DefaultPrivileges &defaults : facts.defaults_in(schema))
        lists.push({.owner = defaults.creator, .list = defaults.list});
    append(lists, facts.columns.all().lists);
    return HeldLists::of(lists).grantees();
}

// What is said of a role at a table.
struct Exception {
    const Table *table;
    Grant grant;
};

// Table by table, and at each by role.
void say(Description &description, const Array<Exception> &exceptions)
{
    std::sort(exceptions.begin(), exceptions.end(), [](const Exception &left, const Exception &right) {
        return left.table != right.table ? left.table < right.table
                                         : ::strcmp(left.grant.role, right.grant.role) < 0;
    });
    for (const Exception *next = exceptions.begin(); next != exceptions.end();) {
        const Table *table = next->table;
        Grants own{};
        for (; next != exceptions.end() && next->table == table; next++)
            own.grants.push(next->grant);
        description.settings_of(*table).set(own);
    }
}

void notice_left_out(const char *role, const char *schema, const char *why)
{
    ereport(NOTICE, errmsg("privileges of role \"%s\" in schema \"%s\" are left out", role, schema),
            errdetail_internal("%s", why));
}

bool has_defaults(const Candidate &role)
{
    for (const DefaultPrivileges &defaults : role.facts.defaults_in(role.facts.schemas[0])) {
        const Holding held = holding_of(role.oid, defaults.creator, defaults.list);
        if (role.oid != defaults.creator && (held.granted | held.by_others) != ACL_NO_RIGHTS)
            return true;
    }
    return false;
}

// Returns false, after a NOTICE, where no access is what the role holds.
bool describe_role(const Candidate &role, HeldAccess &held)
{
    const char *schema_name = role.facts.schemas[0].named.name;
    // What a role may do with nothing fits every access, and one of them would be a grant elsewhere.
    const auto is_own = [&](const Table &table) { return table.owner == role.oid; };
    if (std::all_of(role.schema.relations.begin(), role.schema.relations.end(), is_own)) {
        notice_left_out(role.name, schema_name,
                        "The schema has no tables of other roles that tell read, write and all apart.");
        return false;
    }
    if (!find_held_access(role, held)) {
        notice_left_out(role.name, schema_name, "They are not exactly those of read, write or all.");
        return false;
    }
    if (!held.grant.has_future_tables && has_defaults(role))
        ereport(
            NOTICE,
            errmsg("default privileges of role \"%s\" in schema \"%s\" are left out", role.name, schema_name),
            errdetail("They are not exactly those of %s.", access_name(held.grant.access)));
    return true;
}

// Schemas have many roles, of each of which much is tried.
void describe_schema(Description &description, std::size_t index, GlobalDefaults &global)
{
    const ::Oid schema = description.resolved.schemas[index].oid;
    const Array<Table> relations = read_tables(Target::of_schema(schema), GrantsPlanner::scope);
    KnownSchema known = KnownSchema::read(schema, relations.view(), global);
    const Array<::Oid> all = relations_in(known.facts);
    known.facts.read_all_columns(all);
    Grants grants{};
    Array<Exception> exceptions;
    for (const ::Oid oid : find_grantees(known.facts, all.view())) {
        const char *name = oid == ACL_ID_PUBLIC ? "public" : ::GetUserNameFromId(oid, true);
        if (name == nullptr)
            continue;
        in_scratch([&](::MemoryContext) {
            const RoleFacts facts = known.facts.of_role(oid);
            const Candidate role{
                .oid = oid, .name = name, .schema = known, .facts = known.facts, .known = facts};
            HeldAccess held{};
            if (!describe_role(role, held))
                return;
            grants.grants.push(held.grant);
            for (const TableAccess &exception : held.exceptions)
                exceptions.push({.table = exception.table,
                                 .grant = {.role = name,
                                           .path = nullptr,
                                           .access = exception.access,
                                           .has_future_tables = false}});
        });
    }
    if (!grants.grants.is_empty())
        description.schemas[index]->settings.set(grants);
    say(description, exceptions);
}

} // namespace

void Grants::describe(Description &description)
{
    GlobalDefaults global{.reads_all = true};
    for (std::size_t index = 0; index < description.described; index++)
        describe_schema(description, index, global);
}

} // namespace dj_deploy
