// What an operation is going to do, and what it leaves alone.
#pragma once

#include "catalog/news.hpp"
#include "cluster/shards.hpp"
#include "plan/change.hpp"

namespace dj_deploy {

// An object other than a table whose name stands in the statements: of pg_authid, pg_namespace or
// pg_publication, with its name when the plan was made. Without OID when a statement of the plan makes it.
struct NamedObject {
    ::Oid catalog;
    ::Oid oid;
    const char *name;
};

// Something that is not as asked and stays so.
struct Skip {
    About about;
    const char *name; // as in a message
    const char *reason;
    bool is_index = false;        // of the table: then the name is the index's
    const char *remedy = nullptr; // a statement, where there is one
};

// Something that the caller lacks besides ownership of tables. One message names all of a kind.
struct Denial {
    const char *one;  // what comes before the name: must be owner of schema
    const char *many; // and before several: must be owner of schemas
    const char *name;
};

// A message for the caller.
struct Remark {
    int level; // NOTICE or WARNING
    const char *message;
    const char *detail = nullptr;
    const char *hint = nullptr;
    int sqlstate = 0; // 0 is what the level has by itself
};

// The lock of a table: the strongest that its changes take.
struct TableLock {
    const Table *table;
    ::LOCKMODE mode;
    ::LOCKMODE chunk_mode; // of its chunks, which the changes of the table itself reach; NoLock for none
    bool needs_owner;
};

struct Plan {
    CatalogNews news;                    // before the catalog was read
    std::int32_t analyzed;               // tables considered
    bool ignores_current_state;          // the same whatever state the tables are in
    bool has_effects;                    // its changes say what they mean and how they are undone
    bool is_judged_elsewhere;            // who asked for it finds out what it does to writes and consumers
    std::optional<Array<::Oid>> members; // of extensions, where the plan leaves them out
    Shards *shards;                      // of the tables that were looked at; null where nobody may ask
    Array<Change> changes;
    Array<TableLock> locks; // of the tables that are changed, in the order in which they are taken
    Array<NamedObject> names;
    Array<NamedObject> schemas; // of all tables that were looked at, by OID
    Array<Skip> skipped;
    Array<Denial> denials; // each makes a run a 42501
    Array<Remark> remarks;

    void skip(const Table &table, const char *reason);
    void skip_index(const Table &table, const RelationName &index, const char *reason, const char *remedy);
    void deny(const Denial &denial); // once

    // Shards that are not as the table.
    std::span<const DifferingShards> differing_shards(const Table &table) const
    {
        return shards != nullptr ? shards->differing(table.oid) : std::span<const DifferingShards>{};
    }

    // The first of these for which the condition holds; null when there are none.
    template <class Condition>
    const DifferingShards *find_shards(const Table &table, Condition condition) const
    {
        for (const DifferingShards &differing : differing_shards(table))
            if (condition(differing))
                return &differing;
        return nullptr;
    }

    // The same change for another table.
    void repeat(Change change, const Table &table);
};

// The schemas of the tables, and those that the call names, by OID.
Array<NamedObject> schemas_of(std::span<const Table> tables, std::span<const ::Oid> named);

// Sorts the changes of each phase: those about no table first, then by the order of the tables; those of one
// table stay as they are. The locks are in one order for all operations, whatever the changes are sorted by.
// A plan for one table, or none, costs nothing.
void put_in_order(Plan &plan, std::span<const Table> tables);

// Raises remarks, NOTICEs first; of each kind ten at the most and how many more.
void announce(std::span<const Remark> remarks);

// Raises the plan's remarks, NOTICEs first, and a WARNING for each thing that is skipped, or for all schemas
// that something is skipped in for one reason; of each kind ten at the most and how many more.
// Only for the plan that counts: others may have been made and overtaken before it.
void announce(const Plan &plan);

} // namespace dj_deploy
