// Reads pg_namespace as a whole: it has no index by owner or kind, and a database has few schemas.
#include "catalog/schemas.hpp"

#include "pg/scan.hpp"
#include "request/system_schema.hpp"

namespace dj_deploy {

namespace {

// What DataJoint makes in a schema before any table of a pipeline, or with the first.
constexpr std::array marks = {"~lineage", "~log"};

} // namespace

Array<Schema> read_user_schemas()
{
    Array<Schema> schemas;
    with_catalog(NamespaceRelationId, NamespaceOidIndexId, [&](const Catalog &namespaces) {
        namespaces.scan({}, [&](::HeapTuple row) {
            const auto &schema = fixed_part<FormData_pg_namespace>(row);
            if (!is_system_schema(NameStr(schema.nspname)))
                schemas.push({.oid = schema.oid,
                              .owner = schema.nspowner,
                              .name = ::pstrdup(NameStr(schema.nspname))});
        });
    });
    const auto is_member = [](const Schema &schema) {
        return OidIsValid(::getExtensionOfObject(NamespaceRelationId, schema.oid));
    };
    schemas.count = std::remove_if(schemas.begin(), schemas.end(), is_member) - schemas.begin();
    std::sort(schemas.begin(), schemas.end(),
              [](const Schema &left, const Schema &right) { return ::strcmp(left.name, right.name) < 0; });
    return schemas;
}

bool has_table(::Oid schema, const char *name)
{
    const char relkind = ::get_rel_relkind(::get_relname_relid(name, schema));
    return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE;
}

bool is_datajoint_schema(::Oid schema)
{
    return std::any_of(marks.begin(), marks.end(), [&](const char *mark) { return has_table(schema, mark); });
}

} // namespace dj_deploy
