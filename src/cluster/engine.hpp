// An engine that spreads tables over the nodes of a cluster, as far as this project deals with it: settings
// and queries. A file for each engine; engines.cpp lists them.
//
// A question is a query on this node that asks all others. Its first two columns are texts: the node, and
// what went wrong there, with NULL in all other columns. Those that begin with an OID give NULL for a node
// that had nothing to tell.
#pragma once

#include "pg/settings.hpp"

namespace dj_deploy {

struct Engine {
    const char *extension; // which is there in a database that uses it
    Setting passes_on;     // SET LOCAL reaches the nodes
    Setting sequential;    // statements of one transaction share a connection a node

    // $1 tables (oid[]): the OIDs of those that have shards, and of which nobody else knows anything: whether
    // this transaction has used shards, and why the caller may not ask the nodes (null when it may).
    const char *sharded;

    // $1 sharded tables. A table (oid), one of its shards (text) and how many are like it (int8) where that
    // differs from the table: replica identity ("char" as text) and its index (text), reloptions of it and
    // its TOAST table (text[]), privileges and those in all columns (aclitem[]), each as of the shard.
    const char *differing_shards;

    // $1 sharded tables, $2 whether their columns count (boolean). Sums over their shards, as ShardStatistics
    // has them.
    const char *statistics;

    // $1 sharded tables. Who holds or waits for a lock on one of their shards, as ShardLocker has them.
    const char *lockers;

    // $1 processes of this node (int4[]). Which of them (int4) waits for a lock on a shard (text) on another
    // node, where it executes a statement, and for how many ms (int8); the longest wait first.
    const char *waits;
};

extern const Engine citus;

// The engine that is loaded and that this database uses; null where there is none.
const Engine *engine_here();

} // namespace dj_deploy
