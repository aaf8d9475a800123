// What the nodes of Citus have counted and measured. For citus.cpp, which see.
#pragma once

#include "cluster/citus_shards.hpp"

namespace dj_deploy {

// Who has a lock on a table, or is about to get one, that keeps its size from being asked: then the last
// VACUUM's counts. Each node has a copy of all rows of a reference table. Widths are averages over all shards
// that ANALYZE has seen, weighted by their rows.
inline constexpr auto citus_statistics = ask_about_shards(
    R"(, locked AS MATERIALIZED (
                SELECT COALESCE(i.indrelid, l.relation) AS oid
                FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = l.relation
                WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
            ), seen AS MATERIALIZED (
                SELECT s.*, x.relpages::pg_catalog.float8 AS toast_pages, x.reltuples::pg_catalog.float8 AS toast_rows,
                       pg_catalog.set_config('lock_timeout', '1s', true) IS NOT NULL
                       AND s.oid NOT IN (SELECT oid FROM locked)
                       AND s.reltoastrelid NOT IN (SELECT oid FROM locked) AS is_free,
                       (s.relpages + COALESCE((SELECT pg_catalog.sum(b.relpages) FROM pg_catalog.pg_index i
                                               JOIN pg_catalog.pg_class b ON b.oid = i.indexrelid
                                               WHERE i.indrelid = s.oid), 0)) AS counted
                FROM shard s LEFT JOIN pg_catalog.pg_class x ON x.oid = s.reltoastrelid
                WHERE s.relkind <> 'p'
            ), measured AS (
                SELECT h.*, b.size AS block,
                       CASE WHEN h.is_free THEN pg_catalog.pg_total_relation_size(h.oid)
                            ELSE (h.counted + COALESCE(h.toast_pages, 0)) * b.size END AS bytes,
                       CASE WHEN h.reltoastrelid = 0 THEN 0
                            WHEN h.is_free THEN pg_catalog.pg_total_relation_size(h.reltoastrelid)
                            ELSE h.toast_pages * b.size END AS toast_bytes,
                       CASE WHEN h.is_free THEN pg_catalog.pg_relation_size(h.oid) / b.size ELSE h.relpages END AS pages,
                       CASE WHEN h.reltoastrelid = 0 THEN 0
                            WHEN h.is_free THEN pg_catalog.pg_relation_size(h.reltoastrelid) / b.size
                            ELSE h.toast_pages END AS pages_of_toast,
                       GREATEST(pg_catalog.pg_stat_get_last_vacuum_time(h.oid),
                                pg_catalog.pg_stat_get_last_autovacuum_time(h.oid)) AS last_vacuum,
                       GREATEST(pg_catalog.pg_stat_get_last_analyze_time(h.oid),
                                pg_catalog.pg_stat_get_last_autoanalyze_time(h.oid)) AS last_analyze,
                       GREATEST(pg_catalog.pg_stat_get_last_vacuum_time(h.reltoastrelid),
                                pg_catalog.pg_stat_get_last_autovacuum_time(h.reltoastrelid)) AS last_toast_vacuum,
                       pg_catalog.pg_stat_get_live_tuples(h.oid) AS live, pg_catalog.pg_stat_get_dead_tuples(h.oid) AS dead,
                       pg_catalog.pg_stat_get_tuples_inserted(h.oid) + pg_catalog.pg_stat_get_tuples_deleted(h.oid) AS written
                FROM seen h CROSS JOIN (SELECT pg_catalog.current_setting('block_size')::pg_catalog.int8 AS size) AS b
            )
            SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(k) || pg_catalog.jsonb_build_object('columns', w.columns)),
                            '[]')
            FROM (SELECT m.of_table AS oid, pg_catalog.sum(m.bytes) AS bytes, pg_catalog.sum(m.toast_bytes) AS toast_bytes,
                         pg_catalog.max(m.last_vacuum) AS last_vacuum, pg_catalog.max(m.last_analyze) AS last_analyze,
                         pg_catalog.sum(CASE WHEN m.last_vacuum IS NOT NULL OR m.last_analyze IS NOT NULL OR m.live > 0
                                                  OR m.written > 0 THEN m.live
                                             WHEN m.reltuples >= 0 THEN m.reltuples END) AS rows,
                         pg_catalog.sum(pg_catalog.pg_stat_get_tuples_updated(m.oid)) AS updates,
                         pg_catalog.sum(pg_catalog.pg_stat_get_tuples_deleted(m.oid)) AS deletes,
                         (SELECT COALESCE(pg_catalog.pg_stat_get_db_stat_reset_time(d.oid),
                                          LEAST((SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter),
                                                (SELECT stats_reset FROM pg_catalog.pg_stat_archiver),
                                                (SELECT stats_reset FROM pg_catalog.pg_stat_wal),
                                                (SELECT pg_catalog.min(stats_reset) FROM pg_catalog.pg_stat_slru)))
                          FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS since,
                         pg_catalog.sum(m.pages) AS pages,
                         pg_catalog.sum(m.relpages) FILTER (WHERE m.reltuples >= 0) AS pages_at_count,
                         pg_catalog.sum(m.reltuples) FILTER (WHERE m.reltuples >= 0) AS rows_at_count,
                         pg_catalog.sum(GREATEST(m.dead - pg_catalog.pg_stat_get_mod_since_analyze(m.oid), 0))
                             AS dead_at_count,
                         pg_catalog.sum(m.live) AS live, pg_catalog.sum(m.dead) AS dead,
                         pg_catalog.bool_and(m.last_vacuum IS NOT NULL OR m.last_analyze IS NOT NULL) AS is_counted,
                         pg_catalog.sum(m.pages_of_toast) AS toast_pages,
                         pg_catalog.sum(m.toast_pages) FILTER (WHERE m.toast_rows >= 0) AS toast_pages_at_count,
                         pg_catalog.sum(m.toast_rows) FILTER (WHERE m.toast_rows >= 0) AS toast_rows_at_count,
                         pg_catalog.sum(pg_catalog.pg_stat_get_live_tuples(m.reltoastrelid)) AS toast_live,
                         pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(m.reltoastrelid)) AS toast_dead,
                         pg_catalog.bool_and(m.last_toast_vacuum IS NOT NULL) AS toast_is_counted,
                         pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(m.reltoastrelid)) > 0 AS has_used_toast
                  FROM measured m GROUP BY m.of_table) AS k
            LEFT JOIN (SELECT v.of_table, pg_catalog.jsonb_agg(pg_catalog.to_jsonb(v)) AS columns
                       FROM (SELECT s.of_table, v.attname, pg_catalog.sum(s.reltuples) AS rows,
                                    pg_catalog.sum(s.reltuples * v.null_frac) AS nulls,
                                    pg_catalog.sum(s.reltuples * (1 - v.null_frac) * v.avg_width) AS bytes
                             FROM seen s
                             JOIN pg_catalog.pg_stats v ON v.schemaname = s.nspname AND v.tablename = s.relname
                             WHERE $columns AND s.reltuples > 0 AND NOT v.inherited AND v.null_frac BETWEEN 0 AND 1
                             GROUP BY s.of_table, v.attname) AS v
                       GROUP BY v.of_table) AS w ON w.of_table = k.oid)",
    R"(, answer AS (
        SELECT result::pg_catalog.jsonb FROM asked WHERE success
    ), width AS (
        SELECT k.oid, pg_catalog.array_agg(k.attname ORDER BY k.attname COLLATE "C") AS names,
               pg_catalog.array_agg(k.nulls / k.rows ORDER BY k.attname COLLATE "C") AS null_fractions,
               pg_catalog.array_agg(COALESCE(k.bytes / NULLIF(k.rows - k.nulls, 0), 0)
                                    ORDER BY k.attname COLLATE "C") AS widths
        FROM (SELECT s.oid, v.attname, pg_catalog.sum(v.rows) AS rows, pg_catalog.sum(v.nulls) AS nulls,
                     pg_catalog.sum(v.bytes) AS bytes
              FROM answer a
              CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(a.result)
                  AS s(oid pg_catalog.oid, columns pg_catalog.jsonb)
              CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(s.columns)
                  AS v(attname text, rows pg_catalog.float8, nulls pg_catalog.float8, bytes pg_catalog.float8)
              GROUP BY s.oid, v.attname) AS k
        GROUP BY k.oid
    )
    SELECT a.node, a.result, NULL::pg_catalog.oid, NULL::pg_catalog.int8, NULL::pg_catalog.int8, NULL::pg_catalog.int8,
           NULL::pg_catalog.timestamptz, NULL::pg_catalog.timestamptz, NULL::pg_catalog.int8, NULL::pg_catalog.int8,
           NULL::pg_catalog.timestamptz, NULL::pg_catalog.float8[], NULL::pg_catalog.float8[], NULL::boolean,
           NULL::boolean, NULL::boolean, NULL::text[], NULL::pg_catalog.float8[], NULL::pg_catalog.float8[]
    FROM asked a WHERE NOT a.success
    UNION ALL
    (SELECT NULL, NULL, s.oid, pg_catalog.sum(s.bytes)::pg_catalog.int8, pg_catalog.sum(s.toast_bytes)::pg_catalog.int8,
            (CASE WHEN t.partmethod = 'n' AND t.repmodel = 't' THEN pg_catalog.max(s.rows)
                  ELSE pg_catalog.sum(s.rows) END)::pg_catalog.int8,
            pg_catalog.max(s.last_vacuum), pg_catalog.max(s.last_analyze), pg_catalog.sum(s.updates)::pg_catalog.int8,
            pg_catalog.sum(s.deletes)::pg_catalog.int8, pg_catalog.min(s.since),
            ARRAY[pg_catalog.sum(s.pages), COALESCE(pg_catalog.sum(s.pages_at_count), 0),
                  COALESCE(pg_catalog.sum(s.rows_at_count), -1), pg_catalog.sum(s.dead_at_count), pg_catalog.sum(s.live),
                  pg_catalog.sum(s.dead)],
            ARRAY[pg_catalog.sum(s.toast_pages), COALESCE(pg_catalog.sum(s.toast_pages_at_count), 0),
                  COALESCE(pg_catalog.sum(s.toast_rows_at_count), -1), 0, pg_catalog.sum(s.toast_live),
                  pg_catalog.sum(s.toast_dead)],
            pg_catalog.bool_and(s.is_counted), pg_catalog.bool_and(s.toast_is_counted), pg_catalog.bool_or(s.has_used_toast),
            w.names, w.null_fractions, w.widths
     FROM answer a
     CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(a.result)
         AS s(oid pg_catalog.oid, bytes pg_catalog.float8, toast_bytes pg_catalog.float8, rows pg_catalog.float8,
              last_vacuum pg_catalog.timestamptz, last_analyze pg_catalog.timestamptz, updates pg_catalog.float8,
              deletes pg_catalog.float8, since pg_catalog.timestamptz, pages pg_catalog.float8,
              pages_at_count pg_catalog.float8, rows_at_count pg_catalog.float8, dead_at_count pg_catalog.float8,
              live pg_catalog.float8, dead pg_catalog.float8, is_counted boolean, toast_pages pg_catalog.float8,
              toast_pages_at_count pg_catalog.float8, toast_rows_at_count pg_catalog.float8,
              toast_live pg_catalog.float8, toast_dead pg_catalog.float8, toast_is_counted boolean,
              has_used_toast boolean)
     JOIN pg_catalog.pg_dist_partition t ON t.logicalrelid::pg_catalog.oid = s.oid
     LEFT JOIN width w ON w.oid = s.oid
     GROUP BY s.oid, t.partmethod, t.repmodel, w.names, w.null_fractions, w.widths
     ORDER BY s.oid))");

} // namespace dj_deploy
