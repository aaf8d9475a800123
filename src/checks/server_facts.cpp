// Facts about the server, its slots and WAL senders, and what checks ask of the schema beside them.
#include "checks/server_facts.hpp"

namespace dj_deploy {

// Columns that only newer servers have are read through jsonb, settings with a default of null.
//
// A publication is as old as its oldest row in the catalog: ALTER PUBLICATION writes that of pg_publication
// anew, and a superuser who made it in the beginning has no row in pg_shdepend. Its age is null beyond 2^31
// transactions, when age() has become negative.
//
// Citus' catalog is there with Citus only, so its query is handed over as a text: ts_stat() returns the words
// of what it finds, here one OID a row, and nothing for a null.
const char *const server_facts_sql = R"(
WITH target AS MATERIALIZED (
    SELECT n.oid, n.nspname::text AS schema_name, pg_catalog.quote_ident(n.nspname) AS name
    FROM pg_catalog.pg_namespace n
    WHERE n.oid = ANY ($1)
), role AS MATERIALIZED (
    SELECT r.*, pg_catalog.quote_ident(r.rolname) AS name
    FROM pg_catalog.pg_roles r
    WHERE r.rolname = CURRENT_USER
), relation AS MATERIALIZED (
    SELECT c.oid, c.relreplident, c.relrowsecurity, n.nspname::text AS schema_name, c.relname::text AS table_name,
           pg_catalog.quote_ident(n.nspname) AS schema,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
    FROM pg_catalog.unnest($3) AS t(oid)
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
), distributed AS MATERIALIZED (
    SELECT d.word::pg_catalog.oid AS oid
    FROM pg_catalog.ts_stat(
        CASE WHEN pg_catalog.has_table_privilege(
                      pg_catalog.to_regclass('pg_catalog.pg_dist_partition')::pg_catalog.oid, 'SELECT')
        THEN 'SELECT pg_catalog.array_to_tsvector(ARRAY[d.logicalrelid::pg_catalog.oid::text])
              FROM pg_catalog.pg_dist_partition d' END) d
), tables_of_kind AS MATERIALIZED (
    SELECT k.kind, k.tables, pg_catalog.count(*) AS members,
           CASE WHEN pg_catalog.count(DISTINCT k.schema_name) = 1 THEN pg_catalog.min(k.schema_name) END AS schema_name,
           CASE WHEN pg_catalog.count(*) = 1 THEN pg_catalog.min(k.table_name) END AS table_name,
           pg_catalog.string_agg(DISTINCT k.schema, ', ' ORDER BY k.schema) AS schemas,
           pg_catalog.string_agg(k.name, ', ' ORDER BY k.place) AS names,
           pg_catalog.string_agg(k.name, ', ' ORDER BY k.place) FILTER (WHERE k.place <= 3)
           || CASE WHEN pg_catalog.count(*) > 3 THEN ' and ' || pg_catalog.count(*) - 3 || ' more' ELSE '' END
           AS first_names
    FROM (
        SELECT k.kind, r.name, r.schema_name, r.table_name, r.schema, (SELECT pg_catalog.count(*) FROM relation a) AS tables,
               pg_catalog.row_number() OVER (PARTITION BY k.kind ORDER BY r.name COLLATE "C") AS place
        FROM relation r
        CROSS JOIN LATERAL (
            VALUES ('unreadable', NOT pg_catalog.has_table_privilege(r.oid, 'SELECT')),
                   ('filtered', r.relrowsecurity AND pg_catalog.row_security_active(r.oid)),
                   ('distributed', r.oid IN (SELECT d.oid FROM distributed d)),
                   ('full', r.relreplident = 'f')
        ) AS k(kind, is_so)
        WHERE k.is_so
    ) k
    GROUP BY k.kind, k.tables
), publication AS MATERIALIZED (
    SELECT p.*, pg_catalog.quote_ident(p.pubname) AS name, w.age,
           COALESCE((pg_catalog.to_jsonb(p) ->> 'puballsequences')::bool, false) AS is_for_sequences
    FROM pg_catalog.unnest($4) AS t(oid)
    JOIN pg_catalog.pg_publication p ON p.oid = t.oid
    CROSS JOIN LATERAL (
        SELECT CASE WHEN pg_catalog.min(w.age) >= 0 THEN pg_catalog.max(w.age) END AS age
        FROM (
            SELECT pg_catalog.age(p.xmin) AS age
            UNION ALL
            SELECT pg_catalog.age(r.xmin) FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid
            UNION ALL
            SELECT pg_catalog.age(s.xmin) FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid
            UNION ALL
            SELECT pg_catalog.age(d.xmin)
            FROM pg_catalog.pg_shdepend d
            JOIN pg_catalog.pg_database b ON b.oid = d.dbid AND b.datname = pg_catalog.current_database()
            WHERE d.classid = 'pg_catalog.pg_publication'::pg_catalog.regclass AND d.objid = p.oid
        ) w
    ) w
), server AS MATERIALIZED (
    SELECT pg_catalog.current_setting('server_version_num')::int AS version,
           pg_catalog.pg_is_in_recovery() AS is_standby,
           CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
           ELSE pg_catalog.pg_current_wal_lsn() END AS position,
           pg_catalog.current_setting('wal_level') AS wal_level,
           pg_catalog.current_setting('effective_wal_level', true) AS effective_wal_level,
           pg_catalog.current_setting('max_slot_wal_keep_size') AS keep_size,
           pg_catalog.current_setting('idle_replication_slot_timeout', true) AS idle_timeout,
           pg_catalog.current_setting('hot_standby_feedback')::bool AS has_feedback,
           COALESCE(pg_catalog.current_setting('sync_replication_slots', true)::bool, false) AS copies_slots,
           NULLIF(pg_catalog.translate(pg_catalog.current_setting('synchronized_standby_slots', true),
                                       ' "', ''), '') AS awaited_slots,
           COALESCE(pg_catalog.current_setting('citus.enable_change_data_capture', true)::bool, false)
           AS captures_shards
), patience AS MATERIALIZED (
    SELECT interval '10 minutes' AS time, 100000 AS transactions, 64 * 1048576 AS bytes
), slot AS MATERIALIZED (
    SELECT s.slot_name, s.slot_type, s.plugin, s.database, s.temporary, s.active, s.active_pid,
           s.catalog_xmin, s.confirmed_flush_lsn, s.wal_status,
           COALESCE(s.database = pg_catalog.current_database(), false) AS is_here,
           pg_catalog.quote_ident(s.slot_name) AS name,
           'SELECT pg_drop_replication_slot(' || pg_catalog.quote_literal(s.slot_name) || ')' AS drop_it,
           COALESCE('plugin ' || s.plugin || ', database ' || pg_catalog.quote_ident(s.database),
                    'physical') AS kind,
           pg_catalog.to_jsonb(s) ->> 'invalidation_reason' AS reason,
           pg_catalog.to_jsonb(s) ->> 'inactive_since' AS since,
           (pg_catalog.to_jsonb(s) ->> 'failover')::bool AS has_failover,
           pg_catalog.pg_wal_lsn_diff(v.position, s.restart_lsn) AS behind,
           pg_catalog.pg_wal_lsn_diff(v.position, s.confirmed_flush_lsn) AS unread
    FROM pg_catalog.pg_replication_slots s
    CROSS JOIN server v
    WHERE COALESCE(pg_catalog.to_jsonb(s) ->> 'synced', 'false') = 'false'
), slot_use AS MATERIALIZED (
    SELECT u.most, u.used, u.consumers, GREATEST(2 * u.most, 10) AS enough
    FROM (
        SELECT pg_catalog.current_setting('max_replication_slots')::int AS most, pg_catalog.count(*) AS used,
               pg_catalog.count(*) FILTER (WHERE s.active AND s.database = pg_catalog.current_database())
               AS consumers
        FROM pg_catalog.pg_replication_slots s
    ) u
), sender_use AS MATERIALIZED (
    SELECT u.most, u.used, (SELECT s.consumers FROM slot_use s) AS consumers,
           GREATEST(2 * u.most, 10) AS enough
    FROM (
        SELECT pg_catalog.current_setting('max_wal_senders')::int AS most, pg_catalog.count(*) AS used
        FROM pg_catalog.pg_stat_replication
    ) u
), standby_use AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM slot s WHERE s.slot_type = 'physical')
           OR EXISTS (SELECT FROM pg_catalog.pg_stat_replication a
                      WHERE NOT EXISTS (SELECT FROM slot s
                                        WHERE s.active_pid = a.pid AND s.database IS NOT NULL))
           AS is_there
))";

} // namespace dj_deploy
