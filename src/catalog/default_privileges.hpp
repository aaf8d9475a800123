// What tables and sequences that a role creates start with. Without a list by hand of who creates any: it is
// found from the schema, or from the role that is named.
#pragma once

#include "catalog/role_references.hpp"

namespace dj_deploy {

struct DefaultPrivileges {
    ::Oid creator;
    char object_type; // 'r' or 'S', as in pg_default_acl
    ::Datum list;     // as in holding_of()
};

// Those IN SCHEMA, of which its objects are.
Array<DefaultPrivileges> read_default_privileges(::Oid schema, std::span<const SchemaObject> objects);

// Those without IN SCHEMA, which hold in every schema.
struct GlobalDefaults {
    bool reads_all = false; // rather than those of one role after another
    bool is_read = false;   // all of them
    Array<DefaultPrivileges> all = {};

    // All in which the role (ACL_ID_PUBLIC for PUBLIC) is named, and perhaps others. Reads all, for this role
    // and the next ones, where they are on one page, or the role itself has too many dependencies.
    std::span<const DefaultPrivileges> for_role(const RoleReferences &role);
};

// 0 when there is none.
::Datum find_default_privileges(std::span<const DefaultPrivileges> defaults, ::Oid creator, char object_type);

} // namespace dj_deploy
