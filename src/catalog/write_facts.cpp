// Reads pg_class and the cumulative statistics, and asks the file system for the sizes.
#include "catalog/write_facts.hpp"

#include "pg/query.hpp"
#include "pg/storage.hpp"

namespace dj_deploy {

namespace {

// Resetting the statistics of a database, or of anything in it but (from 19 on) a table, sets its time. Until
// then they are as old as those of the server, which begin when it is made and after a crash; each kind of
// those can be reset alone, so that the earliest counts.
constexpr const char *sql = R"(
    WITH server AS MATERIALIZED (
        SELECT COALESCE(
                   pg_catalog.pg_stat_get_db_stat_reset_time(d.oid),
                   LEAST((SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter),
                         (SELECT stats_reset FROM pg_catalog.pg_stat_archiver),
                         (SELECT stats_reset FROM pg_catalog.pg_stat_wal),
                         (SELECT pg_catalog.min(stats_reset) FROM pg_catalog.pg_stat_slru))) AS since,
               pg_catalog.clock_timestamp() AS now,
               NOT pg_catalog.pg_is_in_recovery()
               AND pg_catalog.current_setting('track_counts')::boolean AS is_counting
        FROM pg_catalog.pg_database d
        WHERE d.datname = pg_catalog.current_database()
    ), relation AS (
        SELECT u.number, c.oid, c.reltoastrelid, c.relpages::float8, c.reltuples::float8, s.since, s.now, s.is_counting
        FROM server s
        CROSS JOIN pg_catalog.unnest($1) WITH ORDINALITY AS u(oid, number)
        JOIN pg_catalog.pg_class c ON c.oid = u.oid
    )
    SELECT (r.number - 1)::integer, r.is_counting,
           pg_catalog.pg_stat_get_tuples_updated(r.oid), pg_catalog.pg_stat_get_tuples_deleted(r.oid),
           r.since, r.now,
           pg_catalog.pg_relation_filepath(r.oid), r.relpages, r.reltuples,
           pg_catalog.pg_stat_get_live_tuples(r.oid), pg_catalog.pg_stat_get_dead_tuples(r.oid),
           COALESCE(pg_catalog.pg_stat_get_last_vacuum_time(r.oid),
                    pg_catalog.pg_stat_get_last_autovacuum_time(r.oid),
                    pg_catalog.pg_stat_get_last_analyze_time(r.oid),
                    pg_catalog.pg_stat_get_last_autoanalyze_time(r.oid)) IS NOT NULL,
           GREATEST(pg_catalog.pg_stat_get_dead_tuples(r.oid)
                    - pg_catalog.pg_stat_get_mod_since_analyze(r.oid), 0)::float8,
           pg_catalog.pg_relation_filepath(t.oid), t.relpages::float8, t.reltuples::float8,
           pg_catalog.pg_stat_get_live_tuples(t.oid), pg_catalog.pg_stat_get_dead_tuples(t.oid),
           COALESCE(pg_catalog.pg_stat_get_last_vacuum_time(t.oid),
                    pg_catalog.pg_stat_get_last_autovacuum_time(t.oid)) IS NOT NULL,
           0::float8, COALESCE(pg_catalog.pg_stat_get_tuples_inserted(t.oid) > 0, false)
    FROM relation r
    LEFT JOIN pg_catalog.pg_class t ON t.oid = r.reltoastrelid
    ORDER BY r.number)";

// Seven columns from the given one on; no facts where there is no such heap.
HeapFacts read_heap(const Row &row, int column)
{
    const char *path = row.string(column);
    if (path == nullptr)
        return {};
    return {
        .pages = static_cast<double>(main_fork_bytes(path)) / BLCKSZ,
        .pages_at_count = row.real(column + 1),
        .rows_at_count = row.real(column + 2),
        .dead_at_count = row.real(column + 6),
        .live = static_cast<double>(row.bigint(column + 3)),
        .dead = static_cast<double>(row.bigint(column + 4)),
        .is_counted = row.boolean(column + 5),
    };
}

} // namespace

double HeapFacts::rows() const
{
    // After a reset the statistics know only what has happened since, until VACUUM or ANALYZE counts again.
    const bool has_count = !is_counted && rows_at_count > 0 && pages_at_count > 0;
    return has_count ? rows_at_count * pages / pages_at_count : live;
}

// One that nobody has counted is supposed to be as full as the others.
void HeapFacts::add(const HeapFacts &other)
{
    if (other.pages <= 0)
        return;
    const bool is_counted_too = (pages <= 0 || is_counted) && other.is_counted;
    pages += other.pages;
    pages_at_count += other.pages_at_count;
    rows_at_count = std::max(rows_at_count, 0.0) + std::max(other.rows_at_count, 0.0);
    dead_at_count += other.dead_at_count;
    live += other.live;
    dead += other.dead;
    is_counted = is_counted_too;
}

void WriteFacts::add(const WriteFacts &other)
{
    updates += other.updates;
    deletes += other.deletes;
    heap.add(other.heap);
    toast.add(other.toast);
    has_used_toast = has_used_toast || other.has_used_toast;
}

namespace {

// Days from one time to another; none where the first is not known.
std::optional<double> days_between(std::optional<::TimestampTz> since, ::TimestampTz now)
{
    return since ? std::optional<double>{static_cast<double>(now - *since) / USECS_PER_DAY} : std::nullopt;
}

} // namespace

Array<WriteFacts> read_write_facts(std::span<const ::Oid> tables)
{
    Array<WriteFacts> facts;
    query(
        sql,
        [&](const Row &row) {
            const auto table = static_cast<std::size_t>(row.integer(1));
            const ::TimestampTz reset = statistics_reset_time(tables[table]);
            const std::optional<::TimestampTz> since = reset != 0 ? reset : row.optional_timestamp(5);
            facts.push({
                .table = table,
                .is_counting = row.boolean(2),
                .updates = row.bigint(3),
                .deletes = row.bigint(4),
                .since = since,
                .days = days_between(since, *row.optional_timestamp(6)),
                .heap = read_heap(row, 7),
                .toast = read_heap(row, 14),
                .has_used_toast = row.boolean(21),
            });
        },
        tables);
    return facts;
}

} // namespace dj_deploy
