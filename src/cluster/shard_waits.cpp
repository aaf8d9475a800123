// The engine's query reads pg_locks of all nodes.
#include "cluster/shard_waits.hpp"

namespace dj_deploy {

Array<ShardWait> read_shard_waits(const Engine &engine, std::span<const std::int32_t> pids)
{
    Array<ShardWait> waits;
    query(
        engine.waits,
        [&](const Row &row) {
            if (row.string(2) == nullptr)
                waits.push({.pid = row.integer(3),
                            .node = row.string(1),
                            .shard = row.string(4),
                            .milliseconds = row.bigint(5)});
        },
        pids);
    return waits;
}

} // namespace dj_deploy
