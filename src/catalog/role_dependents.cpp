// pg_depend knows what is in a schema, pg_shdepend what depends on a role: two scans, and a closer look at
// what is in both.
#include "catalog/role_dependents.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

struct Object {
    ::Oid catalog;
    ::Oid oid;

    bool operator<(const Object &other) const
    {
        return catalog != other.catalog ? catalog < other.catalog : oid < other.oid;
    }
};

// What is in the schema, and the schema; sorted.
Array<Object> read_objects(::Oid schema)
{
    Array<Object> objects;
    objects.push({.catalog = NamespaceRelationId, .oid = schema});
    with_catalog(DependRelationId, DependReferenceIndexId, [&](const Catalog &dependencies) {
        const std::initializer_list<OidKey> of_schema = {{Anum_pg_depend_refclassid, NamespaceRelationId},
                                                         {Anum_pg_depend_refobjid, schema}};
        dependencies.scan(of_schema, [&](::HeapTuple row) {
            const auto &dependency = fixed_part<FormData_pg_depend>(row);
            objects.push({.catalog = dependency.classid, .oid = dependency.objid});
        });
    });
    std::sort(objects.begin(), objects.end());
    return objects;
}

// The table of a policy; InvalidOid when it is gone.
::Oid table_of_policy(::Oid policy)
{
    ::Oid table = InvalidOid;
    with_catalog(PolicyRelationId, PolicyOidIndexId, [&](const Catalog &policies) {
        policies.scan({{Anum_pg_policy_oid, policy}},
                      [&](::HeapTuple row) { table = fixed_part<FormData_pg_policy>(row).polrelid; });
    });
    return table;
}

bool is_about_relations(::Oid default_privileges)
{
    bool is_about_them = false;
    with_catalog(DefaultAclRelationId, DefaultAclOidIndexId, [&](const Catalog &defaults) {
        defaults.scan({{Anum_pg_default_acl_oid, default_privileges}}, [&](::HeapTuple row) {
            const char kind = fixed_part<FormData_pg_default_acl>(row).defaclobjtype;
            is_about_them = kind == DEFACLOBJ_RELATION || kind == DEFACLOBJ_SEQUENCE;
        });
    });
    return is_about_them;
}

// Whether these are privileges that the caller looks after itself.
bool is_known(const FormData_pg_shdepend &dependency, std::span<const ::Oid> relations)
{
    if (dependency.deptype != ::SHARED_DEPENDENCY_ACL)
        return false;
    switch (dependency.classid) {
    case NamespaceRelationId:
        return true;
    case RelationRelationId:
        return std::binary_search(relations.begin(), relations.end(), dependency.objid);
    case DefaultAclRelationId:
        return is_about_relations(dependency.objid);
    default:
        return false;
    }
}

const char *in_words(const FormData_pg_shdepend &dependency)
{
    const auto how = [&] {
        switch (dependency.deptype) {
        case ::SHARED_DEPENDENCY_OWNER:
            return "owner of";
        case ::SHARED_DEPENDENCY_ACL:
            return "privileges for";
        case ::SHARED_DEPENDENCY_POLICY:
            return "target of";
        default:
            return "initial privileges for";
        }
    };
    const ::ObjectAddress address{
        .classId = dependency.classid, .objectId = dependency.objid, .objectSubId = dependency.objsubid};
    const char *identity = ::getObjectIdentity(&address, true);
    if (identity == nullptr)
        return nullptr;
    const char *kind = dependency.classid == DefaultAclRelationId
                           ? "default privileges"
                           : ::getObjectTypeDescription(&address, true);
    return ::psprintf("%s %s %s", how(), kind, identity);
}

} // namespace

Array<const char *> read_role_dependents(::Oid role, ::Oid schema, std::span<const ::Oid> relations)
{
    Array<const char *> dependents;
    const Array<Object> objects = read_objects(schema);
    const auto is_in_schema = [&](const Object &object) {
        return std::binary_search(objects.begin(), objects.end(), object);
    };
    with_catalog(SharedDependRelationId, SharedDependReferenceIndexId, [&](const Catalog &dependencies) {
        const std::initializer_list<OidKey> of_role = {{Anum_pg_shdepend_refclassid, AuthIdRelationId},
                                                       {Anum_pg_shdepend_refobjid, role}};
        dependencies.scan(of_role, [&](::HeapTuple row) {
            const auto &dependency = fixed_part<FormData_pg_shdepend>(row);
            const bool is_policy = dependency.classid == PolicyRelationId;
            if (dependency.dbid != MyDatabaseId ||
                !is_in_schema({.catalog = is_policy ? RelationRelationId : dependency.classid,
                               .oid = is_policy ? table_of_policy(dependency.objid) : dependency.objid}) ||
                is_known(dependency, relations))
                return;
            if (const char *words = in_words(dependency))
                dependents.push(words);
        });
    });
    std::sort(dependents.begin(), dependents.end(),
              [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    return dependents;
}

} // namespace dj_deploy
