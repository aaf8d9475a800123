-- set_grants gives a role exactly one access to a schema, on a real pipeline and on objects of every kind. What the privileges
-- are good for is tried in test/t/grants.pl.
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
CREATE ROLE regress_reader;
CREATE ROLE regress_friend;
CREATE ROLE regress_owner;

-- What a role holds in a schema: object, privileges (* with grant option), grantor.
CREATE FUNCTION pg_temp.held(schema text, role text) RETURNS SETOF text LANGUAGE sql AS $$
    WITH acl AS (
        SELECT 1 AS part, 'schema' AS object, nspacl AS acl FROM pg_namespace WHERE nspname = $1
        UNION ALL
        SELECT 2, relname, relacl FROM pg_class WHERE relnamespace = $1::regnamespace
        UNION ALL
        SELECT 3, relname || '.' || attname, attacl FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
        WHERE relnamespace = $1::regnamespace
        UNION ALL
        SELECT 4, format('future %s of %s', defaclobjtype, replace(defaclrole::regrole::text, current_user, 'superuser')), defaclacl FROM pg_default_acl
        WHERE defaclnamespace = $1::regnamespace
    )
    SELECT format('%s: %s by %s', object,
                  string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type), grantor)
    FROM (SELECT part, object, privilege_type, is_grantable, grantee,
                 replace(g.grantor::regrole::text, current_user, 'superuser') AS grantor
          FROM acl, aclexplode(acl) g) held
    WHERE grantee = CASE WHEN $2 = 'public' THEN 0 ELSE $2::regrole::oid END
    GROUP BY part, object, grantor ORDER BY part, object COLLATE "C", grantor
$$;
PREPARE show_traces AS
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS has_xid, count(*) FILTER (WHERE relation >= 16384) AS user_locks
    FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid();

-- A real pipeline, hidden tables included: what the dry run shows is what a run does, the second plan is empty and a second
-- run leaves no trace.
SELECT jsonb_pretty(dj_deploy.set_grants('analysis', 'regress_reader', 'read'));
SELECT pg_temp.held('analysis', 'regress_reader');
SELECT dj_deploy.set_grants('analysis', 'regress_reader', 'read') -> 'ddl' AS planned \gset
SELECT result - 'ddl', result -> 'ddl' = :'planned'
FROM dj_deploy.set_grants('analysis', 'regress_reader', 'read', dry_run => false) result;
SELECT pg_temp.held('analysis', 'regress_reader');
SELECT dj_deploy.set_grants('analysis', 'regress_reader', 'read');
BEGIN;
SELECT dj_deploy.set_grants('analysis', 'regress_reader', 'read', dry_run => false);
EXECUTE show_traces;
COMMIT;
BEGIN;
SELECT dj_deploy.set_grants('lab', 'regress_reader', 'write', future_tables => true) -> 'tables_analyzed';
EXECUTE show_traces;
COMMIT;

-- The statements of a dry run do the same as a run.
SELECT jsonb_array_elements_text(dj_deploy.set_grants('lab', 'regress_reader', 'write') -> 'ddl') \gexec
SELECT dj_deploy.set_grants('lab', 'regress_reader', 'write');
SELECT dj_deploy.set_grants('analysis', 'regress_reader', 'none', dry_run => false) -> 'tables_modified';
SELECT pg_temp.held('analysis', 'regress_reader');

SET client_min_messages = error;
DROP SCHEMA lab, behavior, ephys, analysis CASCADE;

-- Objects of every kind, of a superuser whose name is known.
CREATE ROLE regress_superuser SUPERUSER;
SET SESSION AUTHORIZATION regress_superuser;
CREATE SCHEMA shared;
CREATE SCHEMA shared_other;
CREATE TABLE shared.session (id serial PRIMARY KEY, note text);
CREATE TABLE shared.session__trial (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY REFERENCES shared.session);
CREATE TABLE shared."~log" (id int);
CREATE TABLE shared.root (id int) PARTITION BY RANGE (id);
CREATE TABLE shared.leaf PARTITION OF shared.root FOR VALUES FROM (0) TO (10);
CREATE TABLE shared_other.leaf PARTITION OF shared.root DEFAULT;
CREATE VIEW shared.a_view AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW shared.materialized AS SELECT 1 AS one;
CREATE SEQUENCE shared.counter;
CREATE FOREIGN DATA WRAPPER regress_shared;
CREATE SERVER regress_shared FOREIGN DATA WRAPPER regress_shared;
CREATE FOREIGN TABLE shared.foreign_table (id int) SERVER regress_shared;
CREATE TYPE shared.composite AS (id int);
CREATE FUNCTION shared.one() RETURNS int LANGUAGE sql RETURN 1;
RESET client_min_messages;

-- Up and down: each access is exact.
SELECT jsonb_pretty(dj_deploy.set_grants('shared', 'regress_reader', 'read', false, true));
SELECT pg_temp.held('shared', 'regress_reader');
SELECT jsonb_array_elements_text(dj_deploy.set_grants('shared', 'regress_reader', 'WRITE', false, true) -> 'ddl');
SELECT pg_temp.held('shared', 'regress_reader');
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'all', false, true) - 'ddl';
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'all', false, true) -> 'ddl';
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'write', false, true) - 'ddl';
SELECT pg_temp.held('shared', 'regress_reader');
SELECT jsonb_array_elements_text(dj_deploy.set_grants('shared', 'regress_reader', 'none', false, true) -> 'ddl');
SELECT pg_temp.held('shared', 'regress_reader');
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'none', false, true);

-- All at once is written ALL; PUBLIC is "public" and nothing else.
SELECT jsonb_array_elements_text(dj_deploy.set_grants('shared', 'public', 'all', dry_run => false) -> 'ddl');
SELECT dj_deploy.set_grants('shared', 'public', 'all', dry_run => false);
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'none');
SELECT jsonb_array_elements_text(dj_deploy.set_grants('shared', 'public', 'none', dry_run => false) -> 'ddl');
SELECT pg_temp.held('shared', 'public');
SELECT dj_deploy.set_grants('shared', 'PUBLIC', 'read'); \echo :SQLSTATE
CREATE ROLE "PUBLIC";
SELECT dj_deploy.set_grants('shared', 'PUBLIC', 'read', dry_run => false) -> 'ddl' -> 0;
DROP OWNED BY "PUBLIC";
DROP ROLE "PUBLIC";

-- Columns, grant options, what others granted and what was passed on.
GRANT UPDATE (note), SELECT (id), REFERENCES (id) ON shared.session TO regress_reader;
GRANT INSERT ON shared."~log" TO regress_reader;
GRANT SELECT (id), UPDATE (id) ON shared."~log" TO PUBLIC;
GRANT SELECT, DELETE ON shared.leaf TO regress_reader WITH GRANT OPTION;
GRANT USAGE, CREATE ON SCHEMA shared TO regress_reader WITH GRANT OPTION;
GRANT TRIGGER ON shared.a_view TO regress_friend WITH GRANT OPTION;
GRANT SELECT, INSERT ON shared.root TO regress_reader WITH GRANT OPTION;
GRANT USAGE ON SCHEMA shared TO regress_friend;
SET ROLE regress_friend;
GRANT TRIGGER ON shared.a_view TO regress_reader;
SET ROLE regress_reader;
GRANT INSERT ON shared.root TO regress_friend;
RESET ROLE;
SELECT jsonb_pretty(dj_deploy.set_grants('shared', 'regress_reader', 'read', dry_run => false));
SELECT pg_temp.held('shared', 'regress_reader');
SELECT pg_temp.held('shared', 'regress_friend');
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'read', dry_run => false) -> 'ddl';
SELECT dj_deploy.set_grants('shared', 'public', 'none', dry_run => false) -> 'ddl';
SELECT pg_temp.held('shared', 'public');

-- What the role owns is its own.
ALTER TABLE shared.materialized OWNER TO regress_reader;
ALTER SEQUENCE shared.counter OWNER TO regress_reader;
REVOKE SELECT ON shared.materialized FROM regress_reader;
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'read') -> 'ddl';
ALTER SCHEMA shared OWNER TO regress_reader;
SELECT jsonb_path_query_array(dj_deploy.set_grants('shared', 'regress_reader', 'none') -> 'ddl', '$[*] ? (@ like_regex "SCHEMA|counter|materialized")');
ALTER SCHEMA shared OWNER TO CURRENT_USER;

-- Default privileges are those of the tables' owners that can create more; other roles and kinds keep theirs.
GRANT CREATE ON SCHEMA shared TO regress_owner;
ALTER TABLE shared.leaf OWNER TO regress_owner;
ALTER TABLE shared.a_view OWNER TO regress_friend;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_owner IN SCHEMA shared GRANT SELECT, TRUNCATE ON TABLES TO regress_reader, regress_friend;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_owner IN SCHEMA shared GRANT SELECT ON SEQUENCES TO regress_reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_owner IN SCHEMA shared GRANT EXECUTE ON FUNCTIONS TO regress_reader;
SELECT jsonb_path_query(dj_deploy.set_grants('shared', 'regress_reader', 'read', false, true) -> 'ddl', '$[*] ? (@ like_regex "DEFAULT")');
SELECT held FROM pg_temp.held('shared', 'regress_reader') held WHERE held LIKE 'future%';
SELECT held FROM pg_temp.held('shared', 'regress_friend') held WHERE held LIKE 'future%';
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'read', false, true) -> 'ddl';
CREATE SCHEMA shared_empty;
SELECT dj_deploy.set_grants('shared_empty', 'regress_reader', 'read', false, true);

-- Refusals.
SELECT dj_deploy.set_grants('shared', 'nobody', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', 'none', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'admin'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'read '); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', 'regress_reader', ''); \echo :SQLSTATE
SELECT dj_deploy.set_grants('nowhere', 'nobody', 'admin'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('nowhere', 'nobody', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('pg_catalog', 'regress_reader', 'none'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', '', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', repeat('x', 64), 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants(NULL, 'regress_reader', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', NULL, 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', 'regress_reader', NULL); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'read', future_tables => NULL); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'read', dry_run => NULL); \echo :SQLSTATE
BEGIN READ ONLY;
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'all') -> 'tables_analyzed';
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'all', dry_run => false); \echo :SQLSTATE
ROLLBACK;

-- A role that owns some of the objects: the run names the others and changes nothing; the dry run warns.
SET ROLE regress_owner;
SELECT dj_deploy.set_grants('shared', 'regress_friend', 'write', future_tables => true) - 'ddl';
SELECT dj_deploy.set_grants('shared', 'regress_friend', 'write', false, true); \echo :SQLSTATE
SELECT dj_deploy.set_grants('shared', 'regress_reader', 'read', dry_run => false) -> 'ddl';
RESET ROLE;
SELECT held FROM pg_temp.held('shared', 'regress_friend') held WHERE held !~ 'a_view';

-- A member of the owner who has grant options of its own: PostgreSQL would use those, and not act as the owner.
CREATE ROLE regress_deputy IN ROLE regress_owner;
GRANT USAGE ON SCHEMA shared TO regress_deputy;
CREATE TABLE shared.second (id int);
ALTER TABLE shared.second OWNER TO regress_owner;
GRANT INSERT ON shared.leaf, shared.second TO regress_deputy WITH GRANT OPTION;
GRANT INSERT ON shared.leaf, shared.second TO regress_friend;
SELECT relname FROM pg_class WHERE relnamespace = 'shared'::regnamespace AND relowner = 'regress_owner'::regrole ORDER BY relname;
SET ROLE regress_deputy;
SELECT dj_deploy.set_grants('shared', 'regress_friend', 'none') -> 'tables_modified';
SELECT dj_deploy.set_grants('shared', 'regress_friend', 'none', dry_run => false); \echo :SQLSTATE
RESET ROLE;
REVOKE INSERT ON shared.leaf FROM regress_friend, regress_deputy;
DROP TABLE shared.second;

-- A run holds ACCESS SHARE on each object: reading and writing go on.
BEGIN;
SELECT dj_deploy.set_grants('shared', 'regress_friend', 'read', dry_run => false) -> 'tables_modified';
SELECT relname, mode FROM pg_locks JOIN pg_class c ON c.oid = relation
WHERE pid = pg_backend_pid() AND relation >= 16384 ORDER BY relname COLLATE "C";
ROLLBACK;

SET client_min_messages = error;
DROP SCHEMA shared, shared_other, shared_empty CASCADE;
DROP FOREIGN DATA WRAPPER regress_shared CASCADE;
RESET SESSION AUTHORIZATION;
DROP ROLE regress_reader, regress_friend, regress_owner, regress_deputy, regress_superuser;
