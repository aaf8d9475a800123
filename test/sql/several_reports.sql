-- Reports about several schemas (blockers: test/specs/blockers.spec): a row for each table as in the reports about each; what is not about one of them is told once.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
CREATE SCHEMA reported_a;
CREATE SCHEMA reported_b;
CREATE SCHEMA reported_empty;
CREATE SCHEMA "Reported.odd";
CREATE TABLE reported_b.subject (id int PRIMARY KEY, note text);
CREATE TABLE reported_a.session (id int PRIMARY KEY REFERENCES reported_b.subject, note text);
CREATE TABLE reported_a."~log" (id int);
CREATE TABLE "Reported.odd"."T" (id int PRIMARY KEY);
CREATE TABLE reported_b.tree (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE reported_a.tree_1 PARTITION OF reported_b.tree FOR VALUES FROM (0) TO (9);
CREATE TABLE reported_b.tree_2 PARTITION OF reported_b.tree FOR VALUES FROM (9) TO (20);
\pset footer off

-- By schema and name, each once: also the partition that belongs to one of them and lives in another.
SELECT schema_name, table_name, tier, kind FROM dj_deploy.tables(ARRAY['reported_b', 'reported_a', 'Reported.odd', 'reported_empty', 'reported_b']);
SELECT table_name FROM dj_deploy.tables('{reported_empty}'::text[]);
SELECT count(*) AS others FROM (
    SELECT * FROM dj_deploy.tables(ARRAY['reported_a', 'reported_b']) EXCEPT
    SELECT t.* FROM unnest('{reported_a,reported_b}'::text[]) s, dj_deploy.tables(s) t) AS differing;
INSERT INTO reported_b.subject VALUES (1), (2);
DELETE FROM reported_b.subject;
SELECT count(*), count(DISTINCT (schema_name, table_name)) AS different FROM dj_deploy.wal_forecast(ARRAY['reported_a', 'reported_b', 'reported_a']);
SELECT count(*) AS others FROM (
    SELECT schema_name, table_name, row_bytes, basis FROM dj_deploy.wal_forecast(ARRAY['reported_a', 'reported_b']) EXCEPT
    SELECT t.schema_name, t.table_name, t.row_bytes, t.basis FROM unnest('{reported_a,reported_b}'::text[]) s, dj_deploy.wal_forecast(s) t) AS differing;

-- check_cdc, without what depends on the server.
CREATE FUNCTION pg_temp.checked(schemas text[], publication text DEFAULT NULL, consumer text DEFAULT 'any')
RETURNS TABLE (severity text, check_name text, schema_name text, table_name text, object text, finding text, remedy text) LANGUAGE sql AS $$
    SELECT * FROM dj_deploy.check_cdc($1, $2, $3)
    WHERE check_name !~ '^(wal_|replication_slots_|slot_|long_|prepared_|activity_|sum)'
$$;
-- One schema is the same in either form.
SELECT count(*) AS others FROM (
    SELECT * FROM dj_deploy.check_cdc('{reported_b,reported_b}'::text[], consumer => 'lakehouse_sync') EXCEPT
    SELECT * FROM dj_deploy.check_cdc('reported_b', consumer => 'lakehouse_sync')) AS differing;
\x on
SELECT * FROM pg_temp.checked('{reported_b,reported_a,Reported.odd}'::text[]);
SELECT schema_name, object, finding FROM dj_deploy.check_cdc('{reported_b,reported_a,Reported.odd}'::text[]) WHERE check_name = 'sum';
-- The remedies, as they stand.
\x off
\o /dev/null
SELECT remedy FROM pg_temp.checked('{reported_b,reported_a,Reported.odd}'::text[]) WHERE severity <> 'info' \gexec
\o
SELECT * FROM pg_temp.checked('{reported_b,reported_a,Reported.odd}'::text[]);
SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = 'cdc' ORDER BY 1, 2;
-- What is of one schema is about that one; a publication, the role and its schemas are told once.
CREATE TABLE reported_a.late (id int PRIMARY KEY);
CREATE TABLE reported_a.later (id int PRIMARY KEY);
CREATE SEQUENCE reported_a.numbers;
CREATE SEQUENCE "Reported.odd".numbers;
ALTER PUBLICATION cdc ADD TABLE reported_a."~log";
ALTER PUBLICATION cdc SET (publish = 'insert');
CREATE ROLE regress_reported;
SET ROLE regress_reported;
\x on
SELECT * FROM pg_temp.checked('{reported_b,reported_a,Reported.odd}'::text[], 'cdc', 'postgres');
\x off
RESET ROLE;
DROP PUBLICATION cdc;

-- A table joins the publication that most tables of its own schema have joined, else that of most tables.
CREATE PUBLICATION regress_reported_a FOR TABLE reported_a.session, reported_a.late;
CREATE PUBLICATION regress_reported_b FOR TABLE reported_b.subject;
SELECT schema_name, table_name, remedy FROM pg_temp.checked('{reported_b,reported_a,Reported.odd}'::text[]) WHERE check_name = 'not_member';
-- Not one that has the schema as a whole; what such a one publishes besides is told of the schemas that it has.
ALTER PUBLICATION regress_reported_b SET TABLES IN SCHEMA reported_a, reported_b, reported_empty;
SELECT check_name, object, finding FROM pg_temp.checked('{reported_b,reported_a,Reported.odd}'::text[], 'regress_reported_b')
WHERE check_name ~ '^publication_|^member';
SELECT check_name, object, finding FROM pg_temp.checked('{reported_b,Reported.odd}'::text[], 'regress_reported_b')
WHERE check_name ~ '^publication_|^member';
DROP PUBLICATION regress_reported_a, regress_reported_b;
DROP ROLE regress_reported;
DROP SCHEMA reported_a, reported_b, reported_empty, "Reported.odd" CASCADE;
