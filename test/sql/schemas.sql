-- schemas reports on each schema of the database: on a real pipeline, and on tables of every kind.
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixture :abs_srcdir '/fixtures/pipeline.sql'
\set ECHO none
\o /dev/null
\i :fixture
\o
\set ECHO all
\c
\pset null (null)
SELECT current_user AS superuser \gset

-- What is added up, as tables() says it of each schema: what of it lives there.
CREATE VIEW pg_temp.expected AS
    SELECT n.nspname::text AS schema_name, sum(t.bytes)::bigint AS bytes, sum(cardinality(t.invalid_indexes))::bigint AS invalid
    FROM pg_namespace n
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
    CROSS JOIN LATERAL dj_deploy.tables(n.nspname) t
    WHERE n.nspname !~ '^pg_|^information_schema$' AND (t.schema_name, t.table_name) = (n.nspname, c.relname)
    GROUP BY 1;
-- Prints how many schemas it looked at, and those whose sums differ.
CREATE FUNCTION pg_temp.compared() RETURNS TABLE (schemas bigint, differing text[]) LANGUAGE sql AS $$
    SELECT count(*), array_agg(s.schema_name) FILTER (WHERE (s.bytes, s.invalid) IS DISTINCT FROM (e.bytes, e.invalid))
    FROM dj_deploy.schemas() s JOIN pg_temp.expected e USING (schema_name)
$$;

-- A real pipeline. All of it is what DataJoint declared.
SELECT schema_name, owner = :'superuser' AS is_ours, is_datajoint, tables, hidden, partitions, bytes > 0 AS has_bytes, identity, publications, invalid
FROM dj_deploy.schemas();
SELECT ARRAY(SELECT schema_name FROM dj_deploy.schemas() WHERE is_datajoint) AS lab;
SELECT * FROM pg_temp.compared();

-- The replica identity at a glance: of the tables that set_replica_identity alters.
SELECT dj_deploy.set_replica_identity('lab', dry_run => false) -> 'tables_modified' AS full;
SELECT dj_deploy.set_replica_identity('ephys.probe'::regclass, dry_run => false) -> 'tables_modified' AS full;
ALTER TABLE lab."~lineage" REPLICA IDENTITY NOTHING;
SELECT schema_name, identity FROM dj_deploy.schemas() WHERE is_datajoint;
SELECT dj_deploy.set_replica_identity(ARRAY(SELECT schema_name FROM dj_deploy.schemas() WHERE is_datajoint), 'full', false) - 'ddl' AS lab;
SELECT DISTINCT identity FROM dj_deploy.schemas() WHERE is_datajoint;
SET client_min_messages = error;
DROP SCHEMA lab, behavior, ephys, analysis CASCADE;

-- Which schemas: not an extension's own, not the system's; DataJoint's by their hidden tables, of whichever version.
CREATE ROLE "regress Owner";
CREATE SCHEMA extension_made;
ALTER EXTENSION datajoint_deploy ADD SCHEMA extension_made;
CREATE SCHEMA "Upper ""case""" AUTHORIZATION "regress Owner";
CREATE SCHEMA pgx;
CREATE SCHEMA old;
CREATE TABLE old."~log" (id int);
CREATE SCHEMA new;
CREATE TABLE new."~lineage" (id int);
CREATE SCHEMA both_versions;
CREATE TABLE both_versions."~log" (id int);
CREATE TABLE both_versions."~lineage" (id int);
CREATE SCHEMA only_jobs;
CREATE TABLE only_jobs."~~job" (id int);
CREATE SCHEMA a_view;
CREATE VIEW a_view."~log" AS SELECT 1 AS one;
CREATE TABLE pg_temp."~log" (id int);
SELECT schema_name, owner = :'superuser' AS is_ours, is_datajoint, tables, hidden, bytes, identity, publications FROM dj_deploy.schemas()
WHERE schema_name <> 'public';
SELECT owner, schema_name FROM dj_deploy.schemas() JOIN pg_namespace n ON n.nspname = schema_name JOIN pg_roles r ON r.rolname = owner
WHERE r.oid = n.nspowner AND owner LIKE 'regress%';
ALTER EXTENSION datajoint_deploy DROP SCHEMA extension_made;
DROP SCHEMA extension_made, "Upper ""case""", pgx, old, new, both_versions, only_jobs, a_view CASCADE;
DROP TABLE pg_temp."~log";

-- Tables of every kind. Partitions count where they live.
CREATE SCHEMA kind;
CREATE SCHEMA elsewhere;
CREATE TABLE kind.root (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE kind.leaf PARTITION OF kind.root FOR VALUES FROM (0) TO (10);
CREATE TABLE elsewhere.rest PARTITION OF kind.root DEFAULT PARTITION BY RANGE (id);
CREATE TABLE elsewhere.rest_leaf PARTITION OF elsewhere.rest DEFAULT;
CREATE TABLE kind."~hidden_leaf" PARTITION OF kind.root FOR VALUES FROM (10) TO (20);
CREATE TABLE kind."~hidden" (id int);
CREATE UNLOGGED TABLE kind.scratch (id int, note text);
CREATE TABLE kind.member (id int PRIMARY KEY);
ALTER EXTENSION datajoint_deploy ADD TABLE kind.member;
CREATE VIEW kind.view AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW kind.materialized AS SELECT 1 AS one;
CREATE TEMPORARY TABLE temporary (id int);
INSERT INTO kind.root SELECT i, i FROM generate_series(0, 30) i;
SELECT schema_name, tables, hidden, partitions, bytes > 0 AS has_bytes, identity FROM dj_deploy.schemas() WHERE schema_name <> 'public';
SELECT * FROM pg_temp.compared();
SELECT dj_deploy.set_replica_identity('elsewhere', dry_run => false) -> 'tables_modified' AS full;
ALTER TABLE kind.scratch REPLICA IDENTITY NOTHING;
ALTER TABLE kind.leaf REPLICA IDENTITY USING INDEX leaf_pkey;
ALTER TABLE kind."~hidden" REPLICA IDENTITY FULL;
ALTER TABLE kind.member REPLICA IDENTITY FULL;
SELECT schema_name, identity FROM dj_deploy.schemas() WHERE schema_name <> 'public';
ALTER TABLE kind.root REPLICA IDENTITY FULL;
SELECT schema_name, identity FROM dj_deploy.schemas() WHERE schema_name <> 'public';

-- Indexes that are not valid, those of TOAST tables included; those of partitioned tables are none.
CREATE INDEX ON ONLY kind.root (note);
SELECT schema_name, invalid FROM dj_deploy.schemas() WHERE schema_name <> 'public';
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'kind.leaf_pkey'::regclass
    OR indrelid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'kind.scratch'::regclass);
SELECT schema_name, invalid FROM dj_deploy.schemas() WHERE schema_name <> 'public';
SELECT * FROM pg_temp.compared();
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'kind.leaf_pkey'::regclass
    OR indrelid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'kind.scratch'::regclass);

-- Publications that publish any of the tables: listed, through an ancestor, through a schema, all. Names are those of pg_publication.
CREATE PUBLICATION "regress Listed" FOR TABLE kind.root;
CREATE PUBLICATION regress_leaf FOR TABLE elsewhere.rest_leaf;
CREATE PUBLICATION regress_schema FOR TABLES IN SCHEMA kind;
CREATE PUBLICATION regress_hidden FOR TABLE kind."~hidden";
CREATE PUBLICATION regress_empty;
SELECT schema_name, publications FROM dj_deploy.schemas();
SELECT schema_name FROM dj_deploy.schemas() WHERE NOT 'regress Listed' = ANY (publications);
CREATE PUBLICATION a_regress_all FOR ALL TABLES;
SELECT schema_name, publications FROM dj_deploy.schemas();
DROP PUBLICATION "regress Listed", regress_leaf, regress_schema, regress_hidden, regress_empty, a_regress_all;

-- Anybody may look, also in a READ ONLY transaction and in a hostile search_path.
REVOKE ALL ON SCHEMA kind, elsewhere FROM PUBLIC;
CREATE SCHEMA evil;
CREATE TABLE evil.pg_class (oid oid);
CREATE FUNCTION evil.pg_relation_filepath(regclass) RETURNS text LANGUAGE sql AS 'SELECT (1/0)::text';
SET ROLE "regress Owner";
SET search_path = evil, pg_catalog;
SET quote_all_identifiers = on;
BEGIN READ ONLY;
SELECT schema_name, is_datajoint, tables, bytes > 0 AS has_bytes, identity FROM dj_deploy.schemas() WHERE schema_name IN ('elsewhere', 'kind');
COMMIT;
RESET ROLE;
RESET search_path;
RESET quote_all_identifiers;

ALTER EXTENSION datajoint_deploy DROP TABLE kind.member;
DROP SCHEMA kind, elsewhere, evil CASCADE;
DROP ROLE "regress Owner";
