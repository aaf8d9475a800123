// Shards that are not as their table.
#pragma once

#include "catalog/tables.hpp"
#include "cluster/nodes.hpp"

namespace dj_deploy {

// Shards on one node that are alike, and unlike their table.
struct DifferingShards {
    ::Oid table;
    const char *node;
    const char *first; // the name of one of them
    std::int64_t count;
    char replica_identity;
    const char *identity_index; // as of a Table; its name is that of the table's index
    ::Datum options;            // as pg_class.reloptions, 0 when NULL
    ::Datum toast_options;      // of the TOAST table
    ::Datum privileges;         // as pg_class.relacl, with the table's owner as grantor; 0 when there is none
    ::Datum in_columns;         // the same of all columns together

    bool has_identity_of(const Table &other) const;

    // shard "session_102008" on node "worker-1:5432", or that and how many more
    const char *text() const;
};

// Those of the tables of a plan. The nodes are asked when somebody wants to know, once for all tables.
struct Shards {
    Array<::Oid> tables;
    bool is_read = false;
    Array<DifferingShards> found = {}; // by table

    static Shards *of(Array<::Oid> tables);

    std::span<const DifferingShards> differing(::Oid table);

private:
    void read();
};

} // namespace dj_deploy
