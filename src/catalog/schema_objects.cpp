// Reads pg_depend.
#include "catalog/schema_objects.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

Array<SchemaObject> read_schema_objects(::Oid schema)
{
    Array<SchemaObject> objects;
    objects.push({.catalog = NamespaceRelationId, .oid = schema});
    with_catalog(DependRelationId, DependReferenceIndexId, [&](const Catalog &dependencies) {
        const std::initializer_list<OidKey> of_schema = {{Anum_pg_depend_refclassid, NamespaceRelationId},
                                                         {Anum_pg_depend_refobjid, schema}};
        dependencies.scan(of_schema, [&](::HeapTuple row) {
            const auto &dependency = fixed_part<FormData_pg_depend>(row);
            objects.push({.catalog = dependency.classid, .oid = dependency.objid});
        });
    });
    sort_unique(objects);
    return objects;
}

std::span<const SchemaObject> objects_of(std::span<const SchemaObject> objects, ::Oid catalog)
{
    const auto is_before = [](const SchemaObject &object, ::Oid other) { return object.catalog < other; };
    const auto first = std::lower_bound(objects.begin(), objects.end(), catalog, is_before);
    const auto last = std::find_if(first, objects.end(),
                                   [&](const SchemaObject &object) { return object.catalog != catalog; });
    return {first, last};
}

} // namespace dj_deploy
