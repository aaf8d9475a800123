-- Calls about several schemas: one plan in one order, each schema once.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
\pset format unaligned
\pset tuples_only on
CREATE ROLE regress_several;
CREATE SCHEMA several_b;
CREATE SCHEMA several_a;
CREATE SCHEMA several_empty;
CREATE SCHEMA "Several.odd";
-- The parent of a foreign key comes first, wherever it is; so do a master before its part, and else the name.
CREATE TABLE several_b.subject (id int PRIMARY KEY);
CREATE TABLE several_a.session (id int PRIMARY KEY REFERENCES several_b.subject);
CREATE TABLE several_b.trial (id int PRIMARY KEY REFERENCES several_a.session);
CREATE TABLE several_a.session__part (id int PRIMARY KEY REFERENCES several_a.session);
CREATE TABLE several_a."~log" (id int);
CREATE TABLE "Several.odd".t (id int PRIMARY KEY);
-- A tree of partitions that lives in both.
CREATE TABLE several_a.tree (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE several_b.tree_1 PARTITION OF several_a.tree FOR VALUES FROM (0) TO (9);
RESET client_min_messages;

-- The order of the schemas in the call does not matter, and a schema named twice counts once.
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('{several_b,several_a}'::text[], 'full') -> 'ddl');
SELECT dj_deploy.set_replica_identity(ARRAY['several_a', 'several_b', 'several_a', 'several_b']) = dj_deploy.set_replica_identity('{several_b,several_a}'::text[]) AS same;
SELECT dj_deploy.set_replica_identity('{several_a,several_empty}'::text[]) - 'ddl';
SELECT dj_deploy.set_replica_identity('{several_empty}'::text[]);

-- One transaction.
SELECT dj_deploy.set_replica_identity('{several_a,several_b}'::text[], 'full', false) -> 'tables_modified';
SELECT dj_deploy.set_replica_identity('{several_a,several_b,Several.odd}'::text[], 'full', false, true) -> 'ddl';
SELECT dj_deploy.set_replica_identity('{several_a,several_b,Several.odd}'::text[], 'full', dry_run => false, skip_unchanged => true);

-- What is asked with a schema's own call each is nothing to do for all of them, and the other way round.
SELECT dj_deploy.set_autovacuum('several_a', '{"autovacuum_enabled": false}', false) -> 'tables_modified';
SELECT jsonb_array_elements_text(dj_deploy.set_autovacuum(ARRAY['several_a', 'several_b'], '{"autovacuum_enabled": false}', false) -> 'ddl');
SELECT dj_deploy.set_autovacuum('several_b', '{"autovacuum_enabled": false}');

-- Publications: the partition goes with its root; the schemas that are not named keep their members.
SELECT jsonb_array_elements_text(dj_deploy.set_publication_membership('Several.odd', 'regress_several', false) -> 'ddl');
SELECT jsonb_array_elements_text(dj_deploy.set_publication_membership(ARRAY['several_b', 'several_a'], 'regress_several', false) -> 'ddl');
SELECT dj_deploy.set_publication_membership('{several_b,several_a}'::text[], 'regress_several', false);
ALTER PUBLICATION regress_several ADD TABLE several_b.tree_1, several_a."~log";
SELECT jsonb_array_elements_text(dj_deploy.set_publication_membership('{several_b,several_a}'::text[], 'regress_several', false) -> 'ddl');
SELECT jsonb_array_elements_text(dj_deploy.set_publication_membership('{several_b,several_a}'::text[], 'regress_several', false, false) -> 'ddl');
SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = 'regress_several' ORDER BY 1, 2;
-- A schema that is published as a whole is refused, whichever it is, and nothing is done in the others.
ALTER PUBLICATION regress_several ADD TABLES IN SCHEMA several_b;
SELECT dj_deploy.set_publication_membership('{several_a,several_b}'::text[], 'regress_several', false); \echo :SQLSTATE
SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = 'regress_several' AND schemaname = 'several_a' ORDER BY 2;

-- Grants: each schema its own, default privileges by who owns tables there.
SELECT jsonb_array_elements_text(dj_deploy.set_grants(ARRAY['several_b', 'several_a'], 'regress_several', 'read', false, true) -> 'ddl');
SELECT dj_deploy.set_grants('several_b', 'regress_several', 'read', false, true) -> 'ddl';
SELECT dj_deploy.set_grants('{several_b,several_a}'::text[], 'regress_several', 'none', false, true) -> 'tables_modified';

-- Maintenance, by procedures.
SET client_min_messages = warning;  -- from 16 on there is one statement more
CALL dj_deploy.vacuum_analyze('{several_b,several_a,several_empty}'::text[]) \gset
SELECT :'result'::jsonb - 'ddl';
CALL dj_deploy.vacuum_analyze(ARRAY['several_b', 'several_a'], dry_run => false, jobs => 2) \gset
SELECT :'result'::jsonb - 'ddl';
RESET client_min_messages;
CALL dj_deploy.reindex(ARRAY['several_b', 'several_a', 'several_b']);
CALL dj_deploy.reindex('{several_b,several_a}'::text[], dry_run => false);

-- Refusals, before anything is done.
SELECT dj_deploy.set_replica_identity('{}'::text[]); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(NULL::text[]); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(ARRAY['several_a', NULL], 'full', false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(ARRAY['several_a', '']); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(ARRAY['several_a', repeat('x', 64)]); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('{several_a,pg_catalog}'::text[], 'full', false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('{several_a,several_c}'::text[], 'default', false); \echo :SQLSTATE
CALL dj_deploy.reindex('{}'::text[]); \echo :SQLSTATE
CALL dj_deploy.vacuum_analyze(ARRAY[NULL]::text[]); \echo :SQLSTATE
SELECT relreplident, count(*) FROM pg_class WHERE relnamespace = 'several_a'::regnamespace AND relkind IN ('r', 'p') GROUP BY 1 ORDER BY 1;

-- What somebody may have meant who named no schema.
SELECT dj_deploy.set_replica_identity('several_a.session');
SELECT dj_deploy.set_replica_identity('"several_a"."session"');
SELECT dj_deploy.set_replica_identity('Several.odd.t');
SELECT dj_deploy.set_replica_identity('Several_A');
SELECT dj_deploy.set_replica_identity('"several_a"');
SELECT dj_deploy.set_replica_identity('several.odd');
SELECT dj_deploy.set_replica_identity('several_x');
SELECT dj_deploy.set_replica_identity('nothing that is like it');
SELECT dj_deploy.set_replica_identity('{several_a,several_b}');
SELECT dj_deploy.set_replica_identity('several_a,several_b');
SELECT * FROM dj_deploy.tables('several_a,several_b');
SELECT dj_deploy.set_replica_identity('information_schema.tables');
CREATE SCHEMA "Several ""S*";
CREATE TABLE "Several ""S*"."t""" ();
SELECT dj_deploy.set_replica_identity('"Several ""S*"."t"""');
SELECT dj_deploy.set_replica_identity('"several ""s*"');
-- Where no table can be named, its schema; where schemas are named one by one, no array.
SELECT * FROM dj_deploy.tables('several_a.session');
SELECT check_name FROM dj_deploy.check_cdc('several_a.session');
SELECT dj_deploy.describe('several_a.session');
SELECT dj_deploy.describe('{several_a,several_b}');
SELECT dj_deploy.apply('{"version": 1, "schemas": {"{several_a,several_b}": {}}}');
SET search_path = several_b;
SELECT dj_deploy.set_replica_identity('trial');
SELECT dj_deploy.apply('{"version": 1, "schemas": {"several_b.trial": {}}}');
RESET search_path;
-- A view is no table, but has privileges.
CREATE VIEW several_a.a_view AS SELECT 1;
SELECT dj_deploy.set_replica_identity('several_a.a_view');
SELECT dj_deploy.set_grants('several_a.a_view', 'regress_several', 'read');
CREATE MATERIALIZED VIEW several_a.stored AS SELECT 1;
SELECT dj_deploy.set_autovacuum('several_a.stored', '{}');
CALL dj_deploy.reindex('several_a.stored');
DROP MATERIALIZED VIEW several_a.stored;

-- What is said of several schemas alike is one message, and what is said of a table twice counts once.
SET client_min_messages = warning;
CREATE ROLE regress_stranger;
CREATE ROLE regress_creator;
CREATE UNLOGGED TABLE several_a.scratch (id int PRIMARY KEY);
CREATE PUBLICATION regress_several_1;
CREATE PUBLICATION regress_several_2;
RESET client_min_messages;
SELECT * FROM dj_deploy.drift('{"version": 1, "schemas": {"several_a": {"tables": {"scratch": {"publications": ["regress_several_1", "regress_several_2"]}}}}}');
SELECT dj_deploy.assert_converged('{"version": 1, "schemas": {"several_a": {"tables": {"scratch": {"publications": ["regress_several_1", "regress_several_2"]}}}}}');
SELECT dj_deploy.apply('{"version": 1, "schemas": {"several_a": {"tables": {"scratch": {"publications": ["regress_several_1", "regress_several_2"]}}}}}') -> 'skipped';
SELECT dj_deploy.assert_converged('{"version": 1, "schemas": {"several_a": {"tables": {"scratch": {"replica_identity": "full", "publications": ["regress_several_1"]}}}}}');
GRANT CREATE ON SCHEMA several_a, several_b TO regress_creator;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_creator GRANT UPDATE ON SEQUENCES TO regress_several;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_creator GRANT DELETE ON TABLES TO regress_several;
SELECT jsonb_array_length(dj_deploy.set_grants('{several_b,several_a}'::text[], 'regress_several', 'none', false) -> 'skipped');
SELECT schema_name, object, reason FROM dj_deploy.drift('{"version": 1, "schemas": {"several_a": {"grants": {"regress_several": "none"}}, "several_b": {"grants": {"regress_several": "none"}}}}');
SELECT dj_deploy.assert_converged('{"version": 1, "schemas": {"several_a": {"grants": {"regress_several": "none"}}, "several_b": {"grants": {"regress_several": "none"}}}}');
DROP OWNED BY regress_creator;
CREATE SCHEMA several_none AUTHORIZATION regress_creator;
ALTER SCHEMA several_empty OWNER TO regress_creator;
-- So are rights that the caller lacks.
SET ROLE regress_stranger;
SELECT dj_deploy.set_grants('{several_b,several_a,several_empty}'::text[], 'regress_several', 'write') -> 'tables_modified';
SELECT dj_deploy.set_grants('{several_b,several_a,several_empty}'::text[], 'regress_several', 'write', false); \echo :SQLSTATE
SELECT dj_deploy.set_grants('{several_empty,several_none}'::text[], 'regress_several', 'write', future_tables => true) -> 'tables_modified';
SELECT dj_deploy.apply('{"version": 1, "schema_patterns": {"several_*e*": {"grants": {"regress_several": {"access": "write", "future_tables": true}}}}}') -> 'tables_modified';
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_several_1": {"publish": ["insert"]}, "regress_several_2": {"publish": ["insert"]}}, "schemas": {}}', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER TABLE \"several_a\".\"session\" REPLICA IDENTITY FULL", "ALTER TABLE \"several_b\".\"trial\" REPLICA IDENTITY FULL"]', dry_run => false); \echo :SQLSTATE
RESET ROLE;

SET client_min_messages = warning;
DROP PUBLICATION regress_several, regress_several_1, regress_several_2;
DROP SCHEMA several_a, several_b, several_empty, several_none, "Several.odd", "Several ""S*" CASCADE;
DROP ROLE regress_several, regress_stranger, regress_creator;
