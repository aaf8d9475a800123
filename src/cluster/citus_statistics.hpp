// What the nodes of Citus have counted and measured. For citus.cpp, which see.
#pragma once

#include "cluster/engine.hpp"

namespace dj_deploy {

// Who has a lock on a table, or is about to get one, that keeps its size from being asked: then the last
// VACUUM's counts. Each node has a copy of all rows of a reference table.
inline constexpr const char *citus_statistics = R"(
    WITH sharded AS (
        SELECT c.oid, n.nspname, c.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY ($1)
    ), asked AS MATERIALIZED (
        SELECT d.nodename || ':' || d.nodeport AS node, r.success, r.result
        FROM pg_catalog.run_command_on_all_nodes(pg_catalog.replace($node$
            WITH locked AS MATERIALIZED (
                SELECT COALESCE(i.indrelid, l.relation) AS oid
                FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = l.relation
                WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
            ), shard AS MATERIALIZED (
                SELECT t.oid AS of_table, c.oid, c.relpages::pg_catalog.float8, c.reltuples::pg_catalog.float8, c.reltoastrelid,
                       x.relpages::pg_catalog.float8 AS toast_pages, x.reltuples::pg_catalog.float8 AS toast_rows,
                       pg_catalog.set_config('lock_timeout', '1s', true) IS NOT NULL
                       AND c.oid NOT IN (SELECT oid FROM locked)
                       AND c.reltoastrelid NOT IN (SELECT oid FROM locked) AS is_free,
                       (c.relpages + COALESCE((SELECT pg_catalog.sum(b.relpages) FROM pg_catalog.pg_index i
                                               JOIN pg_catalog.pg_class b ON b.oid = i.indexrelid
                                               WHERE i.indrelid = c.oid), 0)) AS counted
                FROM pg_catalog.jsonb_to_recordset($tables::pg_catalog.jsonb)
                     AS t(oid pg_catalog.oid, nspname pg_catalog.name, relname pg_catalog.name)
                JOIN pg_catalog.pg_namespace n ON n.nspname = t.nspname
                JOIN pg_catalog.pg_class d ON d.relnamespace = n.oid AND d.relname = t.relname
                JOIN pg_catalog.pg_dist_shard s ON s.logicalrelid = d.oid
                JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.shardid
                JOIN pg_catalog.pg_dist_local_group l ON l.groupid = p.groupid
                CROSS JOIN LATERAL pg_catalog.parse_ident(pg_catalog.shard_name(d.oid, s.shardid)) AS q(parts)
                JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
                                          AND c.relname = q.parts[pg_catalog.cardinality(q.parts)]::pg_catalog.name
                LEFT JOIN pg_catalog.pg_class x ON x.oid = c.reltoastrelid
                WHERE c.relkind <> 'p'
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
                FROM shard h CROSS JOIN (SELECT pg_catalog.current_setting('block_size')::pg_catalog.int8 AS size) AS b
            )
            SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(k)), '[]')
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
                  FROM measured m GROUP BY m.of_table) AS k $node$, '$tables',
            pg_catalog.quote_literal((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(sharded)) FROM sharded)))) AS r
        JOIN pg_catalog.pg_dist_node d ON d.nodeid = r.nodeid
    )
    SELECT a.node, a.result, NULL::pg_catalog.oid, NULL::pg_catalog.int8, NULL::pg_catalog.int8, NULL::pg_catalog.int8,
           NULL::pg_catalog.timestamptz, NULL::pg_catalog.timestamptz, NULL::pg_catalog.int8, NULL::pg_catalog.int8,
           NULL::pg_catalog.timestamptz, NULL::pg_catalog.float8[], NULL::pg_catalog.float8[], NULL::boolean,
           NULL::boolean, NULL::boolean
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
            pg_catalog.bool_and(s.is_counted), pg_catalog.bool_and(s.toast_is_counted), pg_catalog.bool_or(s.has_used_toast)
     FROM (SELECT result::pg_catalog.jsonb FROM asked WHERE success) AS a
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
     GROUP BY s.oid, t.partmethod, t.repmodel
     ORDER BY s.oid))";

// Averages over all shards that ANALYZE has seen, weighted by their rows.
inline constexpr const char *citus_columns = R"(
    WITH sharded AS (
        SELECT c.oid, n.nspname, c.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY ($1)
    ), asked AS MATERIALIZED (
        SELECT d.nodename || ':' || d.nodeport AS node, r.success, r.result
        FROM pg_catalog.run_command_on_all_nodes(pg_catalog.replace($node$
            SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(k)), '[]')
            FROM (SELECT h.oid, v.attname, pg_catalog.sum(h.reltuples) AS rows,
                         pg_catalog.sum(h.reltuples * v.null_frac) AS nulls,
                         pg_catalog.sum(h.reltuples * (1 - v.null_frac) * v.avg_width) AS bytes
                  FROM (SELECT t.oid, n.nspname, c.relname, c.reltuples::pg_catalog.float8
                        FROM pg_catalog.jsonb_to_recordset($tables::pg_catalog.jsonb)
                             AS t(oid pg_catalog.oid, nspname pg_catalog.name, relname pg_catalog.name)
                        JOIN pg_catalog.pg_namespace n ON n.nspname = t.nspname
                        JOIN pg_catalog.pg_class d ON d.relnamespace = n.oid AND d.relname = t.relname
                        JOIN pg_catalog.pg_dist_shard s ON s.logicalrelid = d.oid
                        JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.shardid
                        JOIN pg_catalog.pg_dist_local_group l ON l.groupid = p.groupid
                        CROSS JOIN LATERAL pg_catalog.parse_ident(pg_catalog.shard_name(d.oid, s.shardid)) AS q(parts)
                        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
                             AND c.relname = q.parts[pg_catalog.cardinality(q.parts)]::pg_catalog.name
                        WHERE c.reltuples > 0) AS h
                  JOIN pg_catalog.pg_stats v ON v.schemaname = h.nspname AND v.tablename = h.relname AND NOT v.inherited
                  WHERE v.null_frac BETWEEN 0 AND 1
                  GROUP BY h.oid, v.attname) AS k $node$, '$tables',
            pg_catalog.quote_literal((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(sharded)) FROM sharded)))) AS r
        JOIN pg_catalog.pg_dist_node d ON d.nodeid = r.nodeid
    )
    SELECT a.node, a.result, NULL::pg_catalog.oid, NULL::text, NULL::pg_catalog.float8, NULL::pg_catalog.float8
    FROM asked a WHERE NOT a.success
    UNION ALL
    (SELECT NULL, NULL, s.oid, s.attname, pg_catalog.sum(s.nulls) / pg_catalog.sum(s.rows),
            COALESCE(pg_catalog.sum(s.bytes) / NULLIF(pg_catalog.sum(s.rows) - pg_catalog.sum(s.nulls), 0), 0)
     FROM (SELECT result::pg_catalog.jsonb FROM asked WHERE success) AS a
     CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(a.result)
         AS s(oid pg_catalog.oid, attname text, rows pg_catalog.float8, nulls pg_catalog.float8, bytes pg_catalog.float8)
     GROUP BY s.oid, s.attname
     ORDER BY s.oid, s.attname COLLATE "C"))";

} // namespace dj_deploy
