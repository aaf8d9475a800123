-- set_grants of one table: exact on it, its partitions and the sequences of its columns, and nothing else.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE ROLE regress_pi;
CREATE ROLE regress_writer;
CREATE ROLE regress_usher;
CREATE ROLE regress_friend;
CREATE SCHEMA single AUTHORIZATION regress_pi;
CREATE SCHEMA single_parts AUTHORIZATION regress_pi;
CREATE FUNCTION pg_temp.set(target regclass, access text, dry_run boolean DEFAULT false) RETURNS SETOF text LANGUAGE sql
    AS $$ SELECT jsonb_array_elements_text(dj_deploy.set_grants(target, 'regress_writer', access, dry_run) -> 'ddl') $$;
CREATE FUNCTION pg_temp.held() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s.%s: %s', relnamespace::regnamespace, relname, string_agg(privilege_type, ', ' ORDER BY privilege_type))
    FROM pg_class, aclexplode(relacl) WHERE relnamespace IN ('single'::regnamespace, 'single_parts'::regnamespace)
    AND grantee = 'regress_writer'::regrole GROUP BY relnamespace, relname ORDER BY 1
$$;
SET ROLE regress_pi;
CREATE TABLE single.migration (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, note text);
CREATE TABLE single.session (id serial PRIMARY KEY);
CREATE SEQUENCE single.counter;
ALTER TABLE single.migration ADD counted int DEFAULT nextval('single.counter');
CREATE TABLE single."~~jobs" (id int);
CREATE TABLE single.day (day int, n int) PARTITION BY LIST (day);
CREATE TABLE single.day_1 PARTITION OF single.day FOR VALUES IN (1);
CREATE TABLE single_parts.day_2 PARTITION OF single.day FOR VALUES IN (2) PARTITION BY LIST (day);
CREATE TABLE single_parts.day_2a (day int, n serial);
ALTER TABLE single_parts.day_2 ATTACH PARTITION single_parts.day_2a FOR VALUES IN (2);
CREATE VIEW single.a_view AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW single.materialized AS SELECT 1 AS one;
CREATE TYPE single.composite AS (id int);
RESET ROLE;
CREATE FOREIGN DATA WRAPPER regress_single;
CREATE SERVER regress_single FOREIGN DATA WRAPPER regress_single;
CREATE FOREIGN TABLE single.foreign_table (id int) SERVER regress_single;
ALTER FOREIGN TABLE single.foreign_table OWNER TO regress_pi;
CREATE FOREIGN TABLE single_parts.day_3 PARTITION OF single.day FOR VALUES IN (3) SERVER regress_single;
ALTER FOREIGN TABLE single_parts.day_3 OWNER TO regress_pi;
SELECT count(*) FROM jsonb_array_elements(dj_deploy.set_grants('single', 'regress_writer', 'write', dry_run => false) -> 'ddl');
SET client_min_messages = notice;

-- A role that writes everywhere and only reads the table of migrations. What was shown is executed, and then nothing is left.
SELECT dj_deploy.set_grants('single.migration'::regclass, 'regress_writer', 'read');
SET ROLE regress_pi;
SELECT dj_deploy.set_grants('single.migration'::regclass, 'regress_writer', 'read', false);
SELECT dj_deploy.set_grants(target => 'single.migration', role => 'regress_writer', access => 'READ', dry_run => false);
BEGIN READ ONLY;
SELECT pg_temp.set('single.migration', 'none', dry_run => true);
SELECT pg_temp.set('single.migration', 'none'); \echo :SQLSTATE
ROLLBACK;
RESET ROLE;
SELECT pg_temp.held();
SELECT pg_temp.set('single.migration', 'none');
SELECT pg_temp.set('single.migration', 'all');
SELECT pg_temp.set('single.migration', 'none');
SELECT has_schema_privilege('regress_writer', 'single', 'USAGE');

-- Columns; what others granted; who owns the table.
GRANT UPDATE (note) ON single.migration TO regress_writer;
GRANT SELECT ON single.migration TO regress_friend WITH GRANT OPTION;
GRANT USAGE ON SCHEMA single TO regress_friend;
SET ROLE regress_friend;
GRANT SELECT ON single.migration TO regress_writer;
SELECT pg_temp.set('single.migration', 'none', dry_run => true);
SELECT pg_temp.set('single.migration', 'none'); \echo :SQLSTATE
RESET ROLE;
SELECT dj_deploy.set_grants('single.migration'::regclass, 'regress_writer', 'none', false);
SET ROLE regress_friend;
REVOKE SELECT ON single.migration FROM regress_writer;
RESET ROLE;
SELECT dj_deploy.set_grants('single.migration'::regclass, 'regress_pi', 'none');
SELECT dj_deploy.set_grants('single.migration'::regclass, 'public', 'read') -> 'ddl';

-- A partitioned table brings its partitions along, wherever they live: else the role would go on reading them.
SELECT pg_temp.set('single.day', 'read');
SELECT pg_temp.set('single.day', 'none');
SELECT dj_deploy.set_grants('single.day_1'::regclass, 'regress_writer', 'read', false) -> 'ddl';
SELECT dj_deploy.set_grants('single.day'::regclass, 'regress_writer', 'none') - 'ddl';

-- Hidden tables, views of both kinds, foreign tables.
SELECT pg_temp.set(target, 'read') FROM unnest('{single.\"~~jobs\",single.a_view,single.materialized,single.foreign_table}'::regclass[]) target;
SELECT pg_temp.held();

-- Access that cannot be used is told of.
REVOKE USAGE ON SCHEMA single FROM regress_writer;
SELECT pg_temp.set('single.session', 'read');
SELECT pg_temp.set('single.session', 'none', dry_run => true);
SELECT count(*) FROM pg_temp.set('single.day', 'read', dry_run => true);
SELECT dj_deploy.set_grants('single.session'::regclass, 'public', 'read') -> 'ddl';
GRANT USAGE ON SCHEMA single TO regress_usher;
SELECT pg_temp.set('single.session', 'read');
GRANT regress_usher TO regress_writer;
SELECT pg_temp.set('single.session', 'read');
REVOKE regress_usher FROM regress_writer;
GRANT CREATE ON SCHEMA single TO regress_writer;
SELECT pg_temp.set('single.session', 'read');
GRANT USAGE ON SCHEMA single TO PUBLIC;
SELECT pg_temp.set('single.session', 'read');
SELECT dj_deploy.set_grants('single.session'::regclass, 'public', 'read') -> 'ddl';
REVOKE USAGE ON SCHEMA single FROM PUBLIC;
GRANT regress_pi TO regress_usher;
SELECT dj_deploy.set_grants('single.session'::regclass, 'regress_usher', 'read') -> 'ddl';
ALTER TABLE single.session OWNER TO regress_writer;
SELECT dj_deploy.set_grants('single.session'::regclass, 'regress_writer', 'read') -> 'ddl';
ALTER TABLE single.session OWNER TO regress_pi;

-- In a document what is said of the schema counts for USAGE.
REVOKE ALL ON SCHEMA single FROM regress_writer;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"single": {"grants": {"regress_writer": "read"}, "tables": {"session": {"grants": {"regress_writer": "write"}}}}}}', false) -> 'tables_modified';
SELECT dj_deploy.apply('{"version": 1, "schemas": {"single": {"grants": {"regress_writer": "none"}, "tables": {"session": {"grants": {"regress_writer": "write"}}}}}}') -> 'tables_modified';
-- For PUBLIC and for the roles that it inherits from, too.
CREATE FUNCTION pg_temp.notes(role text, access text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT dj_deploy.apply(jsonb_build_object('version', 1, 'schemas', jsonb_build_object('single', jsonb_build_object(
        'grants', jsonb_build_object(role, access), 'tables', '{"session": {"grants": {"regress_friend": "read"}}}'::jsonb)))) -> 'ddl' -> 0 $$;
BEGIN;
REVOKE USAGE ON SCHEMA single FROM regress_friend;
SELECT pg_temp.notes('public', 'read');
SELECT pg_temp.notes('regress_usher', 'none');
REVOKE USAGE ON SCHEMA single FROM regress_usher;
REVOKE regress_pi FROM regress_usher;
GRANT regress_usher TO regress_friend;
SELECT pg_temp.notes('regress_usher', 'read');
GRANT USAGE ON SCHEMA single TO PUBLIC;
SELECT pg_temp.notes('public', 'none');
SELECT pg_temp.notes('regress_writer', 'none');
ROLLBACK;

-- Refusals.
SELECT dj_deploy.set_grants('single.counter'::regclass, 'regress_writer', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('single.migration_id_seq'::regclass, 'regress_writer', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('single.migration_pkey'::regclass, 'regress_writer', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('single.composite'::regclass, 'regress_writer', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('pg_class'::regclass, 'regress_writer', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('information_schema.tables'::regclass, 'regress_writer', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants(4294967295::oid::regclass, 'regress_writer', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants(NULL::regclass, 'regress_writer', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('single.session'::regclass, 'nobody', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('single.session'::regclass, 'regress_writer', 'some'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('single.session', 'regress_writer', 'read'); \echo :SQLSTATE

SET client_min_messages = error;
DROP SCHEMA single, single_parts CASCADE;
DROP FOREIGN DATA WRAPPER regress_single CASCADE;
DROP ROLE regress_pi, regress_writer, regress_usher, regress_friend;
