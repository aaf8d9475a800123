// Who is at the shards of tables, on any node.
#pragma once

#include "cluster/nodes.hpp"

namespace dj_deploy {

// A lock that a session or prepared transaction of another node holds or waits for. What is null is not known
// or not there.
struct ShardLocker {
    ::Oid table;
    const char *node;
    const char *shard; // its schema and name
    std::optional<std::int32_t> pid;
    const char *role;
    const char *application;
    const char *process; // what kind it is; null for a client's
    const char *state;
    const char *gid; // of a prepared transaction
    const char *age; // of the transaction
    const char *mode;
    bool is_granted;
};

// Holders first, then by the age of their transactions. Sessions of this node are left out: they hold or wait
// for a lock on the table here.
Array<ShardLocker> read_shard_lockers(const Sharded &sharded);

// A line for each of them that holds a lock on a shard of the table in conflict with the mode, with one of
// these shards (ten at the most, and how many more); null when nobody does.
const char *describe_shard_holders(std::span<const ShardLocker> lockers, ::Oid table, ::LOCKMODE mode);

// The same of all that there are. Tells of nobody who does not answer.
const char *describe_shard_holders(::Oid table, ::LOCKMODE mode);

} // namespace dj_deploy
