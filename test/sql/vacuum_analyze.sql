-- vacuum_analyze has each table vacuumed and analyzed by background workers. Faults, settings and security are in
-- test/t/workers.pl, worker_session.pl and worker_security.pl; what it shares with reindex is here, once. From 16 on
-- its statements have one more option, from 18 on those for inheritance parents say ONLY: three expected outputs.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_superuser SUPERUSER;
SET SESSION AUTHORIZATION regress_superuser;
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
CREATE SCHEMA vacuumed;
CREATE SCHEMA vacuumed_other;
CREATE TABLE vacuumed.session (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = off);
CREATE TABLE vacuumed.session__trial (id int PRIMARY KEY REFERENCES vacuumed.session) WITH (autovacuum_enabled = off);
CREATE TABLE vacuumed."~log" (note text) WITH (autovacuum_enabled = off);
CREATE UNLOGGED TABLE vacuumed.bare (id int) WITH (autovacuum_enabled = off);
CREATE TABLE vacuumed.empty () WITH (autovacuum_enabled = off);
CREATE TABLE vacuumed.a (id int REFERENCES vacuumed.session) WITH (autovacuum_enabled = off);
INSERT INTO vacuumed.session SELECT id, 'note' FROM generate_series(1, 100) id;
INSERT INTO vacuumed.session__trial SELECT id FROM generate_series(1, 50) id;
INSERT INTO vacuumed."~log" VALUES ('first'), ('second');
INSERT INTO vacuumed.bare VALUES (1), (2), (3);
DELETE FROM vacuumed.session__trial WHERE id > 40;
CREATE VIEW vacuumed.a_view AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW vacuumed.a_matview AS SELECT 1 AS one;
CREATE TEMPORARY TABLE a_temp (id int);
RESET client_min_messages;

-- The tables with rows as the planner knows them, and how often each was vacuumed and analyzed by hand.
CREATE FUNCTION pg_temp.work(VARIADIC schemas text[]) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s rows %s, vacuumed %s, analyzed %s', c.oid::regclass, c.reltuples,
                  pg_stat_get_vacuum_count(c.oid), pg_stat_get_analyze_count(c.oid))
    FROM pg_class c WHERE c.relnamespace::regnamespace::text = ANY (schemas) AND c.relkind IN ('r', 'p', 'm')
    ORDER BY c.oid::regclass::text COLLATE "C"
$$;

-- A dry run only shows; a run does what it has shown. The result has three keys.
SELECT pg_temp.work('vacuumed');
CALL dj_deploy.vacuum_analyze('vacuumed');
BEGIN;
CALL dj_deploy.vacuum_analyze('vacuumed', dry_run => true, jobs => 1024);
SELECT pg_current_xact_id_if_assigned() IS NULL,
       (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'vacuumed.session'::regclass);
COMMIT;
SELECT pg_temp.work('vacuumed');
CALL dj_deploy.vacuum_analyze('vacuumed') \gset planned_
CALL dj_deploy.vacuum_analyze('vacuumed', false) \gset
SELECT :'result'::jsonb -> 'ddl' = :'planned_result'::jsonb -> 'ddl', :'result'::jsonb - 'ddl';
SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(:'result') key;
SELECT pg_temp.work('vacuumed');

-- Nothing is left of the workers, or of the transaction that the call began with.
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker';
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384;

-- Several at a time: the result is in the plan's order all the same. More jobs than tables.
CALL dj_deploy.vacuum_analyze('vacuumed', dry_run => false, jobs => 2) \gset
SELECT :'result'::jsonb -> 'ddl' = :'planned_result'::jsonb -> 'ddl', :'result'::jsonb - 'ddl';
SELECT pg_temp.work('vacuumed');
SET client_min_messages = warning;
CALL dj_deploy.vacuum_analyze('vacuumed.bare'::regclass, dry_run => false, jobs => 1024);
RESET client_min_messages;

-- One table, also a hidden one; a schema without tables.
CALL dj_deploy.vacuum_analyze('vacuumed."~log"'::regclass, false);
CALL dj_deploy.vacuum_analyze(target => 'vacuumed.session', dry_run => false);
CALL dj_deploy.vacuum_analyze('vacuumed_other', false);
SELECT pg_temp.work('vacuumed');

-- A member of an extension is the extension's, unless it is asked for.
ALTER EXTENSION datajoint_deploy ADD TABLE vacuumed.bare;
CALL dj_deploy.vacuum_analyze('vacuumed', false) \gset
SELECT :'result' ~ 'bare', :'result'::jsonb -> 'tables_analyzed';
ALTER EXTENSION datajoint_deploy DROP TABLE vacuumed.bare;

-- Dead rows are gone: vacuumed, not only analyzed.
SELECT count(*) > 0 FROM pg_class WHERE oid = 'vacuumed.session__trial'::regclass AND relallvisible > 0;

-- Partitioned trees: leaves are vacuumed once, wherever they live, then the root is analyzed and they with it.
SET client_min_messages = error;
DROP SCHEMA vacuumed CASCADE;
CREATE SCHEMA vacuumed;
CREATE TABLE vacuumed.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE vacuumed.zero PARTITION OF vacuumed.root FOR VALUES FROM (0) TO (10);
CREATE TABLE vacuumed_other.ten PARTITION OF vacuumed.root FOR VALUES FROM (10) TO (20);
CREATE TABLE vacuumed_other.branch PARTITION OF vacuumed.root FOR VALUES FROM (20) TO (40) PARTITION BY RANGE (id);
CREATE TABLE vacuumed.twenty PARTITION OF vacuumed_other.branch FOR VALUES FROM (20) TO (30);
CREATE TABLE vacuumed_other.thirty PARTITION OF vacuumed_other.branch FOR VALUES FROM (30) TO (40);
CREATE TABLE vacuumed.childless (id int) PARTITION BY LIST (id);
CREATE TABLE vacuumed_other.plain (id int);
CREATE TABLE vacuumed.parent (id int);
CREATE TABLE vacuumed.child () INHERITS (vacuumed.parent);
INSERT INTO vacuumed.root SELECT generate_series(0, 39);
INSERT INTO vacuumed.child VALUES (1);
RESET client_min_messages;
CALL dj_deploy.vacuum_analyze('vacuumed', false);
SELECT pg_temp.work('vacuumed', 'vacuumed_other');
SELECT tablename, count(*) FROM pg_stats WHERE schemaname LIKE 'vacuumed%' AND inherited GROUP BY tablename ORDER BY tablename;

-- By the schema of the leaves; the root there is in another schema, and is not touched.
CALL dj_deploy.vacuum_analyze('vacuumed_other', false);
SELECT pg_temp.work('vacuumed', 'vacuumed_other');

-- One tree, a branch of it, a leaf.
CALL dj_deploy.vacuum_analyze('vacuumed.root'::regclass, false);
CALL dj_deploy.vacuum_analyze('vacuumed_other.branch'::regclass, false);
CALL dj_deploy.vacuum_analyze('vacuumed.zero'::regclass, false);
CALL dj_deploy.vacuum_analyze('vacuumed.childless'::regclass, false);
SELECT pg_temp.work('vacuumed', 'vacuumed_other');
CALL dj_deploy.vacuum_analyze('vacuumed.root'::regclass, false, 4) \gset
SELECT :'result'::jsonb -> 'ddl' -> -1, :'result'::jsonb - 'ddl';

-- What the caller may not maintain is skipped, with a warning, in a dry run too. Of a tree whose root may not be analyzed, the
-- leaves that may be are done for themselves.
SET client_min_messages = error;
GRANT USAGE, CREATE ON SCHEMA vacuumed TO regress_owner;
ALTER TABLE vacuumed.zero OWNER TO regress_owner;
ALTER TABLE vacuumed.twenty OWNER TO regress_owner;
ALTER TABLE vacuumed.child OWNER TO regress_owner;
RESET client_min_messages;
SET ROLE regress_owner;
CALL dj_deploy.vacuum_analyze('vacuumed');
CALL dj_deploy.vacuum_analyze('vacuumed', false) \gset
SELECT jsonb_pretty(:'result');
SELECT pg_temp.work('vacuumed', 'vacuumed_other');
CALL dj_deploy.vacuum_analyze('vacuumed.parent'::regclass, false);
RESET ROLE;
REVOKE ALL ON SCHEMA vacuumed FROM regress_owner;
SET ROLE regress_owner;
CALL dj_deploy.vacuum_analyze('vacuumed', false) \gset
SELECT jsonb_path_query_array(:'result', '$.skipped[*].reason');
SELECT :'result'::jsonb - 'skipped';
RESET ROLE;

-- Refusals: names, targets.
CALL dj_deploy.vacuum_analyze(NULL::text); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze(NULL::regclass); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze(''); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze(repeat('x', 64)); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('nowhere', false); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('Vacuumed'); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('pg_catalog', false); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('pg_toast', false); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('information_schema'); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('pg_class'::regclass, false); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('vacuumed.nothing'::regclass); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze(4294967295::regclass); \echo :SQLSTATE
CREATE VIEW vacuumed.a_view AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW vacuumed.a_matview AS SELECT 1 AS one;
CREATE SEQUENCE vacuumed.a_sequence;
CALL dj_deploy.vacuum_analyze('vacuumed.a_view'::regclass, false); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('vacuumed.a_matview'::regclass, false); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('vacuumed.a_sequence'::regclass); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('vacuumed.root_pkey'::regclass); \echo :SQLSTATE
\set VERBOSITY sqlstate
CALL dj_deploy.vacuum_analyze('a_temp'::regclass, false);
\set VERBOSITY default

-- The other arguments, before any catalog is read.
CALL dj_deploy.vacuum_analyze('nowhere', jobs => 0); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('nowhere', jobs => -1); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('nowhere', jobs => 1025); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('nowhere', jobs => NULL); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('nowhere', NULL); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('vacuumed_other', false, result => '{"any": "thing"}') \gset
SELECT :'result'::jsonb -> 'tables_modified';

-- It commits, so it refuses where it cannot; nothing is done. The hint names what each migration tool calls it.
SELECT string_agg(work, '') AS before FROM pg_temp.work('vacuumed') work \gset
BEGIN;
CALL dj_deploy.vacuum_analyze('vacuumed', false); \echo :SQLSTATE
ROLLBACK;
SELECT 1 \; CALL dj_deploy.vacuum_analyze('vacuumed', false); \echo :SQLSTATE
CREATE FUNCTION vacuumed.in_function(dry_run boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.vacuum_analyze('vacuumed_other', dry_run, result => result);
    RETURN result;
END $$;
SELECT vacuumed.in_function(false); \echo :SQLSTATE
SELECT vacuumed.in_function(true);
DO $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.vacuum_analyze('vacuumed', false, result => result);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
END $$;
CREATE PROCEDURE vacuumed.definer() LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.vacuum_analyze('vacuumed', false, result => result);
END $$;
CALL vacuumed.definer(); \echo :SQLSTATE
SELECT string_agg(work, '') = :'before' FROM pg_temp.work('vacuumed') work;

-- A DO block or a procedure may commit. What it did before the call is committed; what it does later is not undone by the call.
DO $$
DECLARE result jsonb;
BEGIN
    CREATE TABLE vacuumed_other.before_it (id int);
    CALL dj_deploy.vacuum_analyze('vacuumed_other.plain'::regclass, false, result => result);
    RAISE NOTICE '%', result;
    CREATE TABLE vacuumed_other.after_it (id int);
    CALL dj_deploy.vacuum_analyze('vacuumed_other.before_it'::regclass, false, result => result);
    RAISE NOTICE '%', result;
    CREATE TABLE vacuumed_other.too_late (id int);
    RAISE 'too late';
END $$;
SELECT to_regclass('vacuumed_other.before_it'), to_regclass('vacuumed_other.after_it'), to_regclass('vacuumed_other.too_late');
DROP TABLE vacuumed_other.before_it, vacuumed_other.after_it;

-- READ ONLY: a dry run works.
BEGIN READ ONLY;
CALL dj_deploy.vacuum_analyze('vacuumed_other.plain'::regclass);
CALL dj_deploy.vacuum_analyze('vacuumed_other', false); \echo :SQLSTATE
ROLLBACK;
SET default_transaction_read_only = on;
CALL dj_deploy.vacuum_analyze('vacuumed_other', false); \echo :SQLSTATE
RESET default_transaction_read_only;

-- Hostile names, in statements and in messages.
CREATE FUNCTION vacuumed.hostile() RETURNS text[] LANGUAGE sql RETURN
    ARRAY['a"b', 'a''b', 'a\b', E'new\nline', '%s%n%I', '$$', '$x$', 'x; DROP TABLE vacuumed.root--', '/*', 'U&"\0041"', ' ', 'SELECT'];
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY vacuumed.hostile() LOOP
        EXECUTE format('CREATE SCHEMA %I', 'vacuumed ' || name);
        EXECUTE format('CREATE TABLE %I.%I (id int)', 'vacuumed ' || name, name);
        EXECUTE format('INSERT INTO %I.%I VALUES (1)', 'vacuumed ' || name, name);
    END LOOP;
END $$;
SET quote_all_identifiers = on;
DO $$
DECLARE name text; result jsonb; done int = 0;
BEGIN
    FOREACH name IN ARRAY vacuumed.hostile() LOOP
        CALL dj_deploy.vacuum_analyze('vacuumed ' || name, false, result => result);
        IF replace(result #>> '{ddl,0}', 'SKIP_DATABASE_STATS, ', '')
           <> format('VACUUM (ANALYZE) "%s"."%s"', replace('vacuumed ' || name, '"', '""'), replace(name, '"', '""'))
        THEN RAISE '%', result; END IF;
        done = done + 1;
    END LOOP;
    RAISE NOTICE '% of %', done, cardinality(vacuumed.hostile());
END $$;
RESET quote_all_identifiers;
SELECT count(*), sum(reltuples) FROM pg_class WHERE relname = ANY (vacuumed.hostile()) AND pg_stat_get_vacuum_count(oid) = 1;
SET ROLE regress_other;
CALL dj_deploy.vacuum_analyze('vacuumed %s%n%I');
RESET ROLE;
SET client_min_messages = error;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY vacuumed.hostile() LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', 'vacuumed ' || name);
    END LOOP;
END $$;
DROP SCHEMA vacuumed CASCADE;
CREATE SCHEMA vacuumed;
RESET client_min_messages;

-- What an index function says in a worker arrives here, with its SQLSTATE, as if it had been said here.
CREATE FUNCTION vacuumed.speak(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'notice % "of" 100%%', id USING DETAIL = 'Two' || chr(10) || 'lines.';
    RAISE WARNING 'warning %', id USING ERRCODE = 'WARN0', HINT = 'Never mind.';
    RAISE INFO 'info';
    RAISE DEBUG 'debug';
    RETURN id;
END $$;
CREATE TABLE vacuumed.a (id int);
CREATE INDEX a_speaks ON vacuumed.a (vacuumed.speak(id));
CREATE TABLE vacuumed.b (id int);
CREATE TABLE vacuumed.c (id int);
CREATE INDEX c_speaks ON vacuumed.c (vacuumed.speak(id));
CREATE TABLE vacuumed.d (id int);
SET client_min_messages = error;
INSERT INTO vacuumed.a VALUES (1);
INSERT INTO vacuumed.b VALUES (1);
INSERT INTO vacuumed.c VALUES (2);
INSERT INTO vacuumed.d VALUES (1);
RESET client_min_messages;
CALL dj_deploy.vacuum_analyze('vacuumed.a'::regclass, false);
\set VERBOSITY sqlstate
CALL dj_deploy.vacuum_analyze('vacuumed.a'::regclass, false);
\set VERBOSITY default
\set SHOW_CONTEXT always
CALL dj_deploy.vacuum_analyze('vacuumed.a'::regclass, false);
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CALL dj_deploy.vacuum_analyze('vacuumed', false);
SET client_min_messages = error;
CALL dj_deploy.vacuum_analyze('vacuumed.a'::regclass, false);
RESET client_min_messages;

-- A table that fails: a warning at once, the others are done, and at the end its error, whole. Its index works on.
CREATE OR REPLACE FUNCTION vacuumed.speak(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF id = 1 THEN
        RAISE 'row % is bad', id USING ERRCODE = 'BAD00', DETAIL = 'Its "detail" 100%.', HINT = 'Its hint.';
    END IF;
    RETURN id;
END $$;
SELECT pg_temp.work('vacuumed');
CALL dj_deploy.vacuum_analyze('vacuumed', false); \echo :SQLSTATE
SELECT pg_temp.work('vacuumed');
SET client_min_messages = error;
\set SHOW_CONTEXT always
CALL dj_deploy.vacuum_analyze('vacuumed', false); \echo :SQLSTATE
\set SHOW_CONTEXT never
RESET client_min_messages;
DO $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.vacuum_analyze('vacuumed.b'::regclass, false, result => result);
    CALL dj_deploy.vacuum_analyze('vacuumed.a'::regclass, false, result => result);
END $$; \echo :SQLSTATE

-- Several that fail: one error that names them, with the SQLSTATE of the first.
CREATE OR REPLACE FUNCTION vacuumed.speak(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF id = 1 THEN
        RAISE 'row % is bad', id USING ERRCODE = 'BAD00', DETAIL = 'Its "detail" 100%.', HINT = 'Its hint.';
    END IF;
    RETURN 1 / 0;
END $$;
CALL dj_deploy.vacuum_analyze('vacuumed', false); \echo :SQLSTATE
SELECT pg_temp.work('vacuumed');

-- Ten are named.
SET client_min_messages = error;
DO $$
BEGIN
    FOR number IN 1 .. 12 LOOP
        EXECUTE format('CREATE TABLE vacuumed.%I AS SELECT 2 AS id', 'many' || to_char(number, 'FM00'));
        CREATE OR REPLACE FUNCTION vacuumed.speak(id int) RETURNS int IMMUTABLE LANGUAGE sql RETURN id;
        EXECUTE format('CREATE INDEX ON vacuumed.%I (vacuumed.speak(id))', 'many' || to_char(number, 'FM00'));
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION vacuumed.speak(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1 / 0; END';
CALL dj_deploy.vacuum_analyze('vacuumed', false); \echo :SQLSTATE
RESET client_min_messages;

-- In a security-restricted operation it is refused, a dry run too: the owner of an index function would act in the name of
-- whoever maintains the table. So it is in a worker, where it is that table's failure.
SET client_min_messages = error;
DROP SCHEMA vacuumed CASCADE;
CREATE SCHEMA vacuumed;
RESET client_min_messages;
GRANT USAGE, CREATE ON SCHEMA vacuumed TO regress_owner;
SET ROLE regress_owner;
CREATE FUNCTION vacuumed.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT id';
CREATE TABLE vacuumed.bait (id int);
INSERT INTO vacuumed.bait VALUES (1);
CREATE INDEX bait_index ON vacuumed.bait (vacuumed.trap(id));
CREATE FUNCTION vacuumed.spring(dry_run boolean) RETURNS int LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.vacuum_analyze('vacuumed.bait'::regclass, dry_run, result => result);
    RETURN 1;
END $$;
CREATE OR REPLACE FUNCTION vacuumed.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT vacuumed.spring(false)';
RESET ROLE;
VACUUM (ANALYZE) vacuumed.bait; \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('vacuumed', false); \echo :SQLSTATE
SET ROLE regress_owner;
CREATE OR REPLACE FUNCTION vacuumed.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT vacuumed.spring(true)';
RESET ROLE;
VACUUM (ANALYZE) vacuumed.bait; \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze('vacuumed', false); \echo :SQLSTATE

-- The session is as it was before, and no worker is left.
SELECT current_user = session_user, current_setting('search_path'), current_setting('lock_timeout');
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker';

SET client_min_messages = error;
DROP SCHEMA vacuumed, vacuumed_other CASCADE;
DROP TABLE a_temp;
DROP FUNCTION pg_temp.work;
DROP OWNED BY regress_owner, regress_other;
RESET SESSION AUTHORIZATION;
DROP ROLE regress_superuser, regress_owner, regress_other;
