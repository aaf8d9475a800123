-- reindex has the indexes of each table rebuilt by background workers, CONCURRENTLY unless asked otherwise. What it shares with
-- vacuum_analyze is tested there; faults are in test/t/workers.pl.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_superuser SUPERUSER;
SET SESSION AUTHORIZATION regress_superuser;
CREATE ROLE regress_owner;
CREATE SCHEMA reindexed;
CREATE SCHEMA reindexed_other;
CREATE TABLE reindexed.session (id int PRIMARY KEY, note text);
CREATE INDEX session_note ON reindexed.session (note) WHERE id > 1;
CREATE TABLE reindexed.session__trial (id int PRIMARY KEY REFERENCES reindexed.session, span int4range);
ALTER TABLE reindexed.session__trial ADD CONSTRAINT no_overlap EXCLUDE USING gist (span WITH &&);
CREATE TABLE reindexed."~log" (id int PRIMARY KEY, id2 int UNIQUE);
CREATE UNLOGGED TABLE reindexed.scratch (id int PRIMARY KEY);
CREATE TABLE reindexed.only_toast (note text);
CREATE TABLE reindexed.bare (id int);
CREATE TABLE reindexed.clustered (id int PRIMARY KEY);
ALTER TABLE reindexed.clustered CLUSTER ON clustered_pkey;
ALTER TABLE reindexed.clustered REPLICA IDENTITY USING INDEX clustered_pkey;
COMMENT ON INDEX reindexed.clustered_pkey IS 'stays';
INSERT INTO reindexed.session SELECT id, 'note' FROM generate_series(1, 10) id;
INSERT INTO reindexed.session__trial VALUES (1, '[1,2)'), (2, '[2,3)');
CREATE MATERIALIZED VIEW reindexed.a_matview AS SELECT 1 AS one;
CREATE INDEX a_matview_one ON reindexed.a_matview (one);
CREATE VIEW reindexed.a_view AS SELECT 1 AS one;

-- Says which indexes have got another file since it was last called; those of TOAST tables by the table's name.
CREATE TABLE public.regress_files (name text, file oid);
CREATE PROCEDURE public.regress_rebuilt() LANGUAGE plpgsql AS $$
DECLARE names text;
BEGIN
    CREATE TEMPORARY TABLE files ON COMMIT DROP AS
        SELECT coalesce(t.relnamespace::regnamespace || '.toast of ' || t.relname, c.relnamespace::regnamespace || '.' || c.relname)
               || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END AS name,
               pg_relation_filenode(c.oid) AS file
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_class t ON t.reltoastrelid = i.indrelid
        WHERE coalesce(t.relnamespace, c.relnamespace)::regnamespace::text LIKE 'reindexed%' AND c.relkind = 'i';
    SELECT string_agg(name, ', ' ORDER BY name COLLATE "C") INTO names
    FROM pg_temp.files new WHERE NOT EXISTS (SELECT FROM public.regress_files old WHERE old.name = new.name AND old.file = new.file);
    DELETE FROM public.regress_files;
    INSERT INTO public.regress_files SELECT * FROM pg_temp.files;
    RAISE INFO 'rebuilt: %', names;
END $$;
CALL public.regress_rebuilt();
RESET client_min_messages;

-- A dry run only shows; a run does what it has shown; the result has three keys. Tables without indexes are counted, not listed.
CALL dj_deploy.reindex('reindexed');
BEGIN;
CALL dj_deploy.reindex('reindexed', dry_run => true, concurrently => false, jobs => 1024);
SELECT pg_current_xact_id_if_assigned() IS NULL,
       (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'reindexed.session'::regclass);
COMMIT;
CALL public.regress_rebuilt();
CALL dj_deploy.reindex('reindexed') \gset planned_
CALL dj_deploy.reindex('reindexed', false) \gset
SELECT :'result'::jsonb -> 'ddl' = :'planned_result'::jsonb -> 'ddl', :'result'::jsonb - 'ddl';
SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(:'result') key;
CALL public.regress_rebuilt();

-- The indexes are what they were.
SELECT indexdef FROM pg_indexes WHERE schemaname = 'reindexed' ORDER BY indexname COLLATE "C";
SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'reindexed'::regnamespace AND NOT (indisvalid AND indisready AND indislive);
SELECT indisclustered, indisreplident, obj_description(indexrelid) FROM pg_index WHERE indexrelid = 'reindexed.clustered_pkey'::regclass;
INSERT INTO reindexed.session__trial VALUES (3, '[1,9)'); \echo :SQLSTATE
INSERT INTO reindexed.session VALUES (1); \echo :SQLSTATE

-- Not concurrently, and several at a time: the result is in the plan's order all the same.
CALL dj_deploy.reindex('reindexed', false, false) \gset
SELECT jsonb_pretty(:'result');
CALL public.regress_rebuilt();
CALL dj_deploy.reindex('reindexed', dry_run => false, jobs => 2) \gset
SELECT :'result'::jsonb -> 'ddl' = :'planned_result'::jsonb -> 'ddl', :'result'::jsonb - 'ddl';
CALL public.regress_rebuilt();

-- One table, also a hidden one, also without indexes.
CALL dj_deploy.reindex('reindexed."~log"'::regclass, false);
CALL public.regress_rebuilt();
CALL dj_deploy.reindex(target => 'reindexed.only_toast', dry_run => false, concurrently => false);
CALL public.regress_rebuilt();
CALL dj_deploy.reindex('reindexed.bare'::regclass, false);
CALL dj_deploy.reindex('reindexed_other', false);

-- A member of an extension is the extension's.
ALTER EXTENSION datajoint_deploy ADD TABLE reindexed.scratch;
CALL dj_deploy.reindex('reindexed', false) \gset
SELECT :'result'::jsonb -> 'ddl' @> '["REINDEX TABLE CONCURRENTLY \"reindexed\".\"scratch\""]', :'result'::jsonb -> 'tables_analyzed';
ALTER EXTENSION datajoint_deploy DROP TABLE reindexed.scratch;

-- Partitioned trees: each leaf once, wherever it lives. The tree is its root's schema's.
SET client_min_messages = error;
DROP SCHEMA reindexed CASCADE;
CREATE SCHEMA reindexed;
CREATE TABLE reindexed.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE reindexed.zero PARTITION OF reindexed.root FOR VALUES FROM (0) TO (10);
CREATE TABLE reindexed_other.ten PARTITION OF reindexed.root FOR VALUES FROM (10) TO (20);
CREATE TABLE reindexed_other.branch PARTITION OF reindexed.root FOR VALUES FROM (20) TO (40) PARTITION BY RANGE (id);
CREATE TABLE reindexed.twenty PARTITION OF reindexed_other.branch FOR VALUES FROM (20) TO (30);
CREATE TABLE reindexed_other.thirty PARTITION OF reindexed_other.branch FOR VALUES FROM (30) TO (40);
CREATE TABLE reindexed.childless (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE reindexed_other.plain (id int PRIMARY KEY);
CREATE TABLE reindexed.parent (id int PRIMARY KEY);
CREATE TABLE reindexed.child (PRIMARY KEY (id)) INHERITS (reindexed.parent);
INSERT INTO reindexed.root SELECT generate_series(0, 39);
CALL public.regress_rebuilt();
RESET client_min_messages;
CALL dj_deploy.reindex('reindexed', false);
CALL public.regress_rebuilt();
CALL dj_deploy.reindex('reindexed_other', false);
CALL public.regress_rebuilt();
CALL dj_deploy.reindex('reindexed.root'::regclass, false, jobs => 3);
CALL dj_deploy.reindex('reindexed_other.branch'::regclass, false, false);
CALL public.regress_rebuilt();
CALL dj_deploy.reindex('reindexed.zero'::regclass, false);
CALL dj_deploy.reindex('reindexed.childless'::regclass, false);
SELECT count(*) FROM pg_inherits WHERE inhparent = 'reindexed.root_pkey'::regclass;

-- What the caller may not maintain is skipped, with a warning, in a dry run too; what has no index needs no privilege.
SET client_min_messages = error;
CREATE TABLE reindexed.bare (id int);
GRANT USAGE ON SCHEMA reindexed TO regress_owner;
ALTER TABLE reindexed.zero OWNER TO regress_owner;
RESET client_min_messages;
SET ROLE regress_owner;
CALL dj_deploy.reindex('reindexed');
CALL dj_deploy.reindex('reindexed', false) \gset
SELECT jsonb_pretty(:'result');
CALL dj_deploy.reindex('reindexed.parent'::regclass, false);
RESET ROLE;
CALL public.regress_rebuilt();

-- Refusals.
CALL dj_deploy.reindex(NULL::text); \echo :SQLSTATE
CALL dj_deploy.reindex(NULL::regclass); \echo :SQLSTATE
CALL dj_deploy.reindex(''); \echo :SQLSTATE
CALL dj_deploy.reindex(repeat('x', 64)); \echo :SQLSTATE
CALL dj_deploy.reindex('nowhere', false); \echo :SQLSTATE
CALL dj_deploy.reindex('pg_catalog', false); \echo :SQLSTATE
CALL dj_deploy.reindex('pg_class'::regclass, false); \echo :SQLSTATE
CALL dj_deploy.reindex('reindexed.root_pkey'::regclass, false); \echo :SQLSTATE
CALL dj_deploy.reindex('reindexed.zero_pkey'::regclass, false); \echo :SQLSTATE
CREATE VIEW reindexed.a_view AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW reindexed.a_matview AS SELECT 1 AS one;
CALL dj_deploy.reindex('reindexed.a_view'::regclass, false); \echo :SQLSTATE
CALL dj_deploy.reindex('reindexed.a_matview'::regclass, false); \echo :SQLSTATE
CALL dj_deploy.reindex('nowhere', jobs => 0); \echo :SQLSTATE
CALL dj_deploy.reindex('nowhere', jobs => 1025); \echo :SQLSTATE
CALL dj_deploy.reindex('nowhere', jobs => NULL); \echo :SQLSTATE
CALL dj_deploy.reindex('nowhere', concurrently => NULL); \echo :SQLSTATE
CALL dj_deploy.reindex('nowhere', NULL); \echo :SQLSTATE

-- Not in a transaction block, also where the server could: a plain REINDEX too is executed by workers.
BEGIN;
CALL dj_deploy.reindex('reindexed', false); \echo :SQLSTATE
ROLLBACK;
BEGIN;
CALL dj_deploy.reindex('reindexed', false, concurrently => false); \echo :SQLSTATE
ROLLBACK;
CREATE FUNCTION reindexed.in_function() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.reindex('reindexed', false, result => result);
    RETURN result;
END $$;
SELECT reindexed.in_function(); \echo :SQLSTATE
DO $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.reindex('reindexed', false, result => result);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
END $$;
SET default_transaction_read_only = on;
CALL dj_deploy.reindex('reindexed', false); \echo :SQLSTATE
RESET default_transaction_read_only;
CALL public.regress_rebuilt();
DO $$
DECLARE result jsonb;
BEGIN
    FOR run IN 1 .. 2 LOOP
        CALL dj_deploy.reindex('reindexed.zero'::regclass, false, result => result);
        RAISE NOTICE '%', result;
    END LOOP;
END $$;
CALL public.regress_rebuilt();

-- Hostile names.
SET client_min_messages = error;
DROP SCHEMA reindexed, reindexed_other CASCADE;
CREATE SCHEMA reindexed;
RESET client_min_messages;
CREATE FUNCTION reindexed.hostile() RETURNS text[] LANGUAGE sql RETURN
    ARRAY['a"b', 'a''b', 'a\b', E'new\nline', '%s%n%I', '$$', '$x$', 'x; DROP TABLE reindexed.root--', '/*', 'U&"\0041"', ' ', 'SELECT'];
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY reindexed.hostile() LOOP
        EXECUTE format('CREATE SCHEMA %I', 'reindexed ' || name);
        EXECUTE format('CREATE TABLE %I.%I (id int CONSTRAINT %I PRIMARY KEY)', 'reindexed ' || name, name, name || ' key');
    END LOOP;
END $$;
SET quote_all_identifiers = on;
DO $$
DECLARE name text; result jsonb; done int = 0;
BEGIN
    FOREACH name IN ARRAY reindexed.hostile() LOOP
        CALL dj_deploy.reindex('reindexed ' || name, false, result => result);
        IF result -> 'ddl' <> jsonb_build_array(format('REINDEX TABLE CONCURRENTLY "%s"."%s"', replace('reindexed ' || name, '"', '""'), replace(name, '"', '""')))
        THEN RAISE '%', result; END IF;
        done = done + 1;
    END LOOP;
    RAISE NOTICE '% of %', done, cardinality(reindexed.hostile());
END $$;
RESET quote_all_identifiers;
SET client_min_messages = error;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY reindexed.hostile() LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', 'reindexed ' || name);
    END LOOP;
END $$;
DROP SCHEMA reindexed CASCADE;
CREATE SCHEMA reindexed;
RESET client_min_messages;

-- What an index function says arrives here.
CREATE FUNCTION reindexed.speak(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'notice %', id USING DETAIL = 'Its detail.';
    RAISE WARNING 'warning %', id USING ERRCODE = 'WARN0', HINT = 'Never mind.';
    RETURN id;
END $$;
SET client_min_messages = error;
CREATE TABLE reindexed.a (id int);
CREATE INDEX "a speaks" ON reindexed.a (reindexed.speak(id));
CREATE TABLE reindexed.b (id int PRIMARY KEY);
CREATE TABLE reindexed.c (id int);
CREATE INDEX c_speaks ON reindexed.c (reindexed.speak(id));
CREATE TABLE reindexed.d (id int PRIMARY KEY);
INSERT INTO reindexed.a VALUES (1);
INSERT INTO reindexed.c VALUES (2);
RESET client_min_messages;
CALL dj_deploy.reindex('reindexed.a'::regclass, false, false);
\set VERBOSITY sqlstate
CALL dj_deploy.reindex('reindexed.c'::regclass, false);
\set VERBOSITY default
CALL public.regress_rebuilt();

-- A table that fails does not stop the others. REINDEX CONCURRENTLY leaves an invalid index behind: the error names it, with the
-- statement that removes it.
CREATE OR REPLACE FUNCTION reindexed.speak(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF id = 1 THEN
        RAISE 'row % is bad', id USING ERRCODE = 'BAD00', DETAIL = 'Its "detail" 100%.', HINT = 'Its hint.';
    END IF;
    RETURN id;
END $$;
CALL dj_deploy.reindex('reindexed', false); \echo :SQLSTATE
CALL public.regress_rebuilt();
DROP INDEX CONCURRENTLY "reindexed"."a speaks_ccnew";
CALL public.regress_rebuilt();
SET client_min_messages = error;
\set SHOW_CONTEXT always
CALL dj_deploy.reindex('reindexed', false); \echo :SQLSTATE
\set SHOW_CONTEXT never

-- Twice without cleaning up: both are named.
CALL dj_deploy.reindex('reindexed', false); \echo :SQLSTATE
DROP INDEX CONCURRENTLY "reindexed"."a speaks_ccnew"; DROP INDEX CONCURRENTLY "reindexed"."a speaks_ccnew1";

-- A plain REINDEX leaves nothing behind.
CALL dj_deploy.reindex('reindexed', false, false); \echo :SQLSTATE
CALL public.regress_rebuilt();

-- Several that fail: one error that names them. What they have left behind is in the warnings.
CREATE OR REPLACE FUNCTION reindexed.speak(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1 / 0; END';
RESET client_min_messages;
CALL dj_deploy.reindex('reindexed', false); \echo :SQLSTATE
DROP INDEX CONCURRENTLY "reindexed"."a speaks_ccnew";
DROP INDEX CONCURRENTLY "reindexed"."c_speaks_ccnew";
SELECT count(*) FROM pg_index WHERE NOT indisvalid;

-- An index that somebody else's build has left invalid is not ours to remove: not named as left behind.
CREATE OR REPLACE FUNCTION reindexed.speak(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1 / (id - 1); END';
CREATE INDEX CONCURRENTLY somebodys ON reindexed.a (reindexed.speak(id)); \echo :SQLSTATE
SET client_min_messages = error;
CALL dj_deploy.reindex('reindexed.a'::regclass, false); \echo :SQLSTATE
RESET client_min_messages;
DROP INDEX reindexed.somebodys, reindexed."a speaks_ccnew";

-- In a security-restricted operation it is refused, a dry run too.
SET client_min_messages = error;
DROP SCHEMA reindexed CASCADE;
CREATE SCHEMA reindexed;
RESET client_min_messages;
GRANT USAGE, CREATE ON SCHEMA reindexed TO regress_owner;
SET ROLE regress_owner;
CREATE FUNCTION reindexed.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT id';
CREATE TABLE reindexed.bait (id int);
INSERT INTO reindexed.bait VALUES (1);
CREATE INDEX bait_index ON reindexed.bait (reindexed.trap(id));
CREATE FUNCTION reindexed.spring(dry_run boolean) RETURNS int LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.reindex('reindexed.bait'::regclass, dry_run, result => result);
    RETURN 1;
END $$;
CREATE OR REPLACE FUNCTION reindexed.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT reindexed.spring(false)';
RESET ROLE;
REINDEX TABLE reindexed.bait; \echo :SQLSTATE
CALL dj_deploy.reindex('reindexed', false, false); \echo :SQLSTATE
SET ROLE regress_owner;
CREATE OR REPLACE FUNCTION reindexed.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT reindexed.spring(true)';
RESET ROLE;
REINDEX TABLE reindexed.bait; \echo :SQLSTATE
CALL dj_deploy.reindex('reindexed', false); \echo :SQLSTATE

-- The session is as it was before, and no worker is left.
SELECT current_user = session_user, current_setting('search_path'), current_setting('lock_timeout');
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'datajoint_deploy worker';

SET client_min_messages = error;
DROP SCHEMA reindexed CASCADE;
DROP PROCEDURE public.regress_rebuilt;
DROP TABLE public.regress_files;
DROP OWNED BY regress_owner;
RESET SESSION AUTHORIZATION;
DROP ROLE regress_superuser, regress_owner;
