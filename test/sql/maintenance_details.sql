-- Who may do maintenance: the owner of a table, for VACUUM the owner of the database, too; and nobody without USAGE on the schema.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset footer off
CREATE ROLE regress_maintenance;
CREATE SCHEMA details;
CREATE SCHEMA details_closed;
CREATE TABLE details.a (id int PRIMARY KEY);
CREATE TABLE details.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details.leaf PARTITION OF details.root DEFAULT;
CREATE TABLE details_closed.a (id int PRIMARY KEY);
ALTER TABLE details_closed.a OWNER TO regress_maintenance;
GRANT USAGE ON SCHEMA details TO regress_maintenance;
SELECT pg_get_userbyid(datdba) AS owner, datname AS database FROM pg_database WHERE datname = current_database() \gset

SET ROLE regress_maintenance;
CALL dj_deploy.reindex('details');
CALL dj_deploy.reindex('details_closed');
CALL dj_deploy.vacuum_analyze('details_closed') \gset closed_
SELECT :'closed_result'::jsonb -> 'ddl' = '[]' AS is_closed, :'closed_result'::jsonb -> 'skipped' AS skipped;
CALL dj_deploy.vacuum_analyze('details') \gset stranger_
RESET ROLE;
SELECT :'stranger_result'::jsonb - 'ddl' AS result, :'stranger_result'::jsonb -> 'ddl' = '[]' AS has_nothing;

-- A block with EXCEPTION is a transaction that cannot be committed on the way.
DO $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.vacuum_analyze('details', false, result => result);
EXCEPTION WHEN active_sql_transaction THEN
    RAISE WARNING '%: %', SQLSTATE, SQLERRM;
END $$;

-- The owner of the database.
ALTER DATABASE :"database" OWNER TO regress_maintenance;
SET ROLE regress_maintenance;
CALL dj_deploy.reindex('details');
CALL dj_deploy.vacuum_analyze('details') \gset owner_
CALL dj_deploy.vacuum_analyze('details', false) \gset run_
RESET ROLE;
SELECT :'owner_result'::jsonb - 'ddl' AS result, jsonb_array_length(:'owner_result'::jsonb -> 'ddl') >= 3 AS has_all,
       :'owner_result'::jsonb -> 'ddl' = :'run_result'::jsonb -> 'ddl' AS is_run, :'run_result'::jsonb -> 'tables_modified' AS modified;
ALTER DATABASE :"database" OWNER TO :"owner";
DROP SCHEMA details, details_closed CASCADE;
DROP ROLE regress_maintenance;
