// pg_shdepend has an index for each side. That of the objects begins with the database.
#include "catalog/role_references.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

RoleReference reference_of(const FormData_pg_shdepend &dependency)
{
    return {.role = dependency.refobjid,
            .object = {.catalog = dependency.classid, .oid = dependency.objid},
            .column = dependency.objsubid,
            .how = dependency.deptype};
}

Array<::Oid> policies_of(std::span<const ::Oid> tables)
{
    Array<::Oid> policies;
    with_catalog(PolicyRelationId, PolicyPolrelidPolnameIndexId, [&](const Catalog &catalog) {
        catalog.scan_among({}, Anum_pg_policy_polrelid, tables,
                           [&](::HeapTuple row) { policies.push(fixed_part<FormData_pg_policy>(row).oid); });
    });
    std::sort(policies.begin(), policies.end());
    return policies;
}

void add_references_of(const Catalog &dependencies, ::Oid catalog, std::span<const ::Oid> objects,
                       Array<RoleReference> &references)
{
    const std::initializer_list<OidKey> of_catalog = {{Anum_pg_shdepend_dbid, MyDatabaseId},
                                                      {Anum_pg_shdepend_classid, catalog}};
    dependencies.scan_among(of_catalog, Anum_pg_shdepend_objid, objects, [&](::HeapTuple row) {
        const auto &dependency = fixed_part<FormData_pg_shdepend>(row);
        if (dependency.refclassid == AuthIdRelationId)
            references.push(reference_of(dependency));
    });
}

} // namespace

RoleReferences RoleReferences::read(::Oid role, std::size_t most_rows)
{
    RoleReferences references{.role = role, .is_whole = false, .rows_read = 0, .found = {}};
    if (!references.is_registered() || most_rows == 0)
        return references;
    references.is_whole = true;
    with_catalog(SharedDependRelationId, SharedDependReferenceIndexId, [&](const Catalog &dependencies) {
        const std::initializer_list<OidKey> of_role = {{Anum_pg_shdepend_refclassid, AuthIdRelationId},
                                                       {Anum_pg_shdepend_refobjid, role}};
        dependencies.scan_while(of_role, [&](::HeapTuple row) {
            const auto &dependency = fixed_part<FormData_pg_shdepend>(row);
            references.is_whole = references.rows_read < most_rows;
            references.rows_read += references.is_whole;
            if (dependency.dbid == MyDatabaseId)
                references.found.push(reference_of(dependency));
            return references.is_whole;
        });
    });
    return references;
}

Array<::Oid> tables_with_columns(std::span<const RoleReference> references, std::span<const ::Oid> tables)
{
    Array<::Oid> found;
    for (const RoleReference &reference : references)
        if (reference.column != 0 && reference.object.catalog == RelationRelationId &&
            std::binary_search(tables.begin(), tables.end(), reference.object.oid))
            found.push(reference.object.oid);
    sort_unique(found);
    return found;
}

Array<RoleReference> read_references_of(std::span<const SchemaObject> objects)
{
    Array<RoleReference> references;
    with_catalog(SharedDependRelationId, SharedDependDependerIndexId, [&](const Catalog &dependencies) {
        while (!objects.empty()) {
            const ::Oid catalog = objects.front().catalog;
            const std::span<const SchemaObject> of_catalog = objects_of(objects, catalog);
            Array<::Oid> oids;
            for (const SchemaObject &object : of_catalog)
                oids.push(object.oid);
            add_references_of(dependencies, catalog, oids.view(), references);
            if (catalog == RelationRelationId)
                add_references_of(dependencies, PolicyRelationId, policies_of(oids.view()).view(),
                                  references);
            objects = objects.subspan(of_catalog.size());
        }
    });
    std::sort(references.begin(), references.end(),
              [](const RoleReference &left, const RoleReference &right) { return left.role < right.role; });
    return references;
}

Array<::Oid> read_tables_with_columns(std::span<const ::Oid> tables)
{
    Array<RoleReference> references;
    with_catalog(SharedDependRelationId, SharedDependDependerIndexId, [&](const Catalog &dependencies) {
        add_references_of(dependencies, RelationRelationId, tables, references);
    });
    return tables_with_columns(references.view(), tables);
}

std::span<const RoleReference> references_of(std::span<const RoleReference> by_role, ::Oid role)
{
    const auto first =
        std::lower_bound(by_role.begin(), by_role.end(), role,
                         [](const RoleReference &reference, ::Oid other) { return reference.role < other; });
    const auto last = std::find_if(first, by_role.end(),
                                   [&](const RoleReference &reference) { return reference.role != role; });
    return {first, last};
}

} // namespace dj_deploy
