// What a role holds on an object, taken from its access control list.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// The server takes the name "public", quoted or not, for PUBLIC, and allows no role of that name.
bool is_public(std::string_view role);

// ACL_ID_PUBLIC for PUBLIC; nothing for a role that does not exist.
std::optional<::Oid> find_role(const char *name);

// Sets of privileges, one bit each.
struct Holding {
    ::AclMode granted;   // by the owner of the object
    ::AclMode grantable; // by the owner, with grant option
    ::AclMode by_others; // by somebody else
    ::AclMode grantable_by_others;
    ::AclMode passed_on; // by the role, to others or to itself
    ::Oid other_grantor; // one of those others
    bool has_more_grantors;

    void add(const Holding &other);
    void add_item(const ::AclItem &item, ::Oid role, ::Oid owner);
    void add_grantor(::Oid grantor);
};

// Of an aclitem[], 0 when the catalog has NULL. Raises 22023, as every use of a list by the server, for one
// that is not a plain array.
std::span<const ::AclItem> items_of(::Oid owner, ::Datum list);

// What the role itself (ACL_ID_PUBLIC for PUBLIC), and not a role it belongs to, holds by the list. NULL
// stands for the built-in default, which on tables, sequences and schemas gives nothing to anybody but the
// owner.
Holding holding_of(::Oid role, ::Oid owner, ::Datum list);

struct SchemaPrivileges {
    const char *name;
    ::Oid owner;
    ::Datum list; // pg_namespace.nspacl; 0 when NULL
};

// 3F000 when the schema is gone.
SchemaPrivileges read_schema_privileges(::Oid schema);

// Whether what the other is granted is good for the role: it is that role, or inherits from it.
bool inherits_from(::Oid role, ::Oid other);

// What a role itself (ACL_ID_PUBLIC for PUBLIC) is to hold on a schema.
struct ToHold {
    ::Oid role;
    ::AclMode privileges;
};

// Whether a role will have the one privilege on the schema, as its owner, by itself, by roles that it
// inherits from or as anybody, once others, perhaps the role too, hold what they are to. What the schema's
// owner cannot take away stays.
bool may(::Oid role, ::AclMode privilege, const SchemaPrivileges &schema, std::span<const ToHold> to_hold);

} // namespace dj_deploy
