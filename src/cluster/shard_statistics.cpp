// Sums are made by the engine's query.
#include "cluster/shard_statistics.hpp"

namespace dj_deploy {

namespace {

HeapFacts heap_of(const Row &row, int column, bool is_counted)
{
    const Array<double> numbers = row.reals(column);
    return {.pages = numbers[0],
            .pages_at_count = numbers[1],
            .rows_at_count = numbers[2],
            .dead_at_count = numbers[3],
            .live = numbers[4],
            .dead = numbers[5],
            .is_counted = is_counted};
}

} // namespace

Array<ShardStatistics> read_shard_statistics(const Sharded &sharded)
{
    Array<ShardStatistics> all;
    ask_nodes(sharded, &Engine::statistics, [&](const Row &row) {
        all.push({.table = row.oid(3),
                  .bytes = row.bigint(4),
                  .toast_bytes = row.bigint(5),
                  .rows = row.optional_bigint(6),
                  .last_vacuum = row.optional_timestamp(7),
                  .last_analyze = row.optional_timestamp(8),
                  .updates = row.bigint(9),
                  .deletes = row.bigint(10),
                  .since = row.optional_timestamp(11),
                  .heap = heap_of(row, 12, row.boolean(14)),
                  .toast = heap_of(row, 13, row.boolean(15)),
                  .has_used_toast = row.boolean(16)});
    });
    return all;
}

void count_shards(Array<WriteFacts> &all_facts, std::span<const ::Oid> tables, const Sharded &sharded)
{
    const Array<ShardStatistics> statistics = read_shard_statistics(sharded);
    for (WriteFacts &facts : all_facts) {
        const ShardStatistics *found =
            find_sorted(statistics.view(), &ShardStatistics::table, tables[facts.table]);
        if (found == nullptr)
            continue;
        if (found->since)
            facts.days = static_cast<double>(::GetCurrentTimestamp() - *found->since) / USECS_PER_DAY;
        facts = {.table = facts.table,
                 .is_counting = facts.is_counting,
                 .updates = found->updates,
                 .deletes = found->deletes,
                 .since = found->since ? found->since : facts.since,
                 .days = facts.days,
                 .heap = found->heap,
                 .toast = found->toast,
                 .has_used_toast = found->has_used_toast};
    }
}

Array<ColumnStatistics> read_shard_columns(const Sharded &sharded)
{
    Array<ColumnStatistics> all;
    ask_nodes(sharded, &Engine::columns, [&](const Row &row) {
        all.push({.table = row.oid(3),
                  .column = row.string(4),
                  .null_fraction = row.real(5),
                  .width = row.real(6)});
    });
    return all;
}

} // namespace dj_deploy
