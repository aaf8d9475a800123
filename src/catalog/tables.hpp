// The tables that an operation is about, with the facts that planners compare. Taken from pg_class, which
// shows every table whatever the role may see, without a lock on any of them.
#pragma once

#include "pg/array.hpp"
#include "request/target.hpp"

namespace dj_deploy {

struct Table {
    ::Oid oid;
    ::Oid schema_oid;
    const char *schema;
    const char *name;
    char relkind;               // 'r' table or 'p' partitioned table
    char replica_identity;      // pg_class.relreplident: 'd', 'n', 'f' or 'i'
    const char *identity_index; // its name when replica_identity is 'i'; null when it has been dropped
    bool has_children;          // partitions or inheriting tables; may be true without any
    bool is_owned;              // the caller has the rights of the owner

    bool is_partitioned() const { return relkind == RELKIND_PARTITIONED_TABLE; }
};

// Whether a schema's hidden tables, those whose name starts with "~", belong to the operation.
enum class HiddenTables { left_out, included };

// The target's tables, sorted by name and then schema, both in byte order. A schema: its tables except
// temporary ones, members of an extension and shards of a distributed table. One table: that table, hidden or
// not. Either way a partitioned table brings all its partitions along, wherever they live.
Array<Table> read_tables(Target target, HiddenTables hidden_tables);

} // namespace dj_deploy
