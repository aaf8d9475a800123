// What is in the schema and depends on the role, and a closer look at that.
#include "catalog/role_dependents.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

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
bool is_known(const RoleReference &reference, std::span<const ::Oid> relations)
{
    if (reference.how != ::SHARED_DEPENDENCY_ACL)
        return false;
    switch (reference.object.catalog) {
    case NamespaceRelationId:
        return true;
    case RelationRelationId:
        return std::binary_search(relations.begin(), relations.end(), reference.object.oid);
    case DefaultAclRelationId:
        return is_about_relations(reference.object.oid);
    default:
        return false;
    }
}

const char *in_words(const RoleReference &reference)
{
    const auto how = [&] {
        switch (reference.how) {
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
    const ::ObjectAddress address{.classId = reference.object.catalog,
                                  .objectId = reference.object.oid,
                                  .objectSubId = reference.column};
    const char *identity = ::getObjectIdentity(&address, true);
    if (identity == nullptr)
        return nullptr;
    const char *kind = reference.object.catalog == DefaultAclRelationId
                           ? "default privileges"
                           : ::getObjectTypeDescription(&address, true);
    return ::psprintf("%s %s %s", how(), kind, identity);
}

bool is_among(const SchemaObject &object, std::span<const SchemaObject> objects)
{
    if (object.catalog == PolicyRelationId)
        return is_among({.catalog = RelationRelationId, .oid = table_of_policy(object.oid)}, objects);
    return std::binary_search(objects.begin(), objects.end(), object);
}

} // namespace

Array<const char *> name_dependents(std::span<const RoleReference> references,
                                    std::span<const SchemaObject> objects, std::span<const ::Oid> relations)
{
    Array<const char *> dependents;
    for (const RoleReference &reference : references) {
        if (!is_among(reference.object, objects) || is_known(reference, relations))
            continue;
        if (const char *words = in_words(reference))
            dependents.push(words);
    }
    std::sort(dependents.begin(), dependents.end(),
              [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    return dependents;
}

} // namespace dj_deploy
