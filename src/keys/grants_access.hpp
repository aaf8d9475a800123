// Which access a role holds in a schema.
#pragma once

#include "keys/grants.hpp"

namespace dj_deploy {

// What is known of a schema that is described, and of its tables one by one.
struct KnownSchema {
    std::span<const Table> relations;
    GrantFacts facts;
    Array<GrantFacts *> of_tables; // null until they are asked for
    ::MemoryContext context = ::CurrentMemoryContext;

    static KnownSchema read(::Oid schema, std::span<const Table> relations, GlobalDefaults &global);

    // Of the table, its partitions and sequences.
    GrantFacts &facts_of(const Table &table) const;
};

struct TableAccess {
    const Table *table;
    Access access;
};

// An access that a role holds in a schema, but for tables of which another one is said.
struct HeldAccess {
    Grant grant;
    Array<TableAccess> exceptions;
};

// A role that is described.
struct Candidate {
    ::Oid oid;
    const char *name;
    const KnownSchema &schema;
    GrantFacts &facts; // of the schema
    const RoleFacts &known;
};

// The access that the role holds with the fewest exceptions, and not more of them than other tables. Returns
// false for a role that has no such access.
bool find_held_access(const Candidate &role, HeldAccess &found);

} // namespace dj_deploy
