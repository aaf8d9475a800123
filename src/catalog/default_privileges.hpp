// What tables and sequences that a role creates start with. Without a list by hand of who creates any: it is
// found from the schema, or from the role that is named.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct DefaultPrivileges {
    ::Oid creator;
    char object_type; // 'r' or 'S', as in pg_default_acl
    ::Datum list;     // as in holding_of()
};

// Those IN SCHEMA.
Array<DefaultPrivileges> read_default_privileges(::Oid schema);

// Those without IN SCHEMA, which hold in every schema; all in which the role (ACL_ID_PUBLIC for PUBLIC) is
// named, and perhaps others.
Array<DefaultPrivileges> read_global_default_privileges(::Oid role);

// 0 when there is none.
::Datum find_default_privileges(std::span<const DefaultPrivileges> defaults, ::Oid creator, char object_type);

} // namespace dj_deploy
