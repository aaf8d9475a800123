// pg_depend knows the default privileges of a schema and pg_shdepend those that name a role, so that neither
// costs a look at all that there are.
#include "catalog/default_privileges.hpp"

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

Array<DefaultPrivileges> read_all_global()
{
    Array<DefaultPrivileges> found;
    with_catalog(DefaultAclRelationId, DefaultAclOidIndexId, [&](const Catalog &defaults) {
        defaults.scan({}, [&](::HeapTuple row) { add_default_privileges(defaults, row, InvalidOid, found); });
    });
    return found;
}

} // namespace

Array<DefaultPrivileges> read_default_privileges(::Oid schema)
{
    Array<::Oid> oids;
    with_catalog(DependRelationId, DependReferenceIndexId, [&](const Catalog &dependencies) {
        const std::initializer_list<OidKey> of_schema = {{Anum_pg_depend_refclassid, NamespaceRelationId},
                                                         {Anum_pg_depend_refobjid, schema}};
        dependencies.scan(of_schema, [&](::HeapTuple row) {
            const auto &dependency = fixed_part<FormData_pg_depend>(row);
            if (dependency.classid == DefaultAclRelationId)
                oids.push(dependency.objid);
        });
    });
    return read_each(oids.view(), schema);
}

// The privileges of PUBLIC and of roles that initdb made are not registered.
Array<DefaultPrivileges> read_global_default_privileges(::Oid role)
{
    if (role < FirstNormalObjectId)
        return read_all_global();
    Array<::Oid> oids;
    with_catalog(SharedDependRelationId, SharedDependReferenceIndexId, [&](const Catalog &dependencies) {
        const std::initializer_list<OidKey> of_role = {{Anum_pg_shdepend_refclassid, AuthIdRelationId},
                                                       {Anum_pg_shdepend_refobjid, role}};
        dependencies.scan(of_role, [&](::HeapTuple row) {
            const auto &dependency = fixed_part<FormData_pg_shdepend>(row);
            if (dependency.dbid == MyDatabaseId && dependency.classid == DefaultAclRelationId)
                oids.push(dependency.objid);
        });
    });
    return read_each(oids.view(), InvalidOid);
}

::Datum find_default_privileges(std::span<const DefaultPrivileges> defaults, ::Oid creator, char object_type)
{
    for (const DefaultPrivileges &entry : defaults)
        if (entry.creator == creator && entry.object_type == object_type)
            return entry.list;
    return 0;
}

} // namespace dj_deploy
