// The tables that an operation is about, with the facts that planners compare. Taken from pg_class, which
// shows every table whatever the role may see, without a lock on any of them.
#pragma once

#include "pg/array.hpp"
#include "request/target.hpp"

namespace dj_deploy {

struct Table {
    ::Oid oid;
    ::Oid schema_oid;
    ::Oid owner;
    ::Oid toast; // its TOAST table; InvalidOid when it has none
    const char *schema;
    const char *name;
    ::Datum options;            // pg_class.reloptions where the scope has them, 0 when NULL; neighbours share
    ::Datum privileges;         // equal values, as they do of relacl
    const char *identity_index; // its name when replica_identity is 'i'; null when it has been dropped
    char relkind;               // of pg_class, as are the next two
    char persistence;           // 'p' permanent, 'u' unlogged, 't' temporary
    char replica_identity;      // 'd', 'n', 'f' or 'i'
    bool has_children;          // partitions or inheriting tables; may be true without any
    bool has_indexes;           // may be true without any
    bool is_partition;
    bool is_member; // of an extension
    bool is_owned;  // the caller has the rights of the owner

    bool is_hidden() const { return name[0] == '~'; }
    // One that belongs to a publication of its schema, by itself.
    bool is_user_table() const { return !is_hidden() && !is_partition && !is_member; }
    bool is_partitioned() const { return relkind == RELKIND_PARTITIONED_TABLE; }
    bool is_sequence() const { return relkind == RELKIND_SEQUENCE; }
};

// What belongs to an operation beyond the plain tables of a schema.
struct Scope {
    bool has_hidden = false;     // those whose name starts with "~"
    bool has_members = false;    // members of an extension
    bool has_partitions = true;  // all partitions of its partitioned tables, wherever they live
    bool has_chunks = false;     // of its tables, in which an extension keeps their rows
    bool has_options = false;    // and with them their reloptions
    bool has_privileges = false; // and their relacl
    bool has_materialized_views = false;
    bool has_relations = false; // whatever privileges can be granted on: views, foreign tables, sequences ...
    bool has_parts = false;     // of one table: its partitions, and the sequences that belong to columns

    // What a call may name as its table.
    Nameable nameable() const
    {
        if (has_relations)
            return Nameable::relations;
        return has_materialized_views ? Nameable::materialized_views : Nameable::tables;
    }
};

// The target's tables, sorted by name and then schema, both in byte order. Schemas: their tables in the
// scope, without temporary ones and shards of a distributed table. One table: that table, whatever else it
// is; or what else may be named as one. A partitioned table brings its partitions along where the scope says
// so.
Array<Table> read_tables(const Target &target, const Scope &scope);

// The same for a caller that has read the members of extensions already; a single table needs none.
Array<Table> read_tables(const Target &target, const Scope &scope, std::span<const ::Oid> members);

// The relations that belong to an extension, sorted. The cost grows with what all extensions have.
Array<::Oid> read_extension_members();

// The OIDs of the tables, in their order.
inline Array<::Oid> oids_of(std::span<const Table> tables)
{
    Array<::Oid> oids;
    for (const Table &table : tables)
        oids.push(table.oid);
    return oids;
}

// Sorts the tables by name and then schema, both in byte order.
void sort_by_name(Array<Table> &tables);

} // namespace dj_deploy
