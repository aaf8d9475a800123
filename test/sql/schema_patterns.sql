-- Patterns of schemas in the environment document, and the schemas that no entry covers.
CREATE ROLE regress_reader;
CREATE SCHEMA pat_a;
CREATE SCHEMA pat_b;
CREATE SCHEMA "pat_é";
CREATE SCHEMA "Pat_c";
CREATE SCHEMA pattern;
CREATE TABLE pat_a.session (id int PRIMARY KEY);
CREATE TABLE pat_b.session (id int PRIMARY KEY);
CREATE TABLE pat_b.trial (id int PRIMARY KEY);
CREATE TABLE "pat_é".session (id int PRIMARY KEY);
CREATE TABLE "Pat_c".session (id int PRIMARY KEY);
CREATE TABLE pattern.session (id int PRIMARY KEY);

-- The tables of pat... that are to be FULL, by document.
PREPARE drift AS SELECT string_agg(format('%I.%I', schema_name, table_name), ' ' ORDER BY schema_name COLLATE "C", table_name COLLATE "C")
    FROM dj_deploy.drift($1) WHERE property = 'replica_identity' AND new_value = 'full';
PREPARE matches AS SELECT string_agg(schema_name, ' ' ORDER BY schema_name COLLATE "C")
    FROM dj_deploy.drift(jsonb_build_object('version', 1, 'schema_patterns', jsonb_build_object($1::text, '{"replica_identity": "full"}'::jsonb)))
    WHERE schema_name ILIKE 'pat%' AND table_name = 'session';
PREPARE plan AS SELECT jsonb_array_elements_text(dj_deploy.apply($1) -> 'ddl') AS ddl;
SET client_min_messages = warning;

-- * stands for any characters, ? for one; letters for themselves, in their case.
EXECUTE matches('pat_?');
EXECUTE matches('pat?*');
EXECUTE matches('pat_*');
EXECUTE matches('pat*');
EXECUTE matches('*at*_*');
EXECUTE matches('?at_c');
EXECUTE matches('Pat_c');
EXECUTE matches('*t*n');
EXECUTE matches('*t_');
EXECUTE matches('pat_??');
EXECUTE matches('pattern*');
EXECUTE matches('pattern?');
EXECUTE matches('p%');
EXECUTE matches('pat_a***');
EXECUTE matches('**');
EXECUTE matches('*tte*e*n');
EXECUTE matches('*é');

-- Not the server's schemas, those of extensions, temporary tables.
CREATE TABLE dj_deploy.session (id int PRIMARY KEY);
CREATE TEMPORARY TABLE session (id int PRIMARY KEY);
SELECT DISTINCT schema_name FROM dj_deploy.drift('{"version": 1, "schema_patterns": {"*": {"replica_identity": "full"}}}')
WHERE schema_name IN ('dj_deploy', 'information_schema') OR schema_name LIKE 'pg\_%';
DROP TABLE dj_deploy.session, pg_temp.session;

-- What schemas says counts before what a pattern says, key by key, and member by member where a key has members.
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"replica_identity": "full"}}, "schemas": {"pat_a": {"replica_identity": "default"}, "pat_b": {"autovacuum": {}}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"autovacuum": {"autovacuum_enabled": false, "vacuum_truncate": false}}},
               "schemas": {"pat_a": {"autovacuum": {"vacuum_truncate": true, "autovacuum_vacuum_threshold": 10}}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"grants": {"regress_reader": "read", "public": "none"}}},
               "schemas": {"pat_a": {"grants": {"regress_reader": "none"}}, "pat_b": {"grants": {"public": "none"}}}}');

-- A pattern speaks of a table where there is one of that name; what is said of a table counts before what is said of its schema.
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"replica_identity": "default", "tables": {"trial": {"replica_identity": "full"}}}}}');
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"tables": {"trial": {"replica_identity": "full"}}}}, "schemas": {"pat_b": {"replica_identity": "default"}}}');
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"replica_identity": "full", "tables": {"session": {"replica_identity": "full"}}}},
                "schemas": {"pat_b": {"tables": {"session": {"replica_identity": "default"}}}}}');
CREATE VIEW pat_a.trial AS SELECT 1;
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"tables": {"trial": {"replica_identity": "full"}}}}}');
SET client_min_messages = notice;
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_a": {"tables": {"trial": {"replica_identity": "full"}}}}}');
SET client_min_messages = warning;
DROP VIEW pat_a.trial;

-- At a partition: itself, the table above it, its schema, the pattern of its schema, and so on for the schema of its root.
CREATE TABLE pat_a.tree (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE pat_b.leaf PARTITION OF pat_a.tree FOR VALUES FROM (0) TO (10);
\set leaf '(SELECT coalesce(string_agg(old_value || $$ -> $$ || new_value, $$ $$), $$no difference$$) FROM dj_deploy.drift(document) WHERE table_name = $$leaf$$)'
SELECT level, :leaf AS leaf FROM (VALUES
    (1, 'pattern of the root',                   '{"version": 1, "schema_patterns": {"pat_a*": {"replica_identity": "full"}}}'::jsonb),
    (2, 'its own schema over that',              '{"version": 1, "schema_patterns": {"pat_a*": {"replica_identity": "full"}}, "schemas": {"pat_b": {"replica_identity": "default"}}}'),
    (3, 'the pattern of its own schema, too',    '{"version": 1, "schema_patterns": {"pat_b*": {"replica_identity": "default"}}, "schemas": {"pat_a": {"replica_identity": "full"}}}'),
    (4, 'its schema over the pattern',           '{"version": 1, "schema_patterns": {"pat_b*": {"replica_identity": "default"}}, "schemas": {"pat_b": {"replica_identity": "full"}}}'),
    (5, 'the table above over both',             '{"version": 1, "schema_patterns": {"pat_a*": {"tables": {"tree": {"replica_identity": "full"}}}}, "schemas": {"pat_b": {"replica_identity": "default"}}}'),
    (6, 'the table itself, by a pattern',        '{"version": 1, "schema_patterns": {"pat_b*": {"tables": {"leaf": {"replica_identity": "full"}}}}, "schemas": {"pat_a": {"tables": {"tree": {"replica_identity": "default"}}}}}')
) AS t(level, what, document) ORDER BY level;
DROP TABLE pat_a.tree;

-- Two patterns may say the same, each in its words, or different things of different schemas.
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"replica_identity": "full"}, "*_a": {"replica_identity": "FULL"}, "*_c": {"replica_identity": "nothing"}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"autovacuum": {"autovacuum_vacuum_threshold": 5, "vacuum_truncate": true}}, "*_a": {"autovacuum": {"autovacuum_vacuum_threshold": "5", "autovacuum_enabled": true}}}}');
-- They must not contradict each other about a schema, unless its own entry settles it.
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"replica_identity": "full"}, "*_b": {"replica_identity": "default"}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"*_b": {"replica_identity": "default"}, "?at_b": {"autovacuum": {}}, "pat_?": {"replica_identity": "full"}}}');
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"replica_identity": "full"}, "*_b": {"replica_identity": "default"}}, "schemas": {"pat_b": {"replica_identity": "full"}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"autovacuum": {"vacuum_truncate": true, "autovacuum_enabled": true}}, "*_b": {"autovacuum": {"vacuum_truncate": true, "autovacuum_enabled": false}}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"autovacuum": {"autovacuum_enabled": true}}, "*_b": {"autovacuum": {"autovacuum_enabled": false}}}, "schemas": {"pat_b": {"autovacuum": {"vacuum_truncate": true}}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_b": {"autovacuum": {"autovacuum_enabled": true}}, "*_b": {"autovacuum": {"autovacuum_enabled": false}}}, "schemas": {"pat_b": {"autovacuum": {"autovacuum_enabled": true}}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"grants": {"regress_reader": "read"}}, "*_b": {"grants": {"regress_reader": {"access": "read", "future_tables": true}}}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"publications": ["cdc", "audit"]}, "*_b": {"publications": ["audit", "cdc"]}, "?at_b": {"publications": []}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_?": {"tables": {"trial": {"replica_identity": "full"}}}, "*_b": {"tables": {"trial": {"replica_identity": {"index": null}}}}}}');
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"tables": {"trial": {"replica_identity": "full"}}}, "*_b": {"tables": {"trial": {"replica_identity": "default"}}}}, "schemas": {"pat_b": {"tables": {"trial": {"replica_identity": "full"}}}}}');
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_?": {"tables": {"trial": {"replica_identity": "full"}}}, "*_b": {"tables": {"session": {"replica_identity": "default"}}}}}');
-- What they say of a table is nothing to a schema that has none of the name.
CREATE TABLE pat_a.lone (id int PRIMARY KEY);
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_*": {"tables": {"lone": {"replica_identity": "full"}}}, "pat_?": {"tables": {"lone": {"replica_identity": "nothing"}}}}}');
EXECUTE drift('{"version": 1, "schema_patterns": {"pat_*": {"tables": {"lone": {"replica_identity": "full"}}}, "pat_?": {"tables": {"lone": {"replica_identity": "nothing"}}}}, "schemas": {"pat_a": {"tables": {"lone": {"replica_identity": "full"}}}}}');
DROP TABLE pat_a.lone;

-- A publication is named wherever it is named.
EXECUTE plan('{"version": 1, "schema_patterns": {"nowhere": {"publications": ["regress_pattern"]}, "nowhere2": {"tables": {"t": {"publications": ["regress_pattern2"]}}}}}');

-- What is named in vain.
SET client_min_messages = notice;
SELECT dj_deploy.assert_converged('{"version": 1, "schema_patterns": {"nowhere*": {"tables": {"t": {}}}, "pat_?": {"tables": {"session": {}, "sesion": {}}}}}');
SELECT * FROM dj_deploy.drift('{"version": 1, "schema_patterns": {"nowhere*": {}}}');
SELECT dj_deploy.apply('{"version": 1, "schema_patterns": {"nowhere*": {}}}') -> 'ddl' AS ddl;

-- Refused, with the place.
EXECUTE plan('{"version": 1, "schema_patterns": []}');
EXECUTE plan('{"version": 1, "schema_patterns": {"": {}}}');
EXECUTE plan(jsonb_build_object('version', 1, 'schema_patterns', jsonb_build_object(repeat('*', 64), '{}'::jsonb)));
EXECUTE plan(jsonb_build_object('version', 1, 'schema_patterns', jsonb_build_object(repeat('*', 63), '{}'::jsonb)));
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_*": "full"}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_*": {"replica_identty": "full"}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_*": {"replica_identity": {"index": "session_pkey"}}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_*": {"tables": {"session": {"grant": {}}}}}}');
EXECUTE plan('{"version": 1, "schema_patterns": {"pat_*": {"grants": {"regress_nobody": "read"}}}}');
EXECUTE plan('{"version": 1, "schema_pattern": {}}');
EXECUTE plan('{"version": 1, "require_coverage": "yes"}');

-- A schema that is declared later is covered by the next call; the fingerprint is of effects.
\set document '{"version": 1, "schema_patterns": {"pat_?": {"replica_identity": "full"}}}'
SELECT dj_deploy.apply(:'document', false) -> 'tables_modified' AS modified;
SELECT dj_deploy.assert_converged(:'document');
SELECT dj_deploy.apply(:'document') ->> 'fingerprint' AS reviewed \gset
CREATE SCHEMA pat_z;
CREATE TABLE pat_z.session (id int PRIMARY KEY);
SELECT dj_deploy.assert_converged(:'document');
SELECT dj_deploy.apply(:'document', false, :'reviewed');
SELECT dj_deploy.apply(:'document', false) -> 'ddl' AS ddl;
SELECT dj_deploy.apply(:'document') ->> 'fingerprint' = :'reviewed' AS nothing_again;
-- describe names schemas one by one.
SELECT dj_deploy.describe('pat_a', 'pat_z') -> 'schemas' AS schemas;

-- Schemas that DataJoint has declared and that nothing covers.
CREATE TABLE pat_a."~lineage" (id int PRIMARY KEY);
CREATE TABLE pat_b."~log" (id int PRIMARY KEY);
CREATE VIEW pat_z."~log" AS SELECT 1;
CREATE TABLE "pat_é"."~jobs" (id int PRIMARY KEY);
SELECT dj_deploy.apply('{"version": 1, "schemas": {"pat_z": {}}}') -> 'skipped' AS skipped;
SELECT count(*) FROM dj_deploy.drift('{"version": 1, "require_coverage": false, "schemas": {"pat_b": {}}}');
SELECT dj_deploy.assert_converged('{"version": 1, "schema_patterns": {"*_a": {}}}');
SELECT dj_deploy.assert_converged('{"version": 1, "schema_patterns": {"*_a": {}}, "schemas": {"pat_b": {}}}');
-- However much else there is to tell.
SET client_min_messages = warning;
CREATE SCHEMA pat_many;
DO $$ BEGIN FOR n IN 1..40 LOOP
    EXECUTE format('CREATE TABLE pat_many.t%s (id int PRIMARY KEY)', n);
    EXECUTE format('ALTER TABLE pat_many.t%s REPLICA IDENTITY NOTHING', n);
END LOOP; END $$;
RESET client_min_messages;
SELECT count(*) FROM dj_deploy.drift('{"version": 1, "schemas": {"pat_many": {"replica_identity": "full"}}}');
SET client_min_messages = warning;
DROP SCHEMA pat_many CASCADE;
RESET client_min_messages;
-- They are differences where the document requires coverage.
SELECT dj_deploy.apply('{"version": 1, "require_coverage": true, "schemas": {"pat_z": {"replica_identity": "full"}}}') - 'fingerprint' AS result;
SELECT dj_deploy.apply('{"version": 1, "require_coverage": true, "schemas": {"pat_z": {"replica_identity": "default"}}}', false) -> 'skipped' AS skipped;
SELECT * FROM dj_deploy.drift('{"version": 1, "require_coverage": true, "schemas": {"pat_z": {"replica_identity": "full"}}}');
SELECT dj_deploy.assert_converged('{"version": 1, "require_coverage": true, "schemas": {"pat_z": {}, "pat_a": {}}}');
SELECT dj_deploy.assert_converged('{"version": 1, "require_coverage": true, "schema_patterns": {"pat_?": {}}}');
-- Ten names and how many more.
DO $$ BEGIN FOR n IN 10..19 LOOP
    EXECUTE format('CREATE SCHEMA pat_%s CREATE TABLE "~lineage" (id int PRIMARY KEY)', n);
END LOOP; END $$;
SELECT dj_deploy.assert_converged('{"version": 1}');

SET client_min_messages = warning;
DO $$ BEGIN FOR n IN 10..19 LOOP EXECUTE format('DROP SCHEMA pat_%s CASCADE', n); END LOOP; END $$;
DROP SCHEMA pat_a, pat_b, pat_z, "pat_é", "Pat_c", pattern CASCADE;
DROP ROLE regress_reader;
