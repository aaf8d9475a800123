-- future_tables is exact for everybody who creates tables: the owners of tables, the owner of the schema, and roles that own
-- nothing but have default privileges in the schema. After 'none' a role can be dropped, or is told what is in the way.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE ROLE regress_pi;
CREATE ROLE regress_student;
CREATE ROLE regress_visitor;
CREATE ROLE regress_operator IN ROLE regress_pi, regress_student, regress_visitor;
CREATE ROLE regress_analyst;
CREATE SCHEMA future AUTHORIZATION regress_pi;
GRANT USAGE, CREATE ON SCHEMA future TO regress_student, regress_visitor;
SET ROLE regress_student;
CREATE TABLE future.session (id serial PRIMARY KEY);
RESET ROLE;
SET client_min_messages = notice;
CREATE FUNCTION pg_temp.set(access text, future_tables boolean DEFAULT true, dry_run boolean DEFAULT false) RETURNS SETOF text LANGUAGE sql
    AS $$ SELECT jsonb_array_elements_text(dj_deploy.set_grants(schema => 'future', role => 'regress_analyst', access => access,
                                                                dry_run => dry_run, future_tables => future_tables) -> 'ddl') $$;
CREATE FUNCTION pg_temp.defaults() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', defaclrole::regrole, defaclobjtype, privilege_type, CASE WHEN is_grantable THEN 'with grant option' END)
    FROM pg_default_acl, aclexplode(defaclacl)
    WHERE grantee = 'regress_analyst'::regrole AND defaclnamespace = 'future'::regnamespace ORDER BY 1
$$;
CREATE FUNCTION pg_temp.environment(access jsonb) RETURNS jsonb LANGUAGE sql
    AS $$ SELECT jsonb_build_object('version', 1, 'schemas', jsonb_build_object('future', jsonb_build_object('grants', jsonb_build_object('regress_analyst', access)))) $$;
CREATE FUNCTION pg_temp.described() RETURNS jsonb LANGUAGE sql AS $$ SELECT dj_deploy.describe('future') #> '{schemas,future,grants,regress_analyst}' $$;
CREATE FUNCTION pg_temp.on_next_table(creator text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    held text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', creator);
    CREATE TABLE future.next (id int);
    SELECT string_agg(privilege_type, ' ' ORDER BY privilege_type) INTO held FROM pg_class, aclexplode(relacl)
    WHERE oid = 'future.next'::regclass AND grantee = 'regress_analyst'::regrole;
    DROP TABLE future.next;
    RESET ROLE;
    RETURN held;
END $$;

-- The visitor owns no table; the analyst would write into the first.
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor IN SCHEMA future GRANT INSERT, SELECT ON TABLES TO regress_analyst WITH GRANT OPTION;
SELECT dj_deploy.set_grants(schema => 'future', role => 'regress_analyst', access => 'read', dry_run => false) -> 'ddl';
SELECT pg_temp.described();
SELECT pg_temp.on_next_table('regress_visitor');
SELECT object, property, old_value, new_value FROM dj_deploy.drift(pg_temp.environment('{"access": "read", "future_tables": true}'));
SET ROLE regress_operator;
BEGIN READ ONLY;
SELECT pg_temp.set('read', dry_run => true);
ROLLBACK;
SELECT pg_temp.set('read');
SELECT pg_temp.set('read');
RESET ROLE;
SELECT pg_temp.defaults();
SELECT pg_temp.on_next_table(creator) FROM unnest('{regress_pi,regress_student,regress_visitor}'::text[]) creator;
SELECT pg_temp.described();
SELECT dj_deploy.assert_converged(pg_temp.environment('{"access": "read", "future_tables": true}'));

-- Exact for some of them is not exact.
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor IN SCHEMA future GRANT SELECT, USAGE ON SEQUENCES TO regress_analyst;
SELECT pg_temp.described();

-- Without future_tables default privileges stay as they are, but 'none' is none: what was granted and what would be.
SELECT pg_temp.set('read', future_tables => false);
SELECT dj_deploy.apply(pg_temp.environment('"none"'), false) AS applied \gset
SELECT c ->> 'ddl' FROM jsonb_array_elements(:'applied'::jsonb -> 'changes') c;
SELECT pg_temp.defaults();
SELECT dj_deploy.assert_converged(pg_temp.environment('"none"'));
BEGIN;
\set VERBOSITY terse
DROP ROLE regress_analyst;
\set VERBOSITY default
ROLLBACK;

-- Undone, the last first, all is as it was.
SELECT c ->> 'undo' FROM jsonb_array_elements(:'applied'::jsonb -> 'changes') WITH ORDINALITY c(c, n) ORDER BY n DESC \gexec
SELECT pg_temp.defaults();

-- Who may not act for all of them is told for whom, also by 'none', and changes nothing.
REVOKE regress_visitor, regress_student FROM regress_operator;
SET ROLE regress_operator;
SELECT pg_temp.set('none'); \echo :SQLSTATE
RESET ROLE;
SELECT count(*) FROM pg_temp.defaults();
SELECT pg_temp.set('none', future_tables => false);
\set VERBOSITY terse
DROP ROLE regress_analyst;
\set VERBOSITY default
CREATE ROLE regress_analyst;

-- A role that has default privileges of its own for itself creates nothing for others; another grantee's stay.
ALTER DEFAULT PRIVILEGES FOR ROLE regress_analyst IN SCHEMA future GRANT INSERT ON TABLES TO regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor IN SCHEMA future GRANT INSERT ON TABLES TO regress_student;
SELECT pg_temp.set('read', dry_run => true);
SELECT pg_temp.set('none', dry_run => true);
ALTER DEFAULT PRIVILEGES FOR ROLE regress_analyst IN SCHEMA future REVOKE INSERT ON TABLES FROM regress_analyst;

-- For everybody.
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor IN SCHEMA future GRANT SELECT ON TABLES TO PUBLIC;
SELECT dj_deploy.set_grants(schema => 'future', role => 'public', access => 'none', dry_run => false) -> 'ddl';

-- What holds in all schemas cannot be taken back in one: told of those who may create here, where it is more than was asked for.
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor GRANT SELECT, INSERT ON TABLES TO regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_pi GRANT SELECT ON SEQUENCES TO regress_analyst WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_operator GRANT UPDATE ON TABLES TO regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_operator GRANT EXECUTE ON FUNCTIONS TO regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_analyst GRANT SELECT ON TABLES TO regress_pi;
SELECT dj_deploy.set_grants(schema => 'future', role => 'regress_analyst', access => 'read', dry_run => false, future_tables => true) -> 'skipped';
SELECT schema_name, object, property, reason FROM dj_deploy.drift(pg_temp.environment('{"access": "read", "future_tables": true}'));
SELECT dj_deploy.assert_converged(pg_temp.environment('{"access": "read", "future_tables": true}')); \echo :SQLSTATE
SELECT pg_temp.described();
SELECT dj_deploy.assert_converged(pg_temp.environment('"read"'));
SELECT dj_deploy.set_grants(schema => 'future', role => 'regress_analyst', access => 'none') -> 'skipped';
REVOKE CREATE ON SCHEMA future FROM regress_visitor; -- and from the operator, who is a member
REVOKE regress_pi FROM regress_operator;
SELECT count(*) FROM pg_temp.set('write', dry_run => true);
ALTER DEFAULT PRIVILEGES FOR ROLE regress_pi REVOKE SELECT ON SEQUENCES FROM regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_operator REVOKE UPDATE ON TABLES FROM regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_operator REVOKE EXECUTE ON FUNCTIONS FROM regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_analyst REVOKE SELECT ON TABLES FROM regress_pi;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor REVOKE SELECT, INSERT ON TABLES FROM regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor GRANT SELECT, DELETE ON TABLES TO PUBLIC;
GRANT CREATE ON SCHEMA future TO regress_visitor;
SELECT dj_deploy.set_grants(schema => 'future', role => 'public', access => 'read', future_tables => true) -> 'skipped';
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor REVOKE SELECT, DELETE ON TABLES FROM PUBLIC;

-- Who may create is judged as it will be: with what the role is given, and without what it holds now.
CREATE ROLE regress_late IN ROLE regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_late GRANT SELECT ON TABLES TO regress_analyst WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_late GRANT DELETE ON TABLES TO PUBLIC;
SELECT count(*) FROM pg_temp.set('all', dry_run => true);
SELECT count(*) FROM pg_temp.set('read', dry_run => true);
GRANT CREATE ON SCHEMA future TO regress_analyst;
SELECT count(*) FROM pg_temp.set('read', dry_run => true);
REVOKE CREATE ON SCHEMA future FROM regress_analyst;
GRANT CREATE ON SCHEMA future TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_analyst GRANT SELECT ON TABLES TO regress_pi;
SELECT count(*) FROM pg_temp.set('read', dry_run => true);
SELECT dj_deploy.set_grants(schema => 'future', role => 'public', access => 'none', dry_run => false) -> 'skipped';
ALTER DEFAULT PRIVILEGES FOR ROLE regress_analyst REVOKE SELECT ON TABLES FROM regress_pi;
-- In a document, with what it makes of all its roles; and the run tells what assert_converged tells afterwards.
CREATE FUNCTION pg_temp.both(other text, other_access text) RETURNS jsonb LANGUAGE sql
    AS $$ SELECT jsonb_set(pg_temp.environment('{"access": "read", "future_tables": true}'), ARRAY['schemas', 'future', 'grants', other], to_jsonb(other_access)) $$;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_late GRANT INSERT ON TABLES TO regress_analyst;
BEGIN;
SELECT dj_deploy.apply(pg_temp.both('regress_late', 'all'), false) -> 'skipped' AS skipped;
SELECT jsonb_array_length(dj_deploy.apply(pg_temp.both('regress_late', 'all'), false) -> 'skipped') AS skipped;
SELECT dj_deploy.apply(pg_temp.both('regress_late', 'none'), false) -> 'skipped' AS skipped;
SELECT dj_deploy.assert_converged(pg_temp.both('regress_late', 'none'));
GRANT CREATE ON SCHEMA future TO PUBLIC;
SELECT dj_deploy.apply(pg_temp.both('regress_late', 'none'), true) #> '{skipped,0,reason}' AS reason;
SELECT dj_deploy.apply(pg_temp.both('public', 'none'), false) -> 'skipped' AS skipped;
SELECT dj_deploy.assert_converged(pg_temp.both('public', 'none'));
SELECT dj_deploy.apply(pg_temp.both('public', 'all')) #> '{skipped,0,reason}' AS reason;
-- What somebody else granted stays, and so does what was passed on.
GRANT CREATE ON SCHEMA future TO regress_visitor WITH GRANT OPTION;
GRANT USAGE ON SCHEMA future TO regress_late;
SET ROLE regress_visitor;
GRANT CREATE ON SCHEMA future TO regress_late;
RESET ROLE;
SELECT dj_deploy.apply(pg_temp.both('regress_late', 'none')) #> '{skipped}' AS skipped;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor GRANT INSERT ON TABLES TO regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor IN SCHEMA future REVOKE ALL ON TABLES FROM regress_analyst;
SELECT dj_deploy.apply(pg_temp.both('regress_visitor', 'none')) #> '{skipped}' AS skipped;
ROLLBACK;
DROP OWNED BY regress_late;
DROP ROLE regress_late;

-- What set_grants leaves alone in the schema keeps the role from being dropped, and is named.
CREATE FUNCTION future.one() RETURNS int LANGUAGE sql RETURN 1;
CREATE TYPE future."Kind" AS ENUM ('a');
CREATE TABLE future.own (id int);
ALTER TABLE future.own OWNER TO regress_analyst;
CREATE POLICY readers ON future.session TO regress_analyst;
GRANT EXECUTE ON FUNCTION future.one() TO regress_analyst;
GRANT USAGE ON TYPE future."Kind" TO regress_analyst;
GRANT SELECT ON future.session TO regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor IN SCHEMA future GRANT EXECUTE ON FUNCTIONS TO regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_analyst IN SCHEMA future GRANT SELECT ON TABLES TO regress_visitor;
SELECT ddl FROM pg_temp.set('read', dry_run => true) ddl WHERE ddl LIKE '%visitor%';
SELECT count(*) FROM pg_temp.set('none');
\set VERBOSITY terse
DROP ROLE regress_analyst;
\set VERBOSITY default
SELECT pg_temp.set('none');
DROP FUNCTION future.one();
DROP TYPE future."Kind";
DROP TABLE future.own;
DROP POLICY readers ON future.session;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_visitor IN SCHEMA future REVOKE EXECUTE ON FUNCTIONS FROM regress_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_analyst IN SCHEMA future REVOKE SELECT ON TABLES FROM regress_visitor;
SELECT pg_temp.set('none');
\set VERBOSITY terse
DROP ROLE regress_analyst;
\set VERBOSITY default
CREATE ROLE regress_analyst;

-- So does the schema itself.
BEGIN;
ALTER SCHEMA future OWNER TO regress_analyst;
SELECT pg_temp.set('none');
ROLLBACK;

-- Ten, and how many more.
SELECT format('CREATE FUNCTION future.f%s() RETURNS int LANGUAGE sql RETURN 1', lpad(n::text, 2, '0')) FROM generate_series(1, 12) n \gexec
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA future FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA future TO regress_analyst;
SELECT pg_temp.set('none');

-- What the owner of the database makes in a schema of pg_database_owner is its own.
CREATE SCHEMA future_public AUTHORIZATION pg_database_owner;
SELECT replace(ddl, current_user, 'database owner') FROM jsonb_array_elements_text(dj_deploy.set_grants(
    schema => 'future_public', role => 'regress_analyst', access => 'read', future_tables => true) -> 'ddl') ddl;

SET client_min_messages = error;
DROP SCHEMA future, future_public CASCADE;
DROP OWNED BY regress_pi, regress_student, regress_visitor, regress_operator, regress_analyst;
DROP ROLE regress_pi, regress_student, regress_visitor, regress_operator, regress_analyst;
