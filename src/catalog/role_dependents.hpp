// What keeps a role from being dropped, as DROP ROLE would say it.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// "owner of table lab.own", "privileges for function lab.one()": what depends on the role in the schema, by
// kind and name, besides its privileges on the schema, on the sorted relations, and on tables and sequences
// to come. Names are quoted where SQL needs it.
Array<const char *> read_role_dependents(::Oid role, ::Oid schema, std::span<const ::Oid> relations);

} // namespace dj_deploy
