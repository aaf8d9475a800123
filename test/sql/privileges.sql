-- Nobody can do more through the extension than without it, and everybody can look.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_owner;
CREATE ROLE regress_member IN ROLE regress_owner;
CREATE ROLE regress_no_inherit NOINHERIT IN ROLE regress_owner;
CREATE ROLE regress_other;
CREATE ROLE regress_nobody;
CREATE SCHEMA rights;
GRANT USAGE, CREATE ON SCHEMA rights TO regress_owner, regress_other;
GRANT USAGE ON SCHEMA rights TO regress_no_inherit;
SET ROLE regress_other;
CREATE TABLE rights.t01 (id int PRIMARY KEY);
CREATE TABLE rights.t02 (id int PRIMARY KEY);
SET ROLE regress_owner;
CREATE TABLE rights.a (id int PRIMARY KEY);
RESET ROLE;
RESET client_min_messages;
PREPARE show_changed AS
    SELECT array_agg(relname ORDER BY relname) FROM pg_class
    WHERE relnamespace = 'rights'::regnamespace AND relkind = 'r' AND relreplident <> 'd';

-- The caller owns one table of three: an error that names the others, and nothing applied.
SET ROLE regress_owner;
SELECT dj_deploy.set_replica_identity('rights', dry_run => false); \echo :SQLSTATE
EXECUTE show_changed;

-- The dry run shows all statements and warns of what a run would refuse.
SELECT dj_deploy.set_replica_identity('rights') -> 'ddl';

-- What is there already needs no rights under skip_unchanged.
RESET ROLE;
SELECT dj_deploy.set_replica_identity('rights.t01'::regclass, dry_run => false) -> 'tables_modified';
SET ROLE regress_owner;
SELECT dj_deploy.set_replica_identity('rights', 'full', dry_run => false, skip_unchanged => true); \echo :SQLSTATE

-- One's own table is one's own.
SELECT dj_deploy.set_replica_identity('rights.a'::regclass, dry_run => false) -> 'tables_modified';
SELECT dj_deploy.set_replica_identity('rights.t02'::regclass, dry_run => false); \echo :SQLSTATE
EXECUTE show_changed;

-- Ten are named, and how many more.
SET ROLE regress_other;
DO $$ BEGIN FOR n IN 3..10 LOOP EXECUTE format('CREATE TABLE rights.t%s (id int)', lpad(n::text, 2, '0')); END LOOP; END $$;
SET ROLE regress_owner;
SELECT dj_deploy.set_replica_identity('rights', dry_run => false); \echo :SQLSTATE
SET ROLE regress_other;
CREATE TABLE rights.t11 (id int);
CREATE TABLE rights.t12 (id int);
CREATE TABLE rights.t13 (id int);
SET ROLE regress_owner;
SELECT dj_deploy.set_replica_identity('rights', 'default', dry_run => false); \echo :SQLSTATE
SELECT jsonb_array_length(dj_deploy.set_replica_identity('rights', 'default') -> 'ddl');
RESET ROLE;
EXECUTE show_changed;

-- A member of the owning role may do what the owner may; one that does not inherit its rights may not.
SET ROLE regress_member;
SELECT dj_deploy.set_replica_identity('rights.a'::regclass, dry_run => false) -> 'tables_modified';
SET ROLE regress_no_inherit;
SELECT dj_deploy.set_replica_identity('rights.a'::regclass) -> 'tables_modified';
SELECT dj_deploy.set_replica_identity('rights.a'::regclass, dry_run => false); \echo :SQLSTATE
SET ROLE regress_owner;
SELECT dj_deploy.set_replica_identity('rights.a'::regclass, dry_run => false) -> 'tables_modified';
RESET ROLE;

-- An owner without USAGE on the schema: ALTER TABLE would refuse, so the run does before its first statement.
SELECT 'rights.a'::regclass::oid AS table_a \gset
REVOKE USAGE ON SCHEMA rights FROM regress_owner;
SET ROLE regress_owner;
ALTER TABLE rights.a REPLICA IDENTITY DEFAULT; \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(:table_a::regclass, 'default', dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(:table_a::regclass, 'default');
RESET ROLE;
GRANT USAGE ON SCHEMA rights TO regress_owner;

-- A role without any rights plans a whole schema, but changes nothing.
SET ROLE regress_nobody;
SELECT has_schema_privilege('rights', 'USAGE');
SELECT jsonb_array_length(dj_deploy.set_replica_identity('rights') -> 'ddl');
SELECT dj_deploy.set_replica_identity('rights', dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(:table_a::regclass, dry_run => false); \echo :SQLSTATE
RESET ROLE;

-- Partitions of another owner, in another schema.
CREATE SCHEMA rights_elsewhere;
CREATE TABLE rights.root (id int) PARTITION BY LIST (id);
CREATE TABLE rights_elsewhere.leaf PARTITION OF rights.root DEFAULT;
ALTER TABLE rights.root OWNER TO regress_owner;
SET ROLE regress_owner;
SELECT dj_deploy.set_replica_identity('rights.root'::regclass, dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('rights.root'::regclass);
RESET ROLE;

-- Whoever lends its rights by a SECURITY DEFINER function lends them here too.
CREATE FUNCTION rights.lent() RETURNS jsonb LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT dj_deploy.set_replica_identity('rights.a'::regclass, 'default', dry_run => false) $$;
ALTER FUNCTION rights.lent() OWNER TO regress_owner;
GRANT USAGE ON SCHEMA rights TO regress_nobody;
SET ROLE regress_nobody;
SELECT rights.lent() -> 'tables_modified';
RESET ROLE;

-- The owner of a database installs the extension without being a superuser, and anyone may use it there.
\set main :DBNAME
CREATE ROLE regress_database_owner;
CREATE DATABASE regress_trusted OWNER regress_database_owner;
\c regress_trusted
SET ROLE regress_nobody;
CREATE EXTENSION datajoint_deploy; \echo :SQLSTATE
SET ROLE regress_database_owner;
CREATE EXTENSION datajoint_deploy;
CREATE SCHEMA mine;
CREATE TABLE mine.session (id int);
SELECT dj_deploy.set_replica_identity('mine', dry_run => false);
SET ROLE regress_nobody;
SELECT dj_deploy.set_replica_identity('mine');
SET ROLE regress_database_owner;
DROP EXTENSION datajoint_deploy;
SELECT to_regnamespace('dj_deploy') IS NULL;

-- Somebody has made a schema of its name: CREATE EXTENSION fails instead of trusting what is in it.
RESET ROLE;
CREATE ROLE regress_attacker;
CREATE SCHEMA dj_deploy AUTHORIZATION regress_attacker;
CREATE EXTENSION datajoint_deploy; \echo :SQLSTATE
SELECT count(*) FROM pg_extension WHERE extname = 'datajoint_deploy';
SELECT count(*) FROM pg_proc WHERE pronamespace = 'dj_deploy'::regnamespace;
CREATE EXTENSION datajoint_deploy SCHEMA dj_deploy; \echo :SQLSTATE
CREATE EXTENSION datajoint_deploy SCHEMA public; \echo :SQLSTATE
SELECT count(*) FROM pg_extension WHERE extname = 'datajoint_deploy';

\c :main
SET client_min_messages = error;
DROP DATABASE regress_trusted;
DROP SCHEMA rights, rights_elsewhere CASCADE;
DROP ROLE regress_owner, regress_member, regress_no_inherit, regress_other, regress_nobody, regress_database_owner, regress_attacker;
