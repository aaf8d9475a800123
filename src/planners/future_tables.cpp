// A new table gets what its creator's default privileges IN SCHEMA say, and besides that what those without
// say.
#include "planners/future_tables.hpp"

#include "pg/scan.hpp"
#include "plan/privilege_effects.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

struct Kind {
    char object_type;
    const AccessPrivileges &privileges;
    const char *on;
    const char *in_words;
};

constexpr Kind kinds[] = {{DEFACLOBJ_RELATION, table_privileges, "TABLES", "tables"},
                          {DEFACLOBJ_SEQUENCE, sequence_privileges, "SEQUENCES", "sequences"}};

// As the server has it: up to 15 membership is enough, since 16 the role's privileges must be inherited.
bool may_set_defaults_of(::Oid creator)
{
    return PG_VERSION_NUM >= 160000 ? ::has_privs_of_role(::GetUserId(), creator)
                                    : ::is_member_of_role(::GetUserId(), creator);
}

// What the owner of the database makes in the schema "public" belongs to itself and not to the role that owns
// the schema.
::Oid creator_of(::Oid schema_owner)
{
    if (schema_owner != ROLE_PG_DATABASE_OWNER)
        return schema_owner;
    const ::HeapTuple row = ::SearchSysCache1(::DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
    const ::Oid owner = fixed_part<FormData_pg_database>(row).datdba;
    ::ReleaseSysCache(row);
    return owner;
}

// Each once, by name; without those that are dropped meanwhile.
Array<NamedObject> in_order(Array<::Oid> roles)
{
    sort_unique(roles);
    Array<NamedObject> named;
    for (const ::Oid role : roles)
        if (const char *name = ::GetUserNameFromId(role, true))
            named.push({.catalog = AuthIdRelationId, .oid = role, .name = name});
    std::sort(named.begin(), named.end(), [](const NamedObject &left, const NamedObject &right) {
        return ::strcmp(left.name, right.name) < 0;
    });
    return named;
}

} // namespace

Array<::Oid> FutureTables::find_creators(std::span<const Table> tables) const
{
    Array<::Oid> creators;
    const auto add = [&](::Oid creator) {
        if (creator != role)
            creators.push(creator);
    };
    add(creator_of(privileges.owner));
    for (const Table &table : tables)
        if (table.schema_oid == schema.oid && (table.relkind == RELKIND_RELATION || table.is_partitioned()))
            add(table.owner);
    for (const DefaultPrivileges &entry : defaults)
        if (holding_of(role, entry.creator, entry.list).granted != ACL_NO_RIGHTS)
            add(entry.creator);
    return creators;
}

bool FutureTables::plan_creator(const NamedObject &creator, Plan &plan) const
{
    const char *where = ::psprintf("DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s", identifier(creator.name),
                                   identifier(schema.name));
    bool has_changes = false;
    for (const Kind &kind : kinds) {
        const PrivilegeTarget target{
            .kind = default_privileges_statement,
            .about = {.schema = schema.name, .object = ::psprintf("%s ON %s", where, kind.on)},
            .table = nullptr,
            .privileges = kind.privileges,
            .prefix = ::psprintf("ALTER %s ", where),
            .on = kind.on,
            .name = schema.name,
            .owner = InvalidOid,
            .list = 0};
        const ::Datum list = find_default_privileges(defaults, creator.oid, kind.object_type);
        has_changes |=
            plan_privileges(target, access, holding_of(role, creator.oid, list), {}, grantee, plan);
    }
    return has_changes;
}

// What the role would get beyond what it is to have, from a creator in whatever schema.
::AclMode FutureTables::excess_of(::Oid creator, char object_type, const AccessPrivileges &kind) const
{
    const Holding held = holding_of(role, creator, find_default_privileges(global, creator, object_type));
    const ::AclMode wanted = kind.wanted(access);
    return (held.granted & ~wanted) | (held.grantable & wanted);
}

// A creator is also whoever may create in the schema after the plan.
void FutureTables::skip_global(std::span<const ::Oid> creators, Plan &plan) const
{
    Array<::Oid> others;
    for (const DefaultPrivileges &entry : global)
        if (entry.creator != role && holding_of(role, entry.creator, entry.list).granted != ACL_NO_RIGHTS)
            others.push(entry.creator);
    for (const NamedObject &creator : in_order(others))
        for (const Kind &kind : kinds) {
            const ::AclMode excess = excess_of(creator.oid, kind.object_type, kind.privileges);
            const auto is_creator = [&] {
                return std::find(creators.begin(), creators.end(), creator.oid) != creators.end() ||
                       may(creator.oid, ACL_CREATE, privileges, to_hold);
            };
            if (excess == ACL_NO_RIGHTS || !is_creator())
                continue;
            plan.skipped.push({.about = {.schema = schema.name,
                                         .object = ::psprintf("DEFAULT PRIVILEGES FOR ROLE %s ON %s",
                                                              identifier(creator.name), kind.on)},
                               .name = schema.name,
                               .reason = ::psprintf(
                                   "default privileges of role \"%s\" without IN SCHEMA grant %s on %s to %s",
                                   creator.name, privilege_names(excess), kind.in_words, grantee.name)});
        }
}

void FutureTables::plan(std::span<const Table> tables, Plan &plan) const
{
    const Array<::Oid> creators = find_creators(tables);
    if (creators.is_empty() && access != Access::none)
        plan.remarks.push(
            {.level = NOTICE,
             .message = ::psprintf("no other role owns schema \"%s\" or a table in it", schema.name),
             .detail = "Nothing is planned for future tables."});
    for (const NamedObject &creator : in_order(creators)) {
        if (!plan_creator(creator, plan))
            continue;
        plan.names.push(creator);
        if (!may_set_defaults_of(creator.oid))
            plan.deny({.one = "permission denied to change default privileges of role",
                       .many = "permission denied to change default privileges of roles",
                       .name = creator.name});
    }
    skip_global(creators.view(), plan);
}

} // namespace dj_deploy
