// What keeps a role from being dropped, as DROP ROLE would say it.
#pragma once

#include "catalog/role_references.hpp"

namespace dj_deploy {

// "owner of table lab.own", "privileges for function lab.one()": which of the references are about the
// sorted objects of a schema, by kind and name; but for privileges on the schema, on the sorted relations,
// and on tables and sequences to come. Names are quoted where SQL needs it.
Array<const char *> name_dependents(std::span<const RoleReference> references,
                                    std::span<const SchemaObject> objects, std::span<const ::Oid> relations);

} // namespace dj_deploy
