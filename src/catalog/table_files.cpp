// The catalogs say which files there are, the file system how large they are: the server's own functions
// would open each table and wait for whoever has locked it.
#include "catalog/table_files.hpp"

#include "pg/query.hpp"
#include "pg/storage.hpp"

namespace dj_deploy {

namespace {

// Everything is looked up by OID, so that the cost grows with these tables alone. Paths are those of a table
// and then of its indexes.
constexpr const char *sql = R"(
    SELECT t.number::int4,
           pg_catalog.pg_relation_filepath(c.oid) || ARRAY(
               SELECT pg_catalog.pg_relation_filepath(i.indexrelid)
               FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indislive ORDER BY i.indexrelid),
           CASE WHEN toast.oid IS NOT NULL THEN pg_catalog.pg_relation_filepath(toast.oid) || ARRAY(
               SELECT pg_catalog.pg_relation_filepath(i.indexrelid)
               FROM pg_catalog.pg_index i WHERE i.indrelid = toast.oid AND i.indislive ORDER BY i.indexrelid) END,
           CASE WHEN c.relkind = 'r' THEN ARRAY(
               SELECT CASE WHEN i.indrelid = c.oid THEN '' ELSE 'pg_toast.' END || x.relname
               FROM pg_catalog.pg_index i
               JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
               WHERE i.indrelid IN (c.oid, c.reltoastrelid) AND NOT i.indisvalid
               ORDER BY i.indrelid <> c.oid, x.relname COLLATE "C") ELSE '{}' END,
           c.relpersistence = 'u'
    FROM pg_catalog.unnest($1) WITH ORDINALITY AS t(oid, number)
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
    ORDER BY t.number)";

// Most of the cost is looking for files, so those that cannot be there are not looked for.
std::int64_t bytes_of(const Array<const char *> &paths, bool is_unlogged)
{
    std::int64_t bytes = 0;
    for (std::size_t place = 0; place < paths.count; place++)
        bytes += storage_bytes(paths[place], {.has_visibility_map = place == 0, .has_init = is_unlogged});
    return bytes;
}

} // namespace

Array<TableFiles> read_table_files(std::span<const ::Oid> tables)
{
    Array<TableFiles> all;
    all.resize(tables.size());
    query(
        sql,
        [&](const Row &row) {
            CHECK_FOR_INTERRUPTS();
            TableFiles &files = all[row.integer(1) - 1];
            const bool is_unlogged = row.boolean(5);
            files.toast_bytes = bytes_of(row.strings(3), is_unlogged);
            files.bytes = bytes_of(row.strings(2), is_unlogged) + files.toast_bytes;
            files.invalid_indexes = row.strings(4);
        },
        tables);
    return all;
}

namespace {

// Counters that are all zero say nothing: they may have been reset, or be those of another server.
constexpr const char *rows_sql = R"(
    SELECT t.number::int4,
           CASE WHEN c.relkind = 'p' THEN NULL
                WHEN pg_catalog.pg_stat_get_live_tuples(c.oid) > 0
                     OR pg_catalog.pg_stat_get_tuples_inserted(c.oid) > 0
                     OR pg_catalog.pg_stat_get_tuples_deleted(c.oid) > 0
                     OR COALESCE(pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                                 pg_catalog.pg_stat_get_last_autovacuum_time(c.oid),
                                 pg_catalog.pg_stat_get_last_analyze_time(c.oid),
                                 pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid)) IS NOT NULL
                THEN pg_catalog.pg_stat_get_live_tuples(c.oid)::float8
                WHEN c.reltuples BETWEEN 0 AND 9e18 THEN c.reltuples::float8 END
    FROM pg_catalog.unnest($1) WITH ORDINALITY AS t(oid, number)
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    ORDER BY t.number)";

} // namespace

Array<std::optional<std::int64_t>> read_live_rows(std::span<const ::Oid> tables)
{
    Array<std::optional<std::int64_t>> all;
    all.resize(tables.size());
    query(
        rows_sql,
        [&](const Row &row) {
            if (const std::optional<double> rows = row.optional_real(2))
                all[row.integer(1) - 1] = static_cast<std::int64_t>(*rows);
        },
        tables);
    return all;
}

} // namespace dj_deploy
