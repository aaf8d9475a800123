-- tables reports on every table of a schema, on a real pipeline and on tables of every kind.
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixture :abs_srcdir '/fixtures/pipeline.sql'
\set ECHO none
\o /dev/null
\i :fixture
SELECT pg_stat_force_next_flush();
\o
\set ECHO all
\c
\pset null (null)
SELECT current_user AS superuser \gset

-- The tables of a schema whose bytes are not what the server says while nobody writes. (The server cannot say it of partitioned
-- tables.) Prints how many it looked at.
CREATE FUNCTION pg_temp.compared(schema text) RETURNS TABLE (tables bigint, differing text[]) LANGUAGE sql AS $$
    SELECT count(*), array_agg(t.table_name ORDER BY t.table_name)
           FILTER (WHERE (t.bytes, t.toast_bytes) IS DISTINCT FROM
                         (pg_total_relation_size(c.oid), coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0)))
    FROM dj_deploy.tables(schema) t
    JOIN pg_class c ON c.oid = to_regclass(format('%I.%I', t.schema_name, t.table_name))
    WHERE c.relkind = 'r'
$$;

-- A real pipeline: tiers as DataJoint gave them.
SELECT schema_name, table_name, tier, kind, primary_key, replica_identity, publications, persistence, owner = :'superuser' AS is_ours, autovacuum
FROM dj_deploy.tables('analysis');
SELECT tier, count(*), sum(live_rows) > 0 AS has_rows, min(bytes) > 0 AS has_bytes
FROM unnest('{lab,behavior,ephys,analysis}'::text[]) schema, dj_deploy.tables(schema) GROUP BY tier ORDER BY tier;
SELECT schema, (pg_temp.compared(schema)).* FROM unnest('{lab,behavior,ephys,analysis}'::text[]) schema;
SET client_min_messages = error;
DROP SCHEMA lab, behavior, ephys, analysis CASCADE;
RESET client_min_messages;

-- Tiers are read from names as DataJoint reads them; other names have none. A part needs its master, here.
CREATE SCHEMA tier;
CREATE SCHEMA tier_other;
CREATE FUNCTION pg_temp.create_table(schema text, name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('CREATE TABLE %I.%I (id int)', schema, name); END $$;
SELECT count(pg_temp.create_table('tier', name)) FROM unnest('{
    manual, manual_2nd, manual_second, m2, manual__part, manual__part__of_part, manual__part_2, orphan__part, elsewhere__part,
    of_a_view__part, "#lookup", "#lookup__part", _imported, _imported__part, __computed, __computed__part, ___, __, _, "#",
    __lonely__part, "~log", "~log__part", "~jobs", "~~computed", "~~", "~", Camel, "with space", "2nd", "a\"b", trailing_}'::text[]) name;
SELECT pg_temp.create_table('tier_other', 'elsewhere');
CREATE VIEW tier.of_a_view AS SELECT 1 AS one;
SELECT table_name, tier FROM dj_deploy.tables('tier');

-- Tables of every kind. Partitions are there wherever they live, and have the tier of the whole.
CREATE SCHEMA kind;
CREATE SCHEMA "kind other";
CREATE TABLE kind._imported (id int, key int, PRIMARY KEY (key, id) INCLUDE (also), also int) PARTITION BY RANGE (key);
CREATE TABLE kind._imported__p1 PARTITION OF kind._imported FOR VALUES FROM (0) TO (10);
CREATE TABLE "kind other"."Rest" PARTITION OF kind._imported DEFAULT PARTITION BY RANGE (key);
CREATE TABLE "kind other".leaf PARTITION OF "kind other"."Rest" DEFAULT;
CREATE TABLE "kind other".not_ours (id int);
CREATE TABLE kind."~p2" PARTITION OF kind._imported FOR VALUES FROM (10) TO (20);
CREATE TABLE kind.child () INHERITS ("kind other".not_ours);
CREATE UNLOGGED TABLE kind.scratch (id int);
CREATE TABLE kind.member (id int);
ALTER EXTENSION datajoint_deploy ADD TABLE kind.member;
CREATE TEMPORARY TABLE temporary (id int);
CREATE VIEW kind.view AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW kind.materialized AS SELECT 1 AS one;
SELECT schema_name, table_name, tier, kind, primary_key, persistence, live_rows, bytes IS NULL AS has_no_bytes FROM dj_deploy.tables('kind');
SELECT schema_name, table_name, kind FROM dj_deploy.tables('kind other');
ALTER EXTENSION datajoint_deploy DROP TABLE kind.member;

-- Replica identities, those that identify nothing included.
CREATE SCHEMA identity;
CREATE TABLE identity.a_default (id int PRIMARY KEY);
CREATE TABLE identity.b_full (id int PRIMARY KEY);
CREATE TABLE identity.c_nothing (id int PRIMARY KEY);
CREATE TABLE identity.d_index (id int NOT NULL CONSTRAINT "the ""key""" UNIQUE);
CREATE TABLE identity.e_dropped (id int NOT NULL, CONSTRAINT gone UNIQUE (id));
CREATE TABLE identity.f_named_dropped (id int NOT NULL, CONSTRAINT dropped UNIQUE (id));
CREATE TABLE identity.g_keyless (id int);
CREATE TABLE identity.h_deferrable (id int PRIMARY KEY DEFERRABLE);
CREATE TABLE identity.i_partitioned (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE identity.i_partitioned_leaf PARTITION OF identity.i_partitioned DEFAULT;
ALTER TABLE ONLY identity.i_partitioned ADD PRIMARY KEY (id);
ALTER TABLE identity.b_full REPLICA IDENTITY FULL;
ALTER TABLE identity.c_nothing REPLICA IDENTITY NOTHING;
ALTER TABLE identity.d_index REPLICA IDENTITY USING INDEX "the ""key""";
ALTER TABLE identity.e_dropped REPLICA IDENTITY USING INDEX gone;
ALTER TABLE identity.e_dropped DROP CONSTRAINT gone;
ALTER TABLE identity.f_named_dropped REPLICA IDENTITY USING INDEX dropped;
SELECT table_name, primary_key, replica_identity FROM dj_deploy.tables('identity');

-- Publications: listed, through an ancestor, through the schema of the table or of an ancestor, all tables. Unlogged tables
-- are never published.
SET client_min_messages = error;
CREATE PUBLICATION "regress Listed" FOR TABLE identity.a_default, identity.b_full (id) WHERE (id > 0), kind._imported;
CREATE PUBLICATION regress_leaf FOR TABLE "kind other".leaf WITH (publish = '', publish_via_partition_root);
CREATE PUBLICATION regress_schema FOR TABLES IN SCHEMA kind;
CREATE PUBLICATION regress_other_schema FOR TABLES IN SCHEMA "kind other";
SELECT table_name, publications FROM dj_deploy.tables('identity') LIMIT 3;
SELECT table_name, publications FROM dj_deploy.tables('kind');
CREATE PUBLICATION regress_all FOR ALL TABLES;
SELECT table_name, publications FROM dj_deploy.tables('kind') WHERE ('regress_all' = ANY (publications)) <> (persistence = 'permanent');
-- 19 can publish all tables except some, and then not their partitions either. Prints what is not as it should be.
SELECT current_setting('server_version_num')::int >= 190000 AS is_19 \gset
\if :is_19
\set except 'EXCEPT (TABLE kind._imported, TABLE kind.child)'
\else
\set except ''
\endif
CREATE PUBLICATION regress_except FOR ALL TABLES :except;
SELECT table_name, publications FROM dj_deploy.tables('kind')
WHERE ('regress_except' = ANY (publications)) <> (persistence = 'permanent' AND NOT (:'is_19' AND (kind LIKE '%partition%' OR table_name = 'child')));
DROP PUBLICATION "regress Listed", regress_leaf, regress_schema, regress_other_schema, regress_all, regress_except;
RESET client_min_messages;

-- Storage parameters: those about vacuum, in the form that set_autovacuum takes.
CREATE SCHEMA vacuumed;
CREATE TABLE vacuumed.a (id int, note text) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.010,
    autovacuum_enabled = off, vacuum_index_cleanup = auto, toast.autovacuum_vacuum_threshold = 7, toast.vacuum_truncate);
CREATE TABLE vacuumed.b (id int) WITH (fillfactor = 70);
CREATE TABLE vacuumed.c (id int, note text) WITH (autovacuum_enabled = 'true', autovacuum_vacuum_cost_delay = 1.5, autovacuum_analyze_threshold = 007);
SELECT table_name, autovacuum FROM dj_deploy.tables('vacuumed');
SELECT table_name, dj_deploy.set_autovacuum(('vacuumed.' || table_name)::regclass, autovacuum) -> 'ddl' AS ddl FROM dj_deploy.tables('vacuumed');

-- Rows: what the statistics counted, else what the last VACUUM or ANALYZE found, else nothing.
CREATE TABLE vacuumed.d (id int) WITH (autovacuum_enabled = off);
CREATE FUNCTION pg_temp.rows() RETURNS TABLE (live_rows bigint, is_vacuumed boolean, is_analyzed boolean) LANGUAGE sql AS $$
    SELECT live_rows, last_vacuum IS NOT NULL, last_analyze IS NOT NULL FROM dj_deploy.tables('vacuumed') WHERE table_name = 'd'
$$;
SELECT * FROM pg_temp.rows();
INSERT INTO vacuumed.d SELECT generate_series(1, 100);
SELECT pg_stat_force_next_flush();
SELECT * FROM pg_temp.rows();
VACUUM vacuumed.d;
SELECT * FROM pg_temp.rows();
ANALYZE vacuumed.d;
SELECT * FROM pg_temp.rows();
SELECT pg_stat_reset_single_table_counters('vacuumed.d'::regclass);
SELECT * FROM pg_temp.rows();
DELETE FROM vacuumed.d;
SELECT pg_stat_force_next_flush();
SELECT * FROM pg_temp.rows();

-- Bytes are the server's: with all forks, many indexes, TOAST, in another tablespace.
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE regress_tables LOCATION '';
CREATE SCHEMA sized;
CREATE TABLE sized.empty ();
CREATE TABLE sized.plain (id int PRIMARY KEY, note text);
CREATE TABLE sized.indexed (id int PRIMARY KEY, note text);
CREATE INDEX ON sized.indexed (note);
CREATE INDEX ON sized.indexed USING hash (note);
CREATE UNLOGGED TABLE sized.unlogged (id int PRIMARY KEY, note text);
CREATE TABLE sized.elsewhere (id int PRIMARY KEY USING INDEX TABLESPACE regress_tables, note text) TABLESPACE regress_tables;
CREATE TABLE sized.toasted (id int, note text);
ALTER TABLE sized.toasted ALTER note SET STORAGE EXTERNAL;
INSERT INTO sized.indexed SELECT i, i FROM generate_series(1, 5000) i;
INSERT INTO sized.unlogged SELECT i, i FROM generate_series(1, 5000) i;
INSERT INTO sized.elsewhere SELECT i, i FROM generate_series(1, 5000) i;
INSERT INTO sized.toasted SELECT i, repeat('x', 100000) FROM generate_series(1, 10) i;
VACUUM sized.indexed, sized.unlogged, sized.elsewhere, sized.toasted;
SELECT relname, pg_relation_size(oid, 'fsm') > 0 AS has_fsm, pg_relation_size(oid, 'vm') > 0 AS has_vm
FROM pg_class WHERE relnamespace = 'sized'::regnamespace AND relkind = 'r' AND relname IN ('elsewhere', 'indexed') ORDER BY relname;
SELECT * FROM pg_temp.compared('sized');
SELECT table_name, bytes > 1000000 AS is_large, toast_bytes > 1000000 AS has_large_toast FROM dj_deploy.tables('sized') WHERE table_name IN ('empty', 'toasted');
-- A table rewritten in this transaction, and indexes that are not there yet elsewhere.
BEGIN;
ALTER TABLE sized.indexed ALTER id TYPE bigint;
CREATE INDEX ON sized.elsewhere (note);
SELECT * FROM pg_temp.compared('sized');
ROLLBACK;

-- Anybody may look, also without a privilege on the schema, in a READ ONLY transaction, without a lock on a table.
CREATE ROLE regress_tables_nobody;
CREATE TEMPORARY TABLE seen AS SELECT * FROM dj_deploy.tables('kind');
GRANT SELECT ON seen TO regress_tables_nobody;
SET ROLE regress_tables_nobody;
BEGIN READ ONLY;
SELECT count(*), bool_and(s = t) AS is_same FROM dj_deploy.tables('kind') t FULL JOIN seen s USING (schema_name, table_name);
SELECT pg_current_xact_id_if_assigned() IS NULL AS has_no_xid, count(*) AS user_locks
FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid() AND relation >= 16384 AND relation <> 'seen'::regclass;
COMMIT;
RESET ROLE;

-- Any name works as it is.
CREATE SCHEMA hostile;
CREATE SCHEMA "hostile ""schema""; --";
SELECT count(pg_temp.create_table(schema, name))
FROM unnest(ARRAY['hostile', 'hostile "schema"; --']) schema,
     unnest(ARRAY['a"b', 'a''b', E'a\nb', E'a\\b', '~ "x"', '%s%n', 'x; DROP TABLE canary--', '$1', 'select', repeat('x', 63), repeat('"', 63)]) name;
CREATE TABLE "hostile ""schema""; --".keyed ("select" int, "a""b" int, "CREATE" int, PRIMARY KEY ("a""b", "select", "CREATE")) PARTITION BY LIST ("a""b");
CREATE TABLE hostile."in{other},schema" PARTITION OF "hostile ""schema""; --".keyed DEFAULT;
\pset format unaligned
SELECT schema_name, to_json(table_name) AS table_name, tier, primary_key FROM dj_deploy.tables('hostile "schema"; --');
\pset format aligned
SELECT count(*), bool_and(relname = table_name) AS is_bare FROM dj_deploy.tables('hostile') JOIN pg_class ON oid = format('hostile.%I', table_name)::regclass;
SELECT * FROM pg_temp.compared('hostile');
SET search_path = hostile;
SET quote_all_identifiers = on;
SELECT table_name FROM dj_deploy.tables('tier') LIMIT 4;
RESET quote_all_identifiers;
RESET search_path;

-- No table is no row.
CREATE SCHEMA empty;
SELECT count(*) FROM dj_deploy.tables('empty');

-- Refusals.
SELECT * FROM dj_deploy.tables(NULL); \echo :SQLSTATE
SELECT * FROM dj_deploy.tables(''); \echo :SQLSTATE
SELECT * FROM dj_deploy.tables(repeat('x', 64)); \echo :SQLSTATE
SELECT * FROM dj_deploy.tables('nowhere'); \echo :SQLSTATE
SELECT * FROM dj_deploy.tables('KIND'); \echo :SQLSTATE
SELECT * FROM dj_deploy.tables('tier.manual'); \echo :SQLSTATE
SELECT * FROM dj_deploy.tables('pg_catalog'); \echo :SQLSTATE
SELECT * FROM dj_deploy.tables('pg_toast'); \echo :SQLSTATE
SELECT * FROM dj_deploy.tables('information_schema'); \echo :SQLSTATE

SET client_min_messages = error;
DROP SCHEMA tier, tier_other, kind, "kind other", identity, vacuumed, sized, hostile, "hostile ""schema""; --", empty CASCADE;
DROP TABLESPACE regress_tables;
DROP TABLE seen;
DROP ROLE regress_tables_nobody;
