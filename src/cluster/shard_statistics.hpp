// What the nodes have counted and measured of shards.
#pragma once

#include "catalog/stored_columns.hpp"
#include "catalog/write_facts.hpp"
#include "cluster/nodes.hpp"

namespace dj_deploy {

// Of all shards of a table that were asked; what is missing nobody knows.
struct ShardStatistics {
    ::Oid table;
    std::int64_t bytes; // with indexes and TOAST, of all copies
    std::int64_t toast_bytes;
    std::optional<std::int64_t> rows;
    std::optional<::TimestampTz> last_vacuum;
    std::optional<::TimestampTz> last_analyze;
    std::int64_t updates; // in all copies, as each of them is written
    std::int64_t deletes;
    std::optional<::TimestampTz> since; // when the earliest statistics began
    HeapFacts heap;
    HeapFacts toast;
    bool has_used_toast;
    Array<ColumnStatistics> columns; // by name; none where nobody asked for them
};

// By table; none of a table whose nodes have not answered.
Array<ShardStatistics> read_shard_statistics(const Sharded &sharded, bool has_columns);

// The tables, with what was counted of their shards instead of the little that there is here.
void count_shards(Array<WriteFacts> &facts, std::span<const ::Oid> tables,
                  std::span<const ShardStatistics> statistics);

// Of all tables, by table and column.
Array<ColumnStatistics> columns_of(std::span<const ShardStatistics> statistics);

} // namespace dj_deploy
