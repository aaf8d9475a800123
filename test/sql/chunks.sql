-- Chunks: tables in a schema of an extension that inherit from a user table, as TimescaleDB has them. Here the
-- extension is one that every server has.
SET client_min_messages = notice;
CREATE SCHEMA lab;
CREATE SCHEMA archive;
CREATE SCHEMA internal;
ALTER EXTENSION plpgsql ADD SCHEMA internal;
CREATE TABLE lab.event (id integer PRIMARY KEY, what text);
CREATE TABLE internal.chunk_1 (PRIMARY KEY (id)) INHERITS (lab.event);
CREATE TABLE internal.chunk_2 (PRIMARY KEY (id)) INHERITS (lab.event);
CREATE TABLE lab.plain (id integer PRIMARY KEY);
CREATE TABLE archive.plain_old (PRIMARY KEY (id)) INHERITS (lab.plain);
INSERT INTO internal.chunk_1 SELECT number, repeat('event ', 10) FROM generate_series(1, 500) AS number;
INSERT INTO internal.chunk_2 SELECT number, repeat('event ', 10) FROM generate_series(501, 800) AS number;
INSERT INTO archive.plain_old SELECT generate_series(1, 7);
UPDATE internal.chunk_2 SET what = 'other' WHERE id <= 510;
DELETE FROM internal.chunk_1 WHERE id <= 3;
SELECT pg_stat_force_next_flush();
ANALYZE lab.event, lab.plain, archive.plain_old;

-- Rows and bytes are those of the chunks, once; a table that inherits elsewhere counts for itself.
SELECT pg_stat_force_next_flush();
SELECT table_name, live_rows,
       bytes = pg_total_relation_size('lab.event') + pg_total_relation_size('internal.chunk_1')
               + pg_total_relation_size('internal.chunk_2') AS has_chunks,
       bytes = pg_total_relation_size('lab.plain') AS has_itself
FROM dj_deploy.tables('lab');
SELECT table_name, live_rows, bytes = pg_total_relation_size('internal.' || table_name) AS is_own
FROM dj_deploy.tables(ARRAY['lab', 'internal']) WHERE schema_name = 'internal';
SELECT table_name, live_rows FROM dj_deploy.tables(ARRAY['lab', 'internal']) WHERE schema_name = 'lab';
SELECT schema_name, tables, bytes = (SELECT sum(bytes) FROM dj_deploy.tables(schema_name)) AS is_sum
FROM dj_deploy.schemas() WHERE schema_name <> 'public';
SELECT table_name, updates, deletes, row_bytes BETWEEN 60 AND 100 AS is_row, full_bytes > 500 AS is_full, basis
FROM dj_deploy.wal_forecast('lab');

-- An index of a chunk that is not valid is named.
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'internal.chunk_1_pkey'::regclass;
SELECT table_name, invalid_indexes FROM dj_deploy.tables('lab') WHERE invalid_indexes <> '{}';
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'internal.chunk_1_pkey'::regclass;

-- Each is rebuilt by itself; a schema that inherits elsewhere is not this one's.
CALL dj_deploy.reindex('lab', dry_run => true);
CALL dj_deploy.reindex('lab.event'::regclass, dry_run => true);

-- Who joins a publication, and whose rows do not.
SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false);
SELECT check_name, schema_name, table_name, finding FROM dj_deploy.check_cdc('lab', 'cdc', 'postgres')
WHERE check_name = 'heir_not_member';
SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false);
SELECT dj_deploy.apply('{"version": 1, "publications": {"other": {}}, "schemas": {"lab": {"publications": ["other"]}}}') -> 'ddl';
SELECT dj_deploy.set_publication_membership('archive', 'cdc', dry_run => false);
ALTER PUBLICATION cdc DROP TABLE ONLY lab.event, ONLY lab.plain;
ALTER PUBLICATION cdc ADD TABLES IN SCHEMA internal;
SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false);
SELECT dj_deploy.set_publication_membership('lab.event'::regclass, 'third');

-- Locks of a change of the table are locks of its chunks; those of its publications are not.

BEGIN;
SELECT dj_deploy.set_replica_identity('lab', 'full', false) -> 'tables_modified';
SELECT relation::regclass, mode FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation::regclass::text ~ '^(internal|archive)[.]'
ORDER BY relation::regclass::text;
ROLLBACK;
BEGIN;
SELECT dj_deploy.set_publication_membership('lab', 'third', false) -> 'tables_modified';
SELECT relation::regclass, mode FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation::regclass::text ~ '^internal[.]'
ORDER BY relation::regclass::text;
ROLLBACK;

DROP PUBLICATION cdc;
ALTER EXTENSION plpgsql DROP SCHEMA internal;
DROP SCHEMA lab, archive, internal CASCADE;
