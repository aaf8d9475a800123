// Reads aclitem[] values with the server's macros, as aclexplode() does.
#include "catalog/privileges.hpp"

#include "pg/query.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

constexpr const char *columns_sql = R"(
    SELECT a.attrelid, c.relowner, a.attacl, a.attname
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE a.attrelid = ANY ($1) AND a.attacl IS NOT NULL AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum)";

// Those of the sorted tables in whose columns the role is mentioned. A role's privileges are registered in
// pg_shdepend, which saves looking at every column; not those of PUBLIC and of roles that initdb made.
Array<::Oid> tables_with_columns(::Oid role, std::span<const ::Oid> tables)
{
    Array<::Oid> found;
    if (role < FirstNormalObjectId) {
        for (const ::Oid table : tables)
            found.push(table);
        return found;
    }
    with_catalog(SharedDependRelationId, SharedDependReferenceIndexId, [&](const Catalog &dependencies) {
        const std::initializer_list<OidKey> of_role = {{Anum_pg_shdepend_refclassid, AuthIdRelationId},
                                                       {Anum_pg_shdepend_refobjid, role}};
        dependencies.scan(of_role, [&](::HeapTuple row) {
            const auto &dependency = fixed_part<FormData_pg_shdepend>(row);
            if (dependency.objsubid != 0 && dependency.dbid == MyDatabaseId &&
                dependency.classid == RelationRelationId &&
                std::binary_search(tables.begin(), tables.end(), dependency.objid))
                found.push(dependency.objid);
        });
    });
    return found;
}

// Raises 22023, as every use of a list by the server, for one that is not a plain array: the macros take its
// header at its word.
std::span<const ::AclItem> items_of(::Datum list, ::Oid owner)
{
    const ::Acl *acl = DatumGetAclP(list);
    ::aclmask(acl, owner, owner, ACL_NO_RIGHTS, ::ACLMASK_ANY);
    return {ACL_DAT(acl), static_cast<std::size_t>(ACL_NUM(acl))};
}

} // namespace

bool is_public(std::string_view role)
{
    return role == "public";
}

std::optional<::Oid> find_role(const char *name)
{
    if (is_public(name))
        return ACL_ID_PUBLIC;
    const ::Oid role = ::get_role_oid(name, true);
    return OidIsValid(role) ? std::optional(role) : std::nullopt;
}

void Holding::add_grantor(::Oid grantor)
{
    has_more_grantors |= OidIsValid(other_grantor) && other_grantor != grantor;
    other_grantor = grantor;
}

void Holding::add(const Holding &other)
{
    granted |= other.granted;
    grantable |= other.grantable;
    by_others |= other.by_others;
    grantable_by_others |= other.grantable_by_others;
    passed_on |= other.passed_on;
    has_more_grantors |= other.has_more_grantors;
    if (OidIsValid(other.other_grantor))
        add_grantor(other.other_grantor);
}

Holding holding_of(::Oid role, ::Oid owner, ::Datum list)
{
    Holding holding{};
    if (list == 0)
        return holding;
    for (const ::AclItem &item : items_of(list, owner)) {
        if (item.ai_grantor == role)
            holding.passed_on |= ACLITEM_GET_PRIVS(item);
        if (item.ai_grantee != role)
            continue;
        const bool is_by_owner = item.ai_grantor == owner;
        (is_by_owner ? holding.granted : holding.by_others) |= ACLITEM_GET_PRIVS(item);
        (is_by_owner ? holding.grantable : holding.grantable_by_others) |= ACLITEM_GET_GOPTIONS(item);
        if (!is_by_owner)
            holding.add_grantor(item.ai_grantor);
    }
    return holding;
}

Array<ColumnHolding> read_column_holdings(::Oid role, std::span<const ::Oid> tables)
{
    Array<ColumnHolding> holdings;
    const Array<::Oid> mentioned = tables_with_columns(role, tables);
    if (mentioned.is_empty())
        return holdings;
    const auto add = [&](const Row &row) {
        const ::Oid table = row.oid(1);
        if (holdings.is_empty() || holdings[holdings.count - 1].table != table)
            holdings.push({.table = table, .holding = {}});
        const ::Datum list = row.copy(3, ACLITEMARRAYOID);
        holdings[holdings.count - 1].holding.add(holding_of(role, row.oid(2), list));
        ::pfree(DatumGetPointer(list));
    };
    query(columns_sql, add, mentioned.view());
    return holdings;
}

Array<ColumnGrant> read_column_grants(::Oid table, const char *role)
{
    Array<ColumnGrant> grants;
    const std::optional<::Oid> grantee = find_role(role);
    if (!grantee)
        return grants;
    const auto add = [&](const Row &row) {
        const Holding holding = holding_of(*grantee, row.oid(2), row.copy(3, ACLITEMARRAYOID));
        if (holding.granted != ACL_NO_RIGHTS)
            grants.push({.column = row.name(4), .granted = holding.granted, .grantable = holding.grantable});
    };
    query(columns_sql, add, std::span<const ::Oid>(&table, 1));
    return grants;
}

SchemaPrivileges read_schema_privileges(::Oid schema)
{
    const ::HeapTuple row = ::SearchSysCache1(::NAMESPACEOID, ObjectIdGetDatum(schema));
    if (!HeapTupleIsValid(row))
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_SCHEMA),
                errmsg("schema with OID %u does not exist", schema));
    const auto &fixed = *reinterpret_cast<const FormData_pg_namespace *>(GETSTRUCT(row));
    bool is_null = false;
    const ::Datum list = ::SysCacheGetAttr(::NAMESPACEOID, row, Anum_pg_namespace_nspacl, &is_null);
    const SchemaPrivileges privileges{
        .name = ::pstrdup(NameStr(fixed.nspname)),
        .owner = fixed.nspowner,
        .list = is_null ? 0 : PointerGetDatum(DatumGetAclPCopy(list)),
    };
    ::ReleaseSysCache(row);
    return privileges;
}

bool inherits_from(::Oid role, ::Oid other)
{
    return role == other || (role != ACL_ID_PUBLIC && ::has_privs_of_role(role, other));
}

namespace {

// Whether the plan takes the privilege away from the grantee of the item, if it is not to hold it.
bool is_to_go(const ::AclItem &item, ::AclMode privilege, const SchemaPrivileges &schema,
              std::span<const ToHold> to_hold)
{
    const bool is_planned = std::any_of(to_hold.begin(), to_hold.end(),
                                        [&](const ToHold &one) { return one.role == item.ai_grantee; });
    return is_planned && item.ai_grantor == schema.owner &&
           (holding_of(item.ai_grantee, schema.owner, schema.list).passed_on & privilege) == 0;
}

} // namespace

bool may(::Oid role, ::AclMode privilege, const SchemaPrivileges &schema, std::span<const ToHold> to_hold)
{
    const auto counts = [&](::Oid grantee) {
        return grantee == ACL_ID_PUBLIC || inherits_from(role, grantee);
    };
    const auto gives = [&](const ToHold &one) {
        return (one.privileges & privilege) != 0 && counts(one.role);
    };
    if (inherits_from(role, schema.owner) || std::any_of(to_hold.begin(), to_hold.end(), gives))
        return true;
    if (schema.list == 0)
        return false;
    const std::span<const ::AclItem> items = items_of(schema.list, schema.owner);
    return std::any_of(items.begin(), items.end(), [&](const ::AclItem &item) {
        return (ACLITEM_GET_PRIVS(item) & privilege) != 0 && counts(item.ai_grantee) &&
               !is_to_go(item, privilege, schema, to_hold);
    });
}

} // namespace dj_deploy
