-- What is refused, with which SQLSTATE; and that a refusal or a failure anywhere leaves every table as it was.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE SCHEMA refusals;
CREATE TABLE refusals.a (id int PRIMARY KEY);
CREATE TABLE refusals.b (id int PRIMARY KEY REFERENCES refusals.a);
CREATE TABLE refusals.c (id int PRIMARY KEY REFERENCES refusals.b DEFERRABLE INITIALLY DEFERRED);
RESET client_min_messages;

-- Shows the tables that are not DEFAULT.
PREPARE show_changed AS
    SELECT array_agg(relname ORDER BY relname) FROM pg_class
    WHERE relnamespace = 'refusals'::regnamespace AND relkind IN ('r', 'p') AND relreplident <> 'd';

-- System schemas, also for a superuser, and also where there is none of that name.
SELECT rolsuper FROM pg_roles WHERE rolname = current_user;
SELECT dj_deploy.set_replica_identity('pg_catalog'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('information_schema'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('pg_toast'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('pg_temp'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('pg_temp_3'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('pg_toast_temp_3'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('pg_'); \echo :SQLSTATE

-- A schema that does not exist, also where the case differs or a system schema's name only begins so.
SELECT dj_deploy.set_replica_identity('nowhere'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('Refusals'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('PG_CATALOG'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('information_schema2'); \echo :SQLSTATE

-- System tables by regclass.
SELECT dj_deploy.set_replica_identity('pg_class'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('pg_authid'::regclass, dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('information_schema.sql_features'::regclass); \echo :SQLSTATE

-- A relation that does not exist: the server's own refusal of a name, ours of an OID.
SELECT dj_deploy.set_replica_identity('refusals.nothing'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(4294967295::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(0::regclass); \echo :SQLSTATE

-- Relations that are not tables, each named by its kind.
CREATE VIEW refusals.view AS SELECT 1 AS id;
CREATE MATERIALIZED VIEW refusals.matview AS SELECT 1 AS id;
CREATE SEQUENCE refusals.sequence;
CREATE TYPE refusals.composite AS (id int);
CREATE TABLE refusals.partitioned (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE FOREIGN DATA WRAPPER refusals_wrapper;
CREATE SERVER refusals_server FOREIGN DATA WRAPPER refusals_wrapper;
CREATE FOREIGN TABLE refusals.foreign_table (id int) SERVER refusals_server;
SELECT dj_deploy.set_replica_identity('refusals.view'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('refusals.matview'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('refusals.sequence'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('refusals.a_pkey'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('refusals.partitioned_pkey'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('refusals.composite'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('refusals.foreign_table'::regclass, dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('pg_toast.pg_toast_1255'::regclass); \echo :SQLSTATE
DROP FOREIGN TABLE refusals.foreign_table;
DROP SERVER refusals_server;
DROP FOREIGN DATA WRAPPER refusals_wrapper;
DROP TABLE refusals.partitioned;

-- The caller's own temporary table; its schema's number varies.
CREATE TEMPORARY TABLE refused (id int);
DO $$
BEGIN
    PERFORM dj_deploy.set_replica_identity('refused'::regclass);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '%: %', SQLSTATE, regexp_replace(SQLERRM, 'pg_temp_\d+', 'pg_temp_N');
END $$;

-- In a READ ONLY transaction a dry run works and a change does not, not even one that would do nothing.
BEGIN READ ONLY;
SELECT dj_deploy.set_replica_identity('refusals') ->> 'tables_analyzed';
SELECT dj_deploy.set_replica_identity('refusals.a'::regclass) ->> 'tables_analyzed';
SELECT dj_deploy.set_replica_identity('refusals', dry_run => false); \echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT dj_deploy.set_replica_identity('refusals', 'default', false, true); \echo :SQLSTATE
ROLLBACK;

-- An open cursor on the last of the tables: the server refuses, and the tables before it stay as they were.
BEGIN;
DECLARE reader CURSOR FOR SELECT * FROM refusals.c;
SELECT dj_deploy.set_replica_identity('refusals') ->> 'tables_analyzed';
SELECT dj_deploy.set_replica_identity('refusals', dry_run => false); \echo :SQLSTATE
COMMIT;
EXECUTE show_changed;

-- Pending trigger events on the last of the tables.
BEGIN;
INSERT INTO refusals.c VALUES (1);
SELECT dj_deploy.set_replica_identity('refusals', dry_run => false); \echo :SQLSTATE
COMMIT;
EXECUTE show_changed;

-- An error after the call in the same statement takes back what the call did.
SELECT 1 / ((result ->> 'tables_modified')::int - 3)
FROM dj_deploy.set_replica_identity('refusals', dry_run => false) result; \echo :SQLSTATE
EXECUTE show_changed;

-- An event trigger that raises after the last of the tables.
CREATE FUNCTION refusals.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE objid = 'refusals.c'::regclass) THEN
        RAISE 'refused by an event trigger: % tables are FULL', (
            SELECT count(*) FROM pg_class WHERE relnamespace = 'refusals'::regnamespace AND relreplident = 'f');
    END IF;
END $$;
CREATE EVENT TRIGGER refusals_refuse ON ddl_command_end EXECUTE FUNCTION refusals.refuse();
SELECT dj_deploy.set_replica_identity('refusals', dry_run => false); \echo :SQLSTATE
DROP EVENT TRIGGER refusals_refuse;
EXECUTE show_changed;

-- In a security-restricted operation the current user is not the one who began it. The owner of an index function, of a
-- materialized view or of statistics would act in the name of whoever maintains the table.
CREATE ROLE regress_refusals_owner;
GRANT USAGE, CREATE ON SCHEMA refusals TO regress_refusals_owner;
SET ROLE regress_refusals_owner;
CREATE FUNCTION refusals.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT id';
CREATE TABLE refusals.bait (id int);
INSERT INTO refusals.bait VALUES (1);
CREATE INDEX bait_index ON refusals.bait (refusals.trap(id));
CREATE MATERIALIZED VIEW refusals.bait_view AS SELECT refusals.trap(1);
CREATE OR REPLACE FUNCTION refusals.trap(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dj_deploy.set_replica_identity('refusals.bait'::regclass, dry_run => false);
    RETURN id;
END $$;
RESET ROLE;
REINDEX TABLE refusals.bait; \echo :SQLSTATE
REFRESH MATERIALIZED VIEW refusals.bait_view; \echo :SQLSTATE
ANALYZE refusals.bait; \echo :SQLSTATE
EXECUTE show_changed;

-- Not even a dry run there.
SET ROLE regress_refusals_owner;
CREATE OR REPLACE FUNCTION refusals.trap(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dj_deploy.set_replica_identity('refusals.bait'::regclass);
    RETURN id;
END $$;
RESET ROLE;
REINDEX TABLE refusals.bait; \echo :SQLSTATE

-- The session is as usable as before.
SELECT dj_deploy.set_replica_identity('refusals.a'::regclass, dry_run => false);

SET client_min_messages = error;
DROP SCHEMA refusals CASCADE;
DROP ROLE regress_refusals_owner;
