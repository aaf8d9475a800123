// Which of our processes wait for a shard, on any node.
#pragma once

#include "cluster/nodes.hpp"

namespace dj_deploy {

// A statement of a process of this node that waits for a lock on a shard.
struct ShardWait {
    std::int32_t pid;
    const char *node;
    const char *shard; // its schema and name
    std::int64_t milliseconds;
};

// Those of some processes of this node, the longest first. Tells of nobody who does not answer.
Array<ShardWait> read_shard_waits(const Engine &engine, std::span<const std::int32_t> pids);

} // namespace dj_deploy
