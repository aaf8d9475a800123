// Each is found by its OID, or by its creator: none of it costs a look at all that there are.
#include "catalog/default_privileges.hpp"

#include "pg/context.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

// With the schema, InvalidOid for none.
void add_default_privileges(const Catalog &defaults, ::HeapTuple row, ::Oid schema,
                            Array<DefaultPrivileges> &found)
{
    const auto &entry = fixed_part<FormData_pg_default_acl>(row);
    const bool is_relation =
        entry.defaclobjtype == DEFACLOBJ_RELATION || entry.defaclobjtype == DEFACLOBJ_SEQUENCE;
    if (entry.defaclnamespace != schema || !is_relation)
        return;
    bool is_null = false;
    const ::Datum list =
        heap_getattr(row, Anum_pg_default_acl_defaclacl, RelationGetDescr(defaults.table), &is_null);
    found.push({.creator = entry.defaclrole,
                .object_type = entry.defaclobjtype,
                .list = is_null ? 0 : PointerGetDatum(DatumGetAclPCopy(list))});
}

Array<DefaultPrivileges> read_each(std::span<const ::Oid> oids, ::Oid schema)
{
    Array<DefaultPrivileges> found;
    if (oids.empty())
        return found;
    with_catalog(DefaultAclRelationId, DefaultAclOidIndexId, [&](const Catalog &defaults) {
        for (const ::Oid oid : oids)
            defaults.scan({{Anum_pg_default_acl_oid, oid}},
                          [&](::HeapTuple row) { add_default_privileges(defaults, row, schema, found); });
    });
    return found;
}

Array<DefaultPrivileges> read_each_global(std::span<const RoleReference> references)
{
    Array<::Oid> oids;
    for (const RoleReference &reference : references)
        if (reference.object.catalog == DefaultAclRelationId)
            oids.push(reference.object.oid);
    return read_each(oids.view(), InvalidOid);
}

// However many schemas have some of a creator.
Array<DefaultPrivileges> read_all_global(const Catalog &defaults)
{
    Array<DefaultPrivileges> found;
    for (const ::Oid creator : defaults.read_distinct(Anum_pg_default_acl_defaclrole))
        defaults.scan(
            {{Anum_pg_default_acl_defaclrole, creator}, {Anum_pg_default_acl_defaclnamespace, InvalidOid}},
            [&](::HeapTuple row) { add_default_privileges(defaults, row, InvalidOid, found); });
    return found;
}

} // namespace

Array<DefaultPrivileges> read_default_privileges(::Oid schema, std::span<const SchemaObject> objects)
{
    Array<::Oid> oids;
    for (const SchemaObject &object : objects_of(objects, DefaultAclRelationId))
        oids.push(object.oid);
    return read_each(oids.view(), schema);
}

std::span<const DefaultPrivileges> GlobalDefaults::for_role(const RoleReferences &role)
{
    constexpr ::BlockNumber few_pages = 1;
    constexpr std::size_t few_rows = 64;
    if (!is_read)
        with_catalog(DefaultAclRelationId, DefaultAclRoleNspObjIndexId, [&](const Catalog &defaults) {
            is_read = reads_all || RelationGetNumberOfBlocks(defaults.table) <= few_pages;
            if (is_read)
                in_context(all.context, [&] { all = read_all_global(defaults); });
        });
    if (is_read)
        return all.view();
    const RoleReferences own = role.is_whole ? role : RoleReferences::read(role.role, few_rows);
    if (own.is_whole)
        return read_each_global(own.found.view()).view();
    reads_all = true;
    return for_role(role);
}

::Datum find_default_privileges(std::span<const DefaultPrivileges> defaults, ::Oid creator, char object_type)
{
    for (const DefaultPrivileges &entry : defaults)
        if (entry.creator == creator && entry.object_type == object_type)
            return entry.list;
    return 0;
}

} // namespace dj_deploy
