-- What describe says of a schema and what of its tables, where a majority is narrow or a value has several spellings; and what the
-- reports make of such values.
SET client_min_messages = warning;
\pset footer off
CREATE SCHEMA details;
CREATE FUNCTION pg_temp.described() RETURNS text LANGUAGE sql AS $$ SELECT jsonb_pretty(dj_deploy.describe('details') #> '{schemas,details}') $$;
CREATE FUNCTION pg_temp.is_converged() RETURNS boolean LANGUAGE sql AS $$ SELECT dj_deploy.apply(dj_deploy.describe('details')) -> 'ddl' = '[]' $$;

-- One of two is no majority; two of three are, and the third one says that it differs.
CREATE TABLE details.a (id int PRIMARY KEY, note text) WITH (autovacuum_vacuum_threshold = 60);
CREATE TABLE details.b (id int PRIMARY KEY, note text);
ALTER TABLE details.a REPLICA IDENTITY FULL;
CREATE PUBLICATION regress_details FOR TABLE details.a;
SELECT pg_temp.described();
CREATE TABLE details.c (id int PRIMARY KEY, note text) WITH (autovacuum_vacuum_threshold = 60);
ALTER TABLE details.c REPLICA IDENTITY FULL;
ALTER PUBLICATION regress_details ADD TABLE details.c;
SELECT pg_temp.described();
-- A majority has to have the same value.
ALTER TABLE details.c SET (autovacuum_vacuum_threshold = 70);
SELECT dj_deploy.describe('details') #> '{schemas,details,autovacuum}' AS nothing, pg_temp.is_converged();
DROP PUBLICATION regress_details;
DROP TABLE details.a, details.b, details.c;

-- What is common is common to the tables for which it counts: a schema's replica identity is none of hidden tables. The next table
-- is FULL like the others.
CREATE TABLE details.a (id int PRIMARY KEY);
CREATE TABLE details.b (id int PRIMARY KEY);
CREATE TABLE details.other (id int PRIMARY KEY);
CREATE TABLE details."~h1" (id int PRIMARY KEY);
CREATE TABLE details."~h2" (id int PRIMARY KEY);
CREATE TABLE details."~h3" (id int PRIMARY KEY);
ALTER TABLE details.a REPLICA IDENTITY FULL;
ALTER TABLE details.b REPLICA IDENTITY FULL;
SELECT dj_deploy.describe('details') #> '{schemas,details}' AS full, pg_temp.is_converged();
SELECT dj_deploy.describe('details') AS document \gset
CREATE TABLE details.next (id int PRIMARY KEY);
SELECT table_name, new_value FROM dj_deploy.drift(:'document');
DROP TABLE details.next;
-- As many as others are no majority; NOTHING cannot be common.
ALTER TABLE details.b REPLICA IDENTITY NOTHING;
SELECT dj_deploy.describe('details') #> '{schemas,details}' AS one_to_one, pg_temp.is_converged();
ALTER TABLE details.other REPLICA IDENTITY NOTHING;
SELECT dj_deploy.describe('details') #> '{schemas,details,replica_identity}' AS of_the_schema, pg_temp.is_converged();
ALTER TABLE details.other REPLICA IDENTITY DEFAULT;
-- A hidden partition of a table that is not hidden counts, as what is said of the schema counts for it.
CREATE TABLE details.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details."~leaf" PARTITION OF details.root FOR VALUES FROM (0) TO (10);
ALTER TABLE details.root REPLICA IDENTITY FULL;
ALTER TABLE details."~leaf" REPLICA IDENTITY FULL;
SELECT dj_deploy.describe('details') #> '{schemas,details}' AS three_to_one, pg_temp.is_converged();
ALTER TABLE details."~leaf" REPLICA IDENTITY DEFAULT;
SELECT dj_deploy.describe('details') #> '{schemas,details}' AS two_to_two, pg_temp.is_converged();
DROP TABLE details.root, details.a, details.b, details.other;
-- With hidden tables alone nothing is said of the schema.
ALTER TABLE details."~h1" REPLICA IDENTITY FULL;
SELECT dj_deploy.describe('details') #> '{schemas,details}' AS hidden, pg_temp.is_converged();
-- They count for parameters about vacuum, which they need like others.
ALTER TABLE details."~h1" SET (vacuum_truncate = false);
ALTER TABLE details."~h2" SET (vacuum_truncate = false);
ALTER TABLE details."~h3" SET (vacuum_truncate = false);
CREATE TABLE details.a (id int PRIMARY KEY);
SELECT dj_deploy.describe('details') #> '{schemas,details}' AS hidden, pg_temp.is_converged();
DROP TABLE details.a, details."~h1", details."~h2", details."~h3";

-- A table without TOAST lacks no parameter of it.
CREATE TABLE details.a (id int, note text) WITH (toast.autovacuum_enabled = false);
CREATE TABLE details.b (id int, note text) WITH (toast.autovacuum_enabled = false);
CREATE TABLE details.none (id int);
SELECT pg_temp.described();
CREATE TABLE details.lacks (id int, note text);
SELECT dj_deploy.describe('details') #> '{schemas,details,tables}' AS tables, pg_temp.is_converged();
DROP TABLE details.a, details.b, details.none, details.lacks;

-- Numbers are numbers of JSON where they are spelled so; else they are strings.
CREATE TABLE details.numbers (id int) WITH (autovacuum_vacuum_threshold = '050', autovacuum_analyze_threshold = '0', autovacuum_freeze_min_age = '0x10',
    autovacuum_vacuum_scale_factor = '.5', autovacuum_analyze_scale_factor = '1.', autovacuum_vacuum_cost_delay = '1e1', log_autovacuum_min_duration = '-1',
    autovacuum_vacuum_insert_scale_factor = '0.25', autovacuum_enabled = 'yes', vacuum_truncate = 'false', vacuum_index_cleanup = 'auto', fillfactor = 50);
SELECT pg_temp.described();
SELECT pg_temp.is_converged();
SELECT jsonb_pretty(autovacuum) FROM dj_deploy.tables('details');
DROP TABLE details.numbers;

-- Writes that fail already may go on to fail where the document is applied.
CREATE TABLE details.bare (id int);
CREATE TABLE details.good (id int PRIMARY KEY);
CREATE PUBLICATION regress_details FOR TABLE details.bare, details.good;
SELECT dj_deploy.describe('details') #> '{schemas,details,tables}' AS tables, pg_temp.is_converged();
DROP PUBLICATION regress_details;

-- An identity whose index is not valid any more is none.
CREATE UNIQUE INDEX good_id ON details.good (id);
ALTER TABLE details.good REPLICA IDENTITY USING INDEX good_id;
SELECT table_name, replica_identity FROM dj_deploy.tables('details') WHERE table_name = 'good';
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'details.good_id'::regclass;
SELECT table_name, replica_identity FROM dj_deploy.tables('details') WHERE table_name = 'good';
DROP INDEX details.good_id;

-- What is said of a partitioned table is not said again of its partitions; where one differs, it is.
CREATE TABLE details.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details.branch PARTITION OF details.root FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE details.a_leaf PARTITION OF details.branch FOR VALUES FROM (0) TO (5);
CREATE TABLE details.other_leaf PARTITION OF details.branch FOR VALUES FROM (5) TO (10);
CREATE TABLE details.x (id int PRIMARY KEY);
CREATE TABLE details.y (id int PRIMARY KEY);
CREATE TABLE details.z (id int PRIMARY KEY);
SELECT dj_deploy.set_replica_identity('details.root'::regclass, 'full', false) -> 'tables_modified' AS modified;
ALTER TABLE details.other_leaf REPLICA IDENTITY DEFAULT;
SELECT dj_deploy.describe('details') #> '{schemas,details,tables}' AS tables, pg_temp.is_converged();
-- A partitioned table has no rows of its own, whatever ANALYZE has found below it.
INSERT INTO details.root SELECT generate_series(0, 9);
ANALYZE details.root;
SELECT table_name, live_rows > 0 AS has_rows, bytes > 0 AS has_bytes FROM dj_deploy.tables('details') WHERE table_name IN ('root', 'branch', 'a_leaf') ORDER BY 1;
DROP TABLE details.root, details.x, details.y, details.z;

-- Publications that list tables of these schemas, and no others, nor tables above theirs; a
-- partition is in what publishes it through its root, too.
CREATE SCHEMA details_elsewhere;
CREATE TABLE details_elsewhere.t (id int PRIMARY KEY);
CREATE TABLE details.tree (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details.leaf PARTITION OF details.tree FOR VALUES FROM (0) TO (10);
CREATE TABLE details_elsewhere.tree (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details.twig PARTITION OF details_elsewhere.tree DEFAULT;
CREATE PUBLICATION regress_elsewhere FOR TABLE details_elsewhere.t;
CREATE PUBLICATION regress_above FOR TABLE details_elsewhere.tree;
CREATE PUBLICATION regress_of_leaf FOR TABLE details.leaf;
CREATE PUBLICATION regress_of_tree FOR TABLE details.tree;
SELECT dj_deploy.describe('details') #> '{schemas,details,tables,leaf,publications}' AS leaf, jsonb_object_keys(dj_deploy.describe('details') -> 'publications') AS publication;
SELECT dj_deploy.apply(dj_deploy.describe('details')) - '{fingerprint,tables_analyzed}'::text[] AS nothing;
DROP PUBLICATION regress_elsewhere, regress_above, regress_of_leaf, regress_of_tree;
DROP TABLE details.tree;
DROP SCHEMA details_elsewhere CASCADE;

-- Names read alike in every session.
SET quote_all_identifiers = on;
SELECT table_name, primary_key, owner ~ '"' AS is_quoted FROM dj_deploy.tables('details') ORDER BY 1;
SELECT table_name, exposed_columns FROM dj_deploy.wal_forecast('details') ORDER BY 1;
RESET quote_all_identifiers;

-- What a call sets for itself is as before when it is done, in the same transaction.
BEGIN;
SET LOCAL search_path = details;
CREATE TEMPORARY TABLE settings_before ON COMMIT DROP AS SELECT name, setting FROM pg_settings;
SELECT count(*) FROM dj_deploy.tables('details');
SELECT dj_deploy.set_replica_identity('details', 'full', false) -> 'tables_modified' AS modified;
SELECT dj_deploy.describe('details') IS NOT NULL AS is_described;
SELECT name, b.setting AS before, s.setting AS after FROM settings_before b JOIN pg_settings s USING (name) WHERE b.setting IS DISTINCT FROM s.setting;
ROLLBACK;

-- Each schema has its own tables.
CREATE SCHEMA details_other;
CREATE TABLE details_other.bare (id int);
CREATE TABLE details_other.more (id int);
ALTER TABLE details_other.bare REPLICA IDENTITY NOTHING;
ALTER TABLE details.good REPLICA IDENTITY NOTHING;
SELECT s.key AS schema, s.value -> 'tables' AS tables FROM jsonb_each(dj_deploy.describe('details', 'details_other', 'details') -> 'schemas') s ORDER BY 1;
SELECT count(*) FROM regexp_matches(dj_deploy.describe('details', 'details_other', 'details')::text, '"details"', 'g');
DROP SCHEMA details, details_other CASCADE;
