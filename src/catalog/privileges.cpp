// Reads aclitem[] values with the server's macros, as aclexplode() does.
#include "catalog/privileges.hpp"

namespace dj_deploy {

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

// The macros take the header of a list at its word, so that the server looks at it first.
std::span<const ::AclItem> items_of(::Oid owner, ::Datum list)
{
    if (list == 0)
        return {};
    const ::Acl *acl = DatumGetAclP(list);
    ::aclmask(acl, owner, owner, ACL_NO_RIGHTS, ::ACLMASK_ANY);
    return {ACL_DAT(acl), static_cast<std::size_t>(ACL_NUM(acl))};
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

void Holding::add_item(const ::AclItem &item, ::Oid role, ::Oid owner)
{
    if (item.ai_grantor == role)
        passed_on |= ACLITEM_GET_PRIVS(item);
    if (item.ai_grantee != role)
        return;
    const bool is_by_owner = item.ai_grantor == owner;
    (is_by_owner ? granted : by_others) |= ACLITEM_GET_PRIVS(item);
    (is_by_owner ? grantable : grantable_by_others) |= ACLITEM_GET_GOPTIONS(item);
    if (!is_by_owner)
        add_grantor(item.ai_grantor);
}

Holding holding_of(::Oid role, ::Oid owner, ::Datum list)
{
    Holding holding{};
    for (const ::AclItem &item : items_of(owner, list))
        holding.add_item(item, role, owner);
    return holding;
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
    const std::span<const ::AclItem> items = items_of(schema.owner, schema.list);
    return std::any_of(items.begin(), items.end(), [&](const ::AclItem &item) {
        return (ACLITEM_GET_PRIVS(item) & privilege) != 0 && counts(item.ai_grantee) &&
               !is_to_go(item, privilege, schema, to_hold);
    });
}

} // namespace dj_deploy
