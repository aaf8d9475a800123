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

Array<ColumnStatistics> columns_of(const Row &row, ::Oid table)
{
    Array<ColumnStatistics> columns;
    const Array<const char *> names = row.strings(17);
    const Array<double> null_fractions = row.reals(18);
    const Array<double> widths = row.reals(19);
    for (std::size_t number = 0; number < names.count; number++)
        columns.push({.table = table,
                      .column = names[number],
                      .null_fraction = null_fractions[number],
                      .width = widths[number]});
    return columns;
}

} // namespace

Array<ShardStatistics> read_shard_statistics(const Sharded &sharded, bool has_columns)
{
    Array<ShardStatistics> all;
    const auto add = [&](const Row &row) {
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
                  .has_used_toast = row.boolean(16),
                  .columns = columns_of(row, row.oid(3))});
    };
    ask_nodes(sharded, &Engine::statistics, add, has_columns);
    return all;
}

void count_shards(Array<WriteFacts> &all_facts, std::span<const ::Oid> tables,
                  std::span<const ShardStatistics> statistics)
{
    for (WriteFacts &facts : all_facts) {
        const ShardStatistics *found = find_sorted(statistics, &ShardStatistics::table, tables[facts.table]);
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

Array<ColumnStatistics> columns_of(std::span<const ShardStatistics> statistics)
{
    Array<ColumnStatistics> all;
    for (const ShardStatistics &table : statistics)
        for (const ColumnStatistics &column : table.columns)
            all.push(column);
    return all;
}

} // namespace dj_deploy
