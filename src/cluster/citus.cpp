// Citus keeps the rows of a table in shards, tables of other names on any of the nodes, and executes what is
// said of the table on its shards, over connections of its own. Of the settings of a session only a SET LOCAL
// reaches these, only if another setting asks for that, and of one within a function only that of a DO block.
//
// Every node knows all tables and which shards it has. It is sent one command, over a connection outside the
// transaction, as the caller; $tables and the like are replaced by literals. What a session has that is
// connected to this node holds or waits for a lock here, too, so that Citus's connections for it are left
// out.
#include "cluster/citus_statistics.hpp"

namespace dj_deploy {

namespace {

// Reading shards in this transaction, or changing them, has given it a number.
constexpr const char *sharded = R"(
    SELECT p.logicalrelid::pg_catalog.oid,
           (SELECT t.transaction_number <> 0 FROM pg_catalog.get_current_transaction_id() AS t),
           (SELECT 'permission denied for function ' || f.proname
            FROM pg_catalog.pg_proc f
            WHERE f.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
              AND f.proname IN ('run_command_on_all_nodes', 'master_run_on_worker')
              AND NOT pg_catalog.has_function_privilege(f.oid, 'EXECUTE')
            ORDER BY f.proname LIMIT 1)
    FROM pg_catalog.pg_dist_partition p
    WHERE p.logicalrelid::pg_catalog.oid = ANY ($1)
    ORDER BY p.logicalrelid::pg_catalog.oid)";

// Shards that are alike are one row. Who granted a privilege makes no difference. An index that a shard has
// for its table goes by the name of the table's.
constexpr auto differing_shards = ask_about_shards(
    R"(
            SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'oid', k.of_table, 'shard', f.relname, 'shards', k.shards, 'identity', k.relreplident, 'index', k.index,
                'options', k.reloptions, 'toast_options', k.toast_options, 'in_columns', k.in_columns,
                'grants', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(
                                      CASE WHEN g.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(g.grantee) END,
                                      g.privilege_type, g.is_grantable))
                           FROM pg_catalog.aclexplode(
                               COALESCE(f.relacl, pg_catalog.acldefault('r', f.relowner))) AS g))), '[]')
            FROM (SELECT s.of_table, s.relreplident, i.name AS index, s.reloptions, x.reloptions AS toast_options,
                         g.in_columns, pg_catalog.min(s.oid) AS first, pg_catalog.count(*) AS shards
                  FROM shard s
                  LEFT JOIN pg_catalog.pg_class x ON x.oid = s.reltoastrelid
                  LEFT JOIN LATERAL (
                      SELECT COALESCE((SELECT o.relname
                                       FROM pg_catalog.pg_index t JOIN pg_catalog.pg_class o ON o.oid = t.indexrelid
                                       CROSS JOIN LATERAL pg_catalog.parse_ident(
                                           pg_catalog.shard_name(o.oid, s.shardid)) AS q(parts)
                                       WHERE t.indrelid = s.table_here
                                             AND q.parts[pg_catalog.cardinality(q.parts)]::pg_catalog.name = e.relname),
                                      e.relname) AS name
                      FROM pg_catalog.pg_index r JOIN pg_catalog.pg_class e ON e.oid = r.indexrelid
                      WHERE s.relreplident = 'i' AND r.indrelid = s.oid AND r.indisreplident AND r.indisvalid) AS i ON true
                  LEFT JOIN LATERAL (
                      SELECT pg_catalog.jsonb_agg(v.granted ORDER BY v.granted) AS in_columns
                      FROM pg_catalog.pg_attribute a
                      CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS l
                      CROSS JOIN LATERAL pg_catalog.jsonb_build_array(
                          CASE WHEN l.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(l.grantee) END,
                          l.privilege_type, l.is_grantable, a.attname) AS v(granted)
                      WHERE a.attrelid = s.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped) AS g ON true
                  GROUP BY s.of_table, s.relreplident, i.name, s.reloptions, x.reloptions, g.in_columns, s.relacl::text,
                           s.relowner) AS k
            JOIN pg_catalog.pg_class f ON f.oid = k.first)",
    R"(, answer AS (
        SELECT a.node, s.oid, s.shard, s.shards, s.identity, s.index, s.options, s.toast_options, c.relowner,
               c.relreplident, s.index IS NOT DISTINCT FROM e.relname AS has_same_index,
               ARRAY(SELECT pg_catalog.unnest(s.options) ORDER BY 1)
               = ARRAY(SELECT pg_catalog.unnest(c.reloptions) ORDER BY 1)
               AND ARRAY(SELECT pg_catalog.unnest(s.toast_options) ORDER BY 1)
                   = ARRAY(SELECT pg_catalog.unnest(x.reloptions) ORDER BY 1) AS has_same_options,
               s.grants, s.in_columns, COALESCE(c.relacl, pg_catalog.acldefault('r', c.relowner)) AS acl
        FROM (SELECT node, result::pg_catalog.jsonb FROM asked WHERE success) AS a
        CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(a.result)
            AS s(oid pg_catalog.oid, shard text, shards pg_catalog.int8, identity "char", index pg_catalog.name,
                 options text[], toast_options text[], grants pg_catalog.jsonb, in_columns pg_catalog.jsonb)
        JOIN pg_catalog.pg_class c ON c.oid = s.oid
        LEFT JOIN pg_catalog.pg_class x ON x.oid = c.reltoastrelid
        LEFT JOIN (pg_catalog.pg_index r JOIN pg_catalog.pg_class e ON e.oid = r.indexrelid)
             ON r.indrelid = c.oid AND r.indisreplident AND r.indisvalid AND c.relreplident = 'i'
    ), held AS (
        SELECT a.*, ARRAY(SELECT g.value FROM pg_catalog.jsonb_array_elements(a.grants) AS g(value) ORDER BY 1)
               = ARRAY(SELECT pg_catalog.jsonb_build_array(
                           CASE WHEN g.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(g.grantee) END,
                           g.privilege_type, g.is_grantable)
                       FROM pg_catalog.aclexplode(a.acl) AS g ORDER BY 1) AS has_same_privileges,
               ARRAY(SELECT g.value FROM pg_catalog.jsonb_array_elements(a.in_columns) AS g(value) ORDER BY 1)
               = ARRAY(SELECT pg_catalog.jsonb_build_array(
                           CASE WHEN g.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(g.grantee) END,
                           g.privilege_type, g.is_grantable, t.attname)
                       FROM pg_catalog.pg_attribute t CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) AS g
                       WHERE t.attrelid = a.oid AND t.attacl IS NOT NULL AND NOT t.attisdropped
                       ORDER BY 1) AS has_same_in_columns
        FROM answer a
    )
    SELECT a.node, a.result, NULL::pg_catalog.oid, NULL::text, NULL::pg_catalog.int8, NULL::text, NULL::text,
           NULL::text[], NULL::text[], NULL::pg_catalog.aclitem[], NULL::pg_catalog.aclitem[]
    FROM asked a WHERE NOT a.success
    UNION ALL
    (SELECT h.node, NULL, h.oid, h.shard, h.shards, h.identity::text, h.index::text, h.options, h.toast_options,
            ARRAY(SELECT pg_catalog.makeaclitem(COALESCE(r.oid, 0), h.relowner, g.value ->> 1, (g.value ->> 2)::boolean)
                  FROM pg_catalog.jsonb_array_elements(h.grants) AS g(value)
                  LEFT JOIN pg_catalog.pg_roles r ON r.rolname = g.value ->> 0
                  WHERE r.oid IS NOT NULL OR g.value ->> 0 = ''),
            ARRAY(SELECT pg_catalog.makeaclitem(COALESCE(r.oid, 0), h.relowner, g.value ->> 1, (g.value ->> 2)::boolean)
                  FROM pg_catalog.jsonb_array_elements(h.in_columns) AS g(value)
                  LEFT JOIN pg_catalog.pg_roles r ON r.rolname = g.value ->> 0
                  WHERE r.oid IS NOT NULL OR g.value ->> 0 = '')
     FROM held h
     WHERE h.identity <> h.relreplident OR NOT h.has_same_index OR NOT h.has_same_options OR NOT h.has_same_privileges
           OR NOT h.has_same_in_columns
     ORDER BY h.oid, h.node COLLATE "C", h.shard COLLATE "C"))");

// A global process id names the node of the session before its process.
constexpr const char *lockers = R"(
    WITH asked AS MATERIALIZED (
        SELECT d.nodename || ':' || d.nodeport AS node, r.success, r.result
        FROM pg_catalog.run_command_on_all_nodes(pg_catalog.replace(pg_catalog.replace($node$
            SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(k)), '[]')
            FROM (SELECT n.nspname, d.relname, c.relname AS shard, l.pid, COALESCE(a.usename, o.owner) AS role,
                         NULLIF(a.application_name, '') AS application,
                         NULLIF(a.backend_type, 'client backend') AS process, a.state, o.gid,
                         COALESCE(a.xact_start, o.prepared) AS since,
                         pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - COALESCE(a.xact_start, o.prepared))
                             AS age, l.mode, l.granted
                  FROM pg_catalog.pg_locks l
                  JOIN pg_catalog.pg_class c ON c.oid = l.relation
                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                  JOIN pg_catalog.pg_dist_shard s
                       ON s.shardid = pg_catalog.substring(c.relname::text, '_([0-9]{1,18})$')::pg_catalog.int8
                  JOIN pg_catalog.pg_class d ON d.oid = s.logicalrelid AND d.relnamespace = c.relnamespace
                  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
                  LEFT JOIN (pg_catalog.pg_prepared_xacts o
                             JOIN pg_catalog.pg_locks h ON h.transactionid = o.transaction AND h.pid IS NULL
                                                       AND h.locktype = 'transactionid' AND h.granted)
                         ON l.pid IS NULL AND h.virtualtransaction = l.virtualtransaction
                  WHERE l.locktype = 'relation' AND c.relkind IN ('r', 'p')
                    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
                    AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
                    AND COALESCE(pg_catalog.substring(a.application_name, '^citus_run_command gpid=([0-9]+)$'), '') <> $gpid
                    AND COALESCE(pg_catalog.substring(a.application_name, '^citus_internal gpid=([0-9]+)[0-9]{10}$'), '')
                        <> $node) AS k $node$,
            '$gpid', pg_catalog.quote_literal(pg_catalog.citus_backend_gpid()::text)),
            '$node', pg_catalog.quote_literal(COALESCE(
                (SELECT e.nodeid FROM pg_catalog.pg_dist_node e
                 JOIN pg_catalog.pg_dist_local_group g ON g.groupid = e.groupid
                 WHERE e.noderole = 'primary'), 99999999)::text))) AS r
        JOIN pg_catalog.pg_dist_node d ON d.nodeid = r.nodeid
    )
    SELECT a.node, a.result, NULL::pg_catalog.oid, NULL::text, NULL::pg_catalog.int4, NULL::text, NULL::text, NULL::text,
           NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean
    FROM asked a WHERE NOT a.success
    UNION ALL
    (SELECT a.node, NULL, c.oid, s.nspname || '.' || s.shard, s.pid, s.role, s.application, s.process, s.state, s.gid,
            s.age, s.mode, s.granted
     FROM (SELECT node, result::pg_catalog.jsonb FROM asked WHERE success) AS a
     CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(a.result)
         AS s(nspname pg_catalog.name, relname pg_catalog.name, shard text, pid pg_catalog.int4, role text,
              application text, process text, state text, gid text, since pg_catalog.timestamptz, age text, mode text,
              granted boolean)
     JOIN pg_catalog.pg_namespace n ON n.nspname = s.nspname
     JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.relname
     WHERE c.oid = ANY ($1)
     ORDER BY NOT s.granted, s.since, a.node COLLATE "C", s.pid, s.shard COLLATE "C", s.mode COLLATE "C"))";

// A lock on an index or a TOAST table is one on its shard.
constexpr const char *waits = R"(
    WITH asked AS MATERIALIZED (
        SELECT d.nodename || ':' || d.nodeport AS node, r.success, r.result
        FROM pg_catalog.run_command_on_all_nodes(pg_catalog.replace($node$
            SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(k)), '[]')
            FROM (SELECT pg_catalog.substring(a.application_name, '[0-9]{10}$')::pg_catalog.int4 AS pid,
                         n.nspname || '.' || c.relname AS shard,
                         EXTRACT('epoch' FROM pg_catalog.clock_timestamp() - l.waitstart) AS seconds
                  FROM pg_catalog.pg_stat_activity a
                  JOIN pg_catalog.pg_locks l ON l.pid = a.pid AND NOT l.granted AND l.locktype = 'relation'
                  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = l.relation
                  LEFT JOIN pg_catalog.pg_class t ON t.reltoastrelid = COALESCE(i.indrelid, l.relation)
                  JOIN pg_catalog.pg_class c ON c.oid = COALESCE(t.oid, i.indrelid, l.relation)
                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                  WHERE a.application_name = ANY ($sessions::text[]) AND l.waitstart IS NOT NULL) AS k $node$,
            '$sessions', pg_catalog.quote_literal((
                SELECT pg_catalog.array_agg('citus_internal gpid=' || (
                           pg_catalog.citus_backend_gpid() / 10000000000 * 10000000000 + w.pid))
                FROM pg_catalog.unnest($1) AS w(pid))::text))) AS r
        JOIN pg_catalog.pg_dist_node d ON d.nodeid = r.nodeid
    )
    SELECT a.node, a.result, NULL::pg_catalog.int4, NULL::text, NULL::pg_catalog.int8
    FROM asked a WHERE NOT a.success
    UNION ALL
    (SELECT a.node, NULL, s.pid, s.shard, (s.seconds * 1000)::pg_catalog.int8
     FROM (SELECT node, result::pg_catalog.jsonb FROM asked WHERE success) AS a
     CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(a.result)
         AS s(pid pg_catalog.int4, shard text, seconds pg_catalog.float8)
     ORDER BY s.seconds DESC, a.node COLLATE "C", s.shard COLLATE "C"))";

} // namespace

constinit const Engine citus = {
    .extension = "citus",
    .passes_on = {"citus.propagate_set_commands", "local"},
    .sequential = {"citus.multi_shard_modify_mode", "sequential"},
    .sharded = sharded,
    .differing_shards = differing_shards.data(),
    .statistics = citus_statistics.data(),
    .lockers = lockers,
    .waits = waits,
};

} // namespace dj_deploy
