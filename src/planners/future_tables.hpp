// ALTER DEFAULT PRIVILEGES FOR ROLE "ana" IN SCHEMA "lab" GRANT SELECT ON TABLES TO "analyst", for everybody
// who creates tables in a schema and whose next one a role would not hold exactly what was asked for on.
#pragma once

#include "catalog/default_privileges.hpp"
#include "plan/privileges.hpp"

namespace dj_deploy {

struct FutureTables {
    ::Oid role;
    Access access;
    const Grantee &grantee;
    const NamedObject &schema;
    const SchemaPrivileges &privileges;          // on the schema
    std::span<const ToHold> to_hold;             // on the schema, after the plan
    std::span<const DefaultPrivileges> defaults; // IN SCHEMA
    std::span<const DefaultPrivileges> global;   // without

    // Creators are the owners of the schema's tables, the schema's owner and whoever has default privileges
    // in it for the role. Skips what they have granted without IN SCHEMA, which no statement about a schema
    // takes back.
    void plan(std::span<const Table> tables, Plan &plan) const;

private:
    Array<::Oid> find_creators(std::span<const Table> tables) const;
    bool plan_creator(const NamedObject &creator, Plan &plan) const;
    ::AclMode excess_of(::Oid creator, char object_type, const AccessPrivileges &kind) const;
    void skip_global(std::span<const ::Oid> creators, Plan &plan) const;
};

} // namespace dj_deploy
