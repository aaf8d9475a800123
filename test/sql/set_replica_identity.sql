-- set_replica_identity does what DataJoint's specification says, on a real pipeline and on a schema of three tables.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixture :abs_srcdir '/fixtures/pipeline.sql'
\set ECHO none
\o /dev/null
\i :fixture
\o
\set ECHO all
\c

-- By default a dry run in mode full; the result has exactly three keys.
SELECT jsonb_pretty(dj_deploy.set_replica_identity('lab'));

-- The dry run changed nothing.
SELECT DISTINCT relreplident FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relkind = 'r';

-- A run executes the statements that the dry run showed, in that order, and counts them.
SELECT dj_deploy.set_replica_identity('lab') -> 'ddl' AS planned \gset
SELECT result - 'ddl', result -> 'ddl' = :'planned'
FROM dj_deploy.set_replica_identity('lab', dry_run => false) result;

-- Afterwards every table but the hidden one is FULL; other schemas are untouched.
SELECT relname, relreplident FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relkind = 'r' ORDER BY relname;
SELECT DISTINCT relreplident FROM pg_class
WHERE relnamespace IN ('behavior'::regnamespace, 'ephys'::regnamespace, 'analysis'::regnamespace) AND relkind = 'r';

-- The statements of a dry run, run one by one, do the same as a run.
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('behavior') -> 'ddl') \gexec
SELECT dj_deploy.set_replica_identity('behavior', 'full', dry_run => true, skip_unchanged => true);

-- skip_unchanged plans only what differs, a run of it changes only that, and the second plan is empty.
ALTER TABLE lab.session REPLICA IDENTITY DEFAULT;
SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => true, skip_unchanged => true);
SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true);
SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true);

-- Mode default actively resets: back from FULL, all tables.
SELECT result - 'ddl' FROM dj_deploy.set_replica_identity('lab', 'default', false) result;
SELECT DISTINCT relreplident FROM pg_class WHERE relnamespace = 'lab'::regnamespace AND relkind = 'r';

SET client_min_messages = error;
DROP SCHEMA lab, behavior, ephys, analysis CASCADE;
RESET client_min_messages;

CREATE SCHEMA identity;
CREATE TABLE identity.session (id int PRIMARY KEY);
CREATE TABLE identity.session__trial (id int REFERENCES identity.session);
CREATE TABLE identity."~log" (id int PRIMARY KEY);
CREATE FUNCTION identity.report() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE command record;
BEGIN
    FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
        RAISE NOTICE 'executed % %', command.command_tag, command.object_identity;
    END LOOP;
END $$;
CREATE EVENT TRIGGER identity_report ON ddl_command_end EXECUTE FUNCTION identity.report();

-- An explicit ALTER runs for every table in both modes, also when the table is there already.
SELECT dj_deploy.set_replica_identity('identity', 'default', false);
SELECT dj_deploy.set_replica_identity('identity', 'full', false);
SELECT dj_deploy.set_replica_identity('identity', 'full', false);

-- A run with nothing to change executes nothing.
SELECT dj_deploy.set_replica_identity('identity', 'full', false, true);

-- One table: dry run, run, and a hidden table, which naming it includes.
SELECT dj_deploy.set_replica_identity('identity.session'::regclass, 'default');
SELECT dj_deploy.set_replica_identity('identity.session'::regclass, 'default', false);
SELECT dj_deploy.set_replica_identity('identity."~log"'::regclass, 'full', false);
SELECT relname, relreplident FROM pg_class WHERE relnamespace = 'identity'::regnamespace AND relkind = 'r' ORDER BY relname;

-- skip_unchanged for one table.
SELECT dj_deploy.set_replica_identity('identity."~log"'::regclass, 'full', dry_run => true, skip_unchanged => true);
SELECT dj_deploy.set_replica_identity('identity."~log"'::regclass, 'default', dry_run => true, skip_unchanged => true);

-- All arguments have names, the same in both forms but for the first.
SELECT dj_deploy.set_replica_identity(skip_unchanged => false, dry_run => true, mode => 'default', schema => 'identity');
SELECT dj_deploy.set_replica_identity(skip_unchanged => false, dry_run => true, mode => 'default', target => 'identity.session');

-- The mode's letter case does not matter, in the statement it is always upper case.
SELECT mode, dj_deploy.set_replica_identity('identity.session'::regclass, mode) ->> 'ddl'
FROM unnest(ARRAY['full', 'FULL', 'fUlL', 'default', 'DEFAULT', 'Default']) mode;

-- Any other mode is an error.
SELECT dj_deploy.set_replica_identity('identity', 'nothing'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('identity', 'index'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('identity', 'FULL '); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('identity', ' full'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('identity', ''); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('identity.session'::regclass, 'nothing', false); \echo :SQLSTATE

-- The mode is checked before the catalog is read.
SELECT dj_deploy.set_replica_identity('nowhere', 'nothing'); \echo :SQLSTATE

-- A schema without tables.
CREATE SCHEMA identity_empty;
SELECT dj_deploy.set_replica_identity('identity_empty', 'full', false)
       = '{"tables_analyzed": 0, "tables_modified": 0, "ddl": []}';

-- Calls in a FROM list, once per row, from PL/pgSQL and in a prepared statement.
SELECT relname, dj_deploy.set_replica_identity(oid::regclass) -> 'ddl'
FROM pg_class WHERE relnamespace = 'identity'::regnamespace AND relkind = 'r' ORDER BY relname;
DO $$ BEGIN PERFORM dj_deploy.set_replica_identity('identity', 'full', false); END $$;
PREPARE converge(text) AS SELECT dj_deploy.set_replica_identity($1, 'full', false, true);
EXECUTE converge('identity');

DROP EVENT TRIGGER identity_report;
SET client_min_messages = error;
DROP SCHEMA identity, identity_empty CASCADE;
