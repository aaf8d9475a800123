-- An event trigger of the same session that swaps the names of two tables just before the statement looks them up: the
-- run notices that it has changed another table than planned, and undoes it.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA renamed;
CREATE TABLE renamed.planned (id int PRIMARY KEY);
CREATE TABLE renamed.other (id int PRIMARY KEY);
SELECT 'renamed.planned'::regclass::oid AS planned \gset
CREATE FUNCTION renamed.swap() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('renamed.swapped', true) = 'no' THEN
        PERFORM set_config('renamed.swapped', 'yes', false);
        ALTER TABLE renamed.planned RENAME TO swapped;
        ALTER TABLE renamed.other RENAME TO planned;
        ALTER TABLE renamed.swapped RENAME TO other;
    END IF;
END $$;
CREATE EVENT TRIGGER regress_swap ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION renamed.swap();
SET renamed.swapped = 'no';
SELECT dj_deploy.set_replica_identity(:planned::regclass, dry_run => false);
\echo :SQLSTATE
SELECT relname, relreplident FROM pg_class WHERE relnamespace = 'renamed'::regnamespace AND relkind = 'r' ORDER BY oid;
-- Without a swap the same trigger does no harm.
SET renamed.swapped = 'yes';
SELECT dj_deploy.set_replica_identity(:planned::regclass, dry_run => false) -> 'tables_modified';
DROP EVENT TRIGGER regress_swap;
SET client_min_messages = warning;
DROP SCHEMA renamed CASCADE;
