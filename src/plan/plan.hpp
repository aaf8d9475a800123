// What an operation is going to do, and what it leaves alone.
#pragma once

#include "plan/change.hpp"

namespace dj_deploy {

// An object other than a table whose name stands in the statements: pg_authid, pg_namespace or
// pg_publication, its OID and its name when the plan was made.
struct NamedObject {
    ::Oid catalog;
    ::Oid oid;
    const char *name;
};

// Something that is not as asked and stays so.
struct Skip {
    const char *object; // quoted as in a statement
    const char *reason;
};

struct Plan {
    std::uint64_t messages; // SharedInvalidMessageCounter before the catalog was read
    std::int32_t analyzed;  // tables considered
    Array<Change> changes;
    Array<NamedObject> names;
    Array<Skip> skipped;
    Array<const char *> denials; // what the caller lacks besides ownership of tables: messages of a 42501

    void skip(const Table &table, const char *reason);
};

// Sorts the changes: those about no table first, then by the order of the tables; those of one table stay as
// they are. A plan for one table, or none, costs nothing.
void put_in_order(Plan &plan, std::span<const Table> tables);

// A WARNING for each thing that is skipped, ten at the most and how many more.
void warn_of_skipped(const Plan &plan);

} // namespace dj_deploy
