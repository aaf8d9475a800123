// GRANT SELECT ON TABLE "lab"."session" TO "analyst", and REVOKE of what goes beyond, for everything in a
// schema, or of one table, that a role does not hold exactly the privileges on that were asked for.
#pragma once

#include "plan/privileges.hpp"
#include "planners/grant_facts.hpp"

namespace dj_deploy {

struct GrantsPlanner {
    static constexpr Scope scope = {.has_hidden = true,
                                    .has_partitions = false,
                                    .has_privileges = true,
                                    .has_relations = true,
                                    .has_parts = true};
    static constexpr std::array statements = {&table_privileges_statement, &schema_privileges_statement,
                                              &default_privileges_statement};

    const char *role_name; // "public" is PUBLIC
    Grantee grantee;
    Access access;
    bool has_future_tables;
    std::span<const ::Oid> excepted = {}; // sorted: relations of which something else is said
    std::span<const ToHold> to_hold = {}; // on the schema, after all plans; empty when this is the only one
    bool notes_dependents = true;         // what else of the schema depends on a role without access

    static GrantsPlanner of(const char *role, Access access, bool has_future_tables)
    {
        return {.role_name = role,
                .grantee = Grantee::of(role),
                .access = access,
                .has_future_tables = has_future_tables};
    }

    // Of schemas, or of one table with its partitions and sequences. 42704 for a role that does not exist.
    void plan(const Target &target, std::span<const Table> tables, Plan &plan) const;
    // The same of what has been read of these.
    void plan(GrantFacts &facts, Plan &plan) const;
    void plan(GrantFacts &facts, const RoleFacts &role, Plan &plan) const;

private:
    ::Oid resolve_role() const;
    bool is_excepted(const Table &table) const
    {
        return std::binary_search(excepted.begin(), excepted.end(), table.oid);
    }
    void plan_schema(::Oid role, const SchemaPrivileges &current, Plan &plan) const;
    void plan_shards(const Table &table, ::Oid role, std::size_t first, Plan &plan) const;
    void plan_tables(GrantFacts &facts, const RoleFacts &known, Plan &plan) const;
    void note_missing_usage(::Oid role, const Table &table, Plan &plan) const;
    void plan_schemas(GrantFacts &facts, const RoleFacts &role, Plan &plan) const;
    void note_dependents(GrantFacts &facts, const RoleFacts &role, SchemaFacts &schema, Plan &plan) const;
};

} // namespace dj_deploy
