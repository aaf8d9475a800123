// set_grants: GRANT SELECT ON TABLE "lab"."session" TO "analyst", and REVOKE of what goes beyond, for
// everything in a schema that the role does not hold exactly the privileges on that were asked for.
#include "operation.hpp"

#include "catalog/class_values.hpp"
#include "catalog/privileges.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

enum class Access { none, read, write, all };

constexpr std::array access_names = {"none", "read", "write", "all"};

Access request_access(const Arguments &arguments)
{
    const char *access = arguments.string("access");
    for (std::size_t index = 0; index < access_names.size(); index++)
        if (::pg_strcasecmp(access, access_names[index]) == 0)
            return static_cast<Access>(index);
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("access must be 'none', 'read', 'write' or 'all'; got '%s'", access));
    ::pg_unreachable();
}

// The server takes the name, quoted or not, for PUBLIC, and allows no role of that name.
bool is_public(std::string_view role)
{
    return role == "public";
}

// What each access means for a kind of object, by Access.
struct Kind {
    std::array<::AclMode, 4> wanted;

    ::AclMode all() const { return wanted.back(); }
};

constexpr ::AclMode write_to_table = ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE;
constexpr Kind table_kind = {{ACL_NO_RIGHTS, ACL_SELECT, write_to_table, ACL_ALL_RIGHTS_RELATION}};
constexpr Kind sequence_kind = {{ACL_NO_RIGHTS, ACL_SELECT, ACL_SELECT | ACL_USAGE, ACL_ALL_RIGHTS_SEQUENCE}};
constexpr Kind schema_kind = {{ACL_NO_RIGHTS, ACL_USAGE, ACL_USAGE, ACL_ALL_RIGHTS_SCHEMA}};

// Where privileges are held, in the words of a statement: prefix GRANT ... ON on, the table's name, TO ...
struct Object {
    const Table *table; // null for a schema and for default privileges
    const Kind &kind;
    const char *prefix;
    const char *on;
    const char *name; // quoted, when there is no table
};

struct SetGrants {
    static constexpr const char *command = "GRANT";
    static constexpr Scope scope = {.has_hidden = true, .has_partitions = false, .has_relations = true};

    const char *role_name;
    const char *to; // the role in a GRANT and in a REVOKE
    const char *from;
    Access access;
    bool has_future_tables;

    static SetGrants request(const Arguments &arguments)
    {
        const char *role = arguments.string("role");
        require_name("role", role);
        const char *grantee = is_public(role) ? "PUBLIC" : identifier(role);
        return {.role_name = role,
                .to = ::psprintf(" TO %s", grantee),
                .from = ::psprintf(" FROM %s", grantee),
                .access = request_access(arguments),
                .has_future_tables = arguments.boolean("future_tables")};
    }

    void plan(Target target, std::span<const Table> tables, Plan &plan) const;

    ::Oid resolve_role() const;
    void plan_schema(::Oid role, ::Oid schema, Plan &plan) const;
    void plan_tables(::Oid role, std::span<const Table> tables, Plan &plan) const;
    void plan_future_tables(::Oid role, ::Oid schema, std::span<const Table> tables, Plan &plan) const;
    bool plan_object(const Object &object, const Holding &own, const Holding &in_columns, Plan &plan) const;
};

::Oid SetGrants::resolve_role() const
{
    if (is_public(role_name))
        return ACL_ID_PUBLIC;
    const ::Oid role = ::get_role_oid(role_name, true);
    if (!OidIsValid(role))
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("role \"%s\" does not exist", role_name));
    return role;
}

void push_statement(const Object &object, const char *action, ::AclMode privileges, const char *to,
                    Plan &plan)
{
    if (privileges == ACL_NO_RIGHTS)
        return;
    plan.changes.push({
        .table = object.table,
        .before = ::psprintf("%s%s%s ON %s", object.prefix, action,
                             privilege_names(privileges, object.kind.all()), object.on),
        .after = to,
        .lock = AccessShareLock,
    });
}

void skip(const Object &object, Plan &plan, const char *reason)
{
    if (object.table != nullptr)
        plan.skip(*object.table, reason);
    else
        plan.skipped.push({.object = object.name, .reason = reason});
}

// Returns whether anything is to be done. The owner's REVOKE takes away what the owner granted, of the
// columns too; it fails where the role has passed a privilege on.
bool SetGrants::plan_object(const Object &object, const Holding &own, const Holding &in_columns,
                            Plan &plan) const
{
    const ::AclMode wanted = object.kind.wanted[static_cast<std::size_t>(access)];
    Holding held = own;
    held.add(in_columns);
    const ::AclMode others = (held.by_others & ~wanted) | (held.grantable_by_others & wanted);
    const ::AclMode excess = held.granted & ~wanted;
    const ::AclMode grantable = held.grantable & wanted;
    const ::AclMode stuck = (excess | grantable) & held.passed_on;
    const ::AclMode missing = wanted & ~(own.granted | own.by_others);

    if (others != ACL_NO_RIGHTS)
        skip(object, plan,
             ::psprintf("%s was granted by role \"%s\"", privilege_names(others, ACL_NO_RIGHTS),
                        ::GetUserNameFromId(held.other_grantor, true)));
    if (stuck != ACL_NO_RIGHTS)
        skip(object, plan, ::psprintf("%s was passed on to others", privilege_names(stuck, ACL_NO_RIGHTS)));
    push_statement(object, "REVOKE ", excess & ~stuck, from, plan);
    push_statement(object, "REVOKE GRANT OPTION FOR ", grantable & ~stuck, from, plan);
    push_statement(object, "GRANT ", missing, to, plan);
    return ((excess | grantable) & ~stuck) != ACL_NO_RIGHTS || missing != ACL_NO_RIGHTS;
}

void SetGrants::plan_schema(::Oid role, ::Oid schema, Plan &plan) const
{
    const ::HeapTuple row = ::SearchSysCache1(::NAMESPACEOID, ObjectIdGetDatum(schema));
    if (!HeapTupleIsValid(row))
        return;
    const auto &fixed = *reinterpret_cast<const FormData_pg_namespace *>(GETSTRUCT(row));
    const ::Oid owner = fixed.nspowner;
    const char *name = ::pstrdup(NameStr(fixed.nspname));
    bool is_null = false;
    const ::Datum list = ::SysCacheGetAttr(::NAMESPACEOID, row, Anum_pg_namespace_nspacl, &is_null);
    const Holding held = holding_of(role, owner, is_null ? 0 : list);
    ::ReleaseSysCache(row);

    plan.names.push({.catalog = NamespaceRelationId, .oid = schema, .name = name});
    const char *quoted = identifier(name);
    const Object object{.table = nullptr,
                        .kind = schema_kind,
                        .prefix = "",
                        .on = ::psprintf("SCHEMA %s", quoted),
                        .name = quoted};
    if (owner != role && plan_object(object, held, {}, plan) && !::has_privs_of_role(::GetUserId(), owner))
        plan.denials.push(::psprintf("must be owner of schema \"%s\"", name));
}

void SetGrants::plan_tables(::Oid role, std::span<const Table> tables, Plan &plan) const
{
    Array<::Oid> oids;
    for (const Table &table : tables)
        oids.push(table.oid);
    std::sort(oids.begin(), oids.end());
    const Array<ClassValue> lists = read_class_values(Anum_pg_class_relacl, oids.view());
    const Array<ColumnHolding> columns = read_column_holdings(role, oids.view());

    plan.analyzed = 0;
    for (const Table &table : tables) {
        plan.analyzed += !table.is_sequence();
        if (table.owner == role)
            continue;
        const auto column =
            std::lower_bound(columns.begin(), columns.end(), table.oid,
                             [](const ColumnHolding &holding, ::Oid oid) { return holding.table < oid; });
        const bool has_columns = column != columns.end() && column->table == table.oid;
        const Object object{.table = &table,
                            .kind = table.is_sequence() ? sequence_kind : table_kind,
                            .prefix = "",
                            .on = table.is_sequence() ? "SEQUENCE " : "TABLE ",
                            .name = nullptr};
        plan_object(object, holding_of(role, table.owner, find_class_value(lists.view(), table.oid)),
                    has_columns ? column->holding : Holding{}, plan);
    }
}

// The default privileges of every role that owns a table in the schema and can create another.
void SetGrants::plan_future_tables(::Oid role, ::Oid schema, std::span<const Table> tables, Plan &plan) const
{
    Array<::Oid> owners;
    for (const Table &table : tables)
        if ((table.relkind == RELKIND_RELATION || table.is_partitioned()) && table.owner != role)
            owners.push(table.owner);
    std::sort(owners.begin(), owners.end());
    owners.count = std::unique(owners.begin(), owners.end()) - owners.begin();
    const auto cannot_create = [&](::Oid owner) {
        return ::object_aclcheck(NamespaceRelationId, schema, owner, ACL_CREATE) != ::ACLCHECK_OK;
    };
    owners.count = std::remove_if(owners.begin(), owners.end(), cannot_create) - owners.begin();

    const char *schema_name = ::get_namespace_name(schema);
    if (owners.is_empty())
        ereport(NOTICE, errmsg("no owner of tables in schema \"%s\" can create more of them", schema_name));
    for (const ::Oid owner : owners) {
        const char *owner_name = ::GetUserNameFromId(owner, false);
        plan.names.push({.catalog = AuthIdRelationId, .oid = owner, .name = owner_name});
        const Object object{.table = nullptr,
                            .kind = table_kind,
                            .prefix = ::psprintf("ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s ",
                                                 identifier(owner_name), identifier(schema_name)),
                            .on = "TABLES",
                            .name = identifier(schema_name)};
        const auto held = [&](char type) {
            return holding_of(role, owner, read_default_privileges(owner, schema, type));
        };
        bool has_changes = plan_object(object, held(DEFACLOBJ_RELATION), {}, plan);
        const Object sequences{.table = nullptr,
                               .kind = sequence_kind,
                               .prefix = object.prefix,
                               .on = "SEQUENCES",
                               .name = object.name};
        has_changes |= plan_object(sequences, held(DEFACLOBJ_SEQUENCE), {}, plan);
        if (has_changes && !::has_privs_of_role(::GetUserId(), owner))
            plan.denials.push(
                ::psprintf("permission denied to change default privileges of role \"%s\"", owner_name));
    }
}

void SetGrants::plan(Target target, std::span<const Table> tables, Plan &plan) const
{
    const ::Oid role = resolve_role();
    if (!is_public(role_name))
        plan.names.push({.catalog = AuthIdRelationId, .oid = role, .name = role_name});
    plan_schema(role, target.schema, plan);
    plan_tables(role, tables, plan);
    if (has_future_tables)
        plan_future_tables(role, target.schema, tables, plan);
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_OPERATION(set_grants, dj_deploy::SetGrants);
