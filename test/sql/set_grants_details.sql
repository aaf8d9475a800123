-- Privileges that are easily passed over: of predefined roles in columns, of columns that are gone, of sequences alone, in
-- another database; and what a member of an owner may do without inheriting from it.
SET client_min_messages = warning;
\pset footer off
\pset format unaligned
\pset tuples_only on
CREATE ROLE regress_details;
CREATE ROLE regress_maker;
CREATE ROLE regress_second;
CREATE ROLE regress_schema;
CREATE SCHEMA details AUTHORIZATION regress_schema;
CREATE FUNCTION pg_temp.ddl(role text, access text, dry_run boolean DEFAULT true, future_tables boolean DEFAULT false) RETURNS SETOF text
    LANGUAGE sql AS $$ SELECT jsonb_array_elements_text(dj_deploy.set_grants('details', role, access, dry_run, future_tables) -> 'ddl') $$;
CREATE FUNCTION pg_temp.grants() RETURNS jsonb LANGUAGE sql AS $$ SELECT dj_deploy.describe('details') #> '{schemas,details,grants}' $$;

-- A role that initdb has made, and PUBLIC, may hold something in columns as any other.
CREATE TABLE details.a (id int, note text);
CREATE TABLE details.b (id int, note text);
CREATE TABLE details.c (id int, note text);
GRANT SELECT (id), UPDATE (note) ON details.a TO pg_read_all_data;
GRANT SELECT (note) ON details.b TO PUBLIC;
GRANT UPDATE (note) ON details.c TO PUBLIC;
GRANT INSERT (note) ON details.b TO regress_details;
SELECT pg_temp.ddl('pg_read_all_data', 'none', false);
SELECT pg_temp.ddl('public', 'none', false);
SELECT pg_temp.ddl('regress_details', 'none', false);
SELECT attrelid::regclass, attname, attacl FROM pg_attribute
WHERE attrelid IN ('details.a'::regclass, 'details.b'::regclass, 'details.c'::regclass) AND attacl <> '{}' ORDER BY 1, 2;
DROP TABLE details.c;

-- What a role held in a column that was dropped is nothing: nothing to revoke, nothing to describe.
GRANT USAGE ON SCHEMA details TO regress_details;
GRANT SELECT ON details.a, details.b TO regress_details;
GRANT UPDATE (note) ON details.a TO regress_details, regress_second;
SELECT pg_temp.ddl('regress_details', 'read');
ALTER TABLE details.a DROP COLUMN note;
SELECT pg_temp.ddl('regress_details', 'read');
SET client_min_messages = notice;
SELECT pg_temp.grants();
SET client_min_messages = warning;
DROP TABLE details.a, details.b;

-- A column of the same number in another table, or of a table in another schema, is another column.
CREATE SCHEMA details_other;
CREATE TABLE details.a (id int);
CREATE TABLE details_other.a (id int);
GRANT UPDATE (id) ON details_other.a TO regress_details;
GRANT SELECT ON details.a TO regress_details;
SELECT pg_temp.ddl('regress_details', 'read');
DROP SCHEMA details_other CASCADE;
DROP TABLE details.a;

-- However many tables of another schema were made between two of this one.
CREATE SCHEMA details_other;
CREATE TABLE details.a (id int);
SELECT format('CREATE TABLE details_other.t%s (id int); GRANT UPDATE (id) ON details_other.t%1$s TO regress_details', n) FROM generate_series(1, 12) n \gexec
CREATE TABLE details.z (id int);
GRANT UPDATE (id) ON details.a, details.z TO regress_details;
SELECT pg_temp.ddl('regress_details', 'none');
DROP SCHEMA details_other CASCADE;
DROP TABLE details.a, details.z;

-- Two columns, two grantors: all that is held counts, and who granted it.
CREATE TABLE details.a (id int, note text, more text);
GRANT SELECT (id), UPDATE (note), REFERENCES (more) ON details.a TO regress_details;
GRANT SELECT ON details.a TO regress_maker, regress_second WITH GRANT OPTION;
GRANT UPDATE ON details.a TO regress_maker WITH GRANT OPTION;
GRANT USAGE ON SCHEMA details TO regress_maker, regress_second;
SET ROLE regress_maker;
GRANT SELECT ON details.a TO regress_details;
GRANT UPDATE (more) ON details.a TO regress_details;
RESET ROLE;
SELECT jsonb_pretty(dj_deploy.set_grants('details', 'regress_details', 'none', dry_run => false));
SET ROLE regress_second;
GRANT SELECT ON details.a TO regress_details;
RESET ROLE;
SELECT dj_deploy.set_grants('details', 'regress_details', 'none') -> 'skipped' -> 0 -> 'reason';
DROP TABLE details.a;

-- What somebody else has granted with the grant option is more than was asked for, and not ours to take.
CREATE TABLE details.a (id int);
GRANT USAGE ON SCHEMA details TO regress_details;
GRANT SELECT ON details.a TO regress_maker WITH GRANT OPTION;
SET ROLE regress_maker;
GRANT SELECT ON details.a TO regress_details WITH GRANT OPTION;
RESET ROLE;
SELECT dj_deploy.set_grants('details', 'regress_details', 'read');
DROP TABLE details.a;
REVOKE USAGE ON SCHEMA details FROM regress_details;

-- What a role has passed on stays, also where a document is about several roles.
CREATE TABLE details.a (id int);
GRANT SELECT ON details.a TO regress_maker WITH GRANT OPTION;
SET ROLE regress_maker;
GRANT SELECT ON details.a TO regress_details;
RESET ROLE;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"grants": {"regress_maker": "none", "regress_second": "none"}}}}') -> 'skipped';
DROP TABLE details.a;

-- A schema of sequences alone has no tables to count; its owner may make some.
CREATE SEQUENCE details.counter;
CREATE SEQUENCE details.other;
SET client_min_messages = notice;
SELECT jsonb_pretty(dj_deploy.set_grants('details', 'regress_details', 'write', false, true));
SELECT pg_temp.ddl('regress_details', 'write', true, true);
SELECT pg_temp.grants();
SELECT pg_temp.ddl('regress_details', 'read', false);
SELECT pg_temp.grants();
GRANT CREATE ON SCHEMA details TO regress_maker;
ALTER SEQUENCE details.counter OWNER TO regress_maker;
SET ROLE regress_maker;
\set VERBOSITY terse
SELECT pg_temp.ddl('regress_details', 'write', false); \echo :SQLSTATE
RESET ROLE;
SET client_min_messages = warning;
DROP SEQUENCE details.counter, details.other;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_schema IN SCHEMA details REVOKE ALL ON TABLES FROM regress_details;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_schema IN SCHEMA details REVOKE ALL ON SEQUENCES FROM regress_details;

-- The role itself is nobody who makes tables for it, and its tables are no other role's.
CREATE TABLE details.own (id int);
ALTER TABLE details.own OWNER TO regress_details;
ALTER SCHEMA details OWNER TO regress_details;
SET client_min_messages = notice;
SELECT jsonb_path_query(dj_deploy.set_grants('details', 'regress_details', 'read', future_tables => true) -> 'ddl', '$[*] ? (@ like_regex "DEFAULT|own")');
SET client_min_messages = warning;
ALTER SCHEMA details OWNER TO regress_schema;
DROP TABLE details.own;

-- Those who make tables come by name.
CREATE ROLE regress_about;
CREATE TABLE details.by_maker (id int);
CREATE TABLE details.by_about (id int);
ALTER TABLE details.by_maker OWNER TO regress_maker;
ALTER TABLE details.by_about OWNER TO regress_about;
SELECT jsonb_path_query(dj_deploy.set_grants('details', 'regress_details', 'read', future_tables => true) -> 'ddl', '$[*] ? (@ like_regex "DEFAULT.*TABLES")');
DROP TABLE details.by_maker, details.by_about;
DROP ROLE regress_about;

-- Who may not set the default privileges of a role is told so, also where only those of tables differ; of several roles at once.
ALTER SCHEMA details OWNER TO regress_maker;
CREATE TABLE details.by_maker (id int);
ALTER TABLE details.by_maker OWNER TO regress_maker;
SELECT count(*) FROM pg_temp.ddl('regress_details', 'read', false);
ALTER DEFAULT PRIVILEGES FOR ROLE regress_maker IN SCHEMA details GRANT SELECT ON SEQUENCES TO regress_details;
SET ROLE regress_second;
SELECT pg_temp.ddl('regress_details', 'read', true, true);
SELECT pg_temp.ddl('regress_details', 'read', false, true); \echo :SQLSTATE
RESET ROLE;
ALTER SCHEMA details OWNER TO regress_schema;
GRANT USAGE ON SCHEMA details TO regress_details;
SET ROLE regress_second;
SELECT pg_temp.ddl('regress_details', 'read', false, true); \echo :SQLSTATE
RESET ROLE;
ALTER SCHEMA details OWNER TO regress_maker;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_maker IN SCHEMA details REVOKE SELECT ON SEQUENCES FROM regress_details;
DROP TABLE details.by_maker;

-- A member that does not inherit may set the owner's default privileges up to PostgreSQL 15, and not since.
CREATE ROLE regress_member NOINHERIT IN ROLE regress_maker;
CREATE TABLE details.made (id int);
ALTER TABLE details.made OWNER TO regress_maker;
SELECT count(*) FROM pg_temp.ddl('regress_second', 'read', false);
CREATE FUNCTION pg_temp.sqlstate_of_run() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dj_deploy.set_grants('details', 'regress_second', 'read', false, true);
    RETURN '00000';
EXCEPTION WHEN insufficient_privilege THEN
    RETURN SQLSTATE;
END $$;
SET client_min_messages = error;
SET ROLE regress_member;
SELECT count(*) FROM pg_temp.ddl('regress_second', 'read', true, true);
SELECT pg_temp.sqlstate_of_run() = CASE WHEN current_setting('server_version_num')::int < 160000 THEN '00000' ELSE '42501' END AS as_the_server;
RESET ROLE;
SELECT count(*) >= 0 AS done FROM pg_temp.ddl('regress_second', 'read', false, true);
SET client_min_messages = warning;
DROP TABLE details.made;

-- Default privileges of functions, and those for all schemas, are none of a schema's tables.
CREATE TABLE details.made (id int);
ALTER TABLE details.made OWNER TO regress_maker;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_maker IN SCHEMA details GRANT EXECUTE ON FUNCTIONS TO regress_member;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_maker GRANT SELECT ON TABLES TO regress_second;
SELECT pg_temp.ddl('regress_second', 'read', false);
SET client_min_messages = notice;
SELECT pg_temp.grants();
SET client_min_messages = warning;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_maker IN SCHEMA details REVOKE SELECT ON TABLES FROM regress_second;
SELECT pg_temp.ddl('regress_second', 'read', true, true);
DROP SCHEMA details CASCADE;
DROP OWNED BY regress_maker, regress_schema;
DROP OWNED BY regress_details, regress_second, regress_member;
DROP ROLE regress_details, regress_maker, regress_second, regress_member, regress_schema;
