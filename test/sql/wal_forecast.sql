-- wal_forecast: which tables are there, what their rows weigh, and what it says where it does not know. Whether the bytes are
-- those of the WAL is tested in test/t/wal_forecast.pl.
\set SHOW_CONTEXT never
\pset null (null)
SET client_min_messages = error;
CREATE SCHEMA forecast;
CREATE SCHEMA "forecast other";
CREATE ROLE regress_forecast;
-- What it says, but for the time and what depends on it.
CREATE VIEW shown AS
    SELECT schema_name, table_name, updates, deletes, row_bytes, key_bytes, default_bytes, full_bytes, exposed_columns, basis
    FROM dj_deploy.wal_forecast('forecast');

-- Tables of every kind. Autovacuum would make what is shown depend on time.
SET search_path = forecast;
CREATE FUNCTION create_table(name text, columns text, kind text DEFAULT '') RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('CREATE %s TABLE %I (%s) WITH (autovacuum_enabled = false)', kind, name, columns); END $$;
SELECT create_table(name, columns, kind) FROM (VALUES
    ('fixed', 'id int PRIMARY KEY, value int NOT NULL, at timestamptz NOT NULL', ''),
    ('Quoted table', 'id int PRIMARY KEY, "Quoted column" int NOT NULL, "select" int NOT NULL', ''),
    ('no key', 'id int NOT NULL, value bigint NOT NULL', ''),
    ('deferred', 'id int PRIMARY KEY DEFERRABLE, value int NOT NULL', ''),
    ('including', 'value int NOT NULL, id int, also int NOT NULL, PRIMARY KEY (id) INCLUDE (also)', ''),
    ('keys', 'a smallint, b bigint, c smallint NOT NULL, d uuid, PRIMARY KEY (d, b, a)', ''),
    ('only_key', 'a int, b int, PRIMARY KEY (a, b)', ''),
    ('generated', 'id int PRIMARY KEY, value int NOT NULL, twice int NOT NULL GENERATED ALWAYS AS (value * 2) STORED', ''),
    ('identity_index', 'id int PRIMARY KEY, other int NOT NULL UNIQUE', ''),
    ('scratch', 'id int PRIMARY KEY, value text', 'UNLOGGED'),
    ('no_columns', '', ''),
    ('unused', 'id int PRIMARY KEY, value text', ''),
    ('nulls', 'id int PRIMARY KEY, a int, b text, c text, d text, e text, f text, g text, h text, i text', ''),
    ('texts', 'name text PRIMARY KEY, value text', ''),
    ('~hidden', 'id int PRIMARY KEY', '')) AS t(name, columns, kind);
ALTER TABLE identity_index REPLICA IDENTITY USING INDEX identity_index_other_key;
CREATE TABLE whole (id int, part int, PRIMARY KEY (part, id)) PARTITION BY RANGE (part);
CREATE TABLE near PARTITION OF whole FOR VALUES FROM (0) TO (10) WITH (autovacuum_enabled = false);
CREATE TABLE "forecast other".far PARTITION OF whole FOR VALUES FROM (10) TO (20) WITH (autovacuum_enabled = false);
CREATE TABLE "forecast other".not_ours (id int);
CREATE TEMPORARY TABLE temporary (id int);
CREATE VIEW a_view AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW a_matview AS SELECT 1 AS one;
CREATE FUNCTION flush() RETURNS void LANGUAGE sql AS 'SELECT pg_stat_force_next_flush()';
RESET client_min_messages;

-- Nothing was written yet: it costs nothing, whatever rows would weigh.
SELECT * FROM public.shown;

-- Rows of fixed length weigh what their columns do. DELETE writes the key under DEFAULT, and without a key nothing.
INSERT INTO fixed SELECT i, i, now() FROM generate_series(1, 100) i;
INSERT INTO "Quoted table" SELECT i, i, i FROM generate_series(1, 100) i;
INSERT INTO "no key" SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO deferred SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO including SELECT i, i, i FROM generate_series(1, 100) i;
INSERT INTO keys SELECT i, i, i, md5(i::text)::uuid FROM generate_series(1, 100) i;
INSERT INTO only_key SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO generated SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO identity_index SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO scratch SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO "~hidden" SELECT i FROM generate_series(1, 100) i;
INSERT INTO whole SELECT i, i % 20 FROM generate_series(1, 100) i;
INSERT INTO no_columns SELECT FROM generate_series(1, 100) i;
UPDATE fixed SET value = 0;
UPDATE fixed SET value = 1 WHERE id <= 50;
DELETE FROM fixed WHERE id <= 10;
DELETE FROM "Quoted table" WHERE id <= 20;
DELETE FROM "no key" WHERE id <= 30;
DELETE FROM deferred WHERE id <= 40;
DELETE FROM including WHERE id <= 50;
DELETE FROM keys WHERE b <= 60;
DELETE FROM only_key;
UPDATE generated SET value = 0;
DELETE FROM identity_index;
UPDATE scratch SET value = 0;
DELETE FROM scratch;
DELETE FROM "~hidden";
UPDATE whole SET id = -id WHERE part < 10;
UPDATE whole SET part = 12 WHERE part < 3;
DELETE FROM no_columns;
SELECT flush();
SELECT * FROM public.shown;

-- The identity that a table has now makes no difference.
ALTER TABLE fixed REPLICA IDENTITY FULL;
SELECT * FROM public.shown WHERE table_name = 'fixed';

-- Rates: since the statistics began, which is when somebody resets those of the database, or of one table in it.
SELECT pg_stat_reset_single_table_counters('forecast.identity_index'::regclass) AS reset \gset
SELECT table_name, since > now() - interval '1 hour' AS is_new, full_bytes_per_day > full_bytes AS is_rate,
       (default_bytes_per_day = 0) = (default_bytes = 0) AS is_rate_of_default
FROM dj_deploy.wal_forecast('forecast') WHERE table_name IN ('fixed', 'generated', 'identity_index') ORDER BY 1;

-- Other rows are as long as ANALYZE has found them; without it, as the pages that they fill let suppose; and a page that nobody
-- has filled tells nothing.
INSERT INTO texts SELECT i, 'some text' FROM generate_series(1, 20) i;
INSERT INTO nulls (id) SELECT i FROM generate_series(1, 2000) i;
DELETE FROM texts WHERE name = '7';
UPDATE nulls SET id = id + 2000;
DELETE FROM nulls WHERE id <= 2100;
SELECT flush();
SELECT * FROM public.shown WHERE table_name = 'texts';
CREATE VIEW public.shown_roughly AS
    SELECT table_name, updates, deletes, row_bytes BETWEEN 12 AND 36 AS has_row_bytes, key_bytes, default_bytes,
           full_bytes BETWEEN 20000 AND 70000 AS has_full_bytes, basis
    FROM dj_deploy.wal_forecast('forecast');
SELECT * FROM public.shown_roughly WHERE table_name = 'nulls';
ANALYZE texts, nulls;
SELECT * FROM public.shown WHERE table_name IN ('texts', 'nulls');

-- Whoever may not read a table does not see its statistics, nor does who sees only some of its rows. A key of fixed length
-- is known all the same.
GRANT USAGE ON SCHEMA forecast TO regress_forecast;
GRANT SELECT ON public.shown, public.shown_roughly TO regress_forecast;
SET ROLE regress_forecast;
SELECT * FROM public.shown_roughly WHERE table_name = 'nulls';
SELECT * FROM public.shown WHERE table_name = 'texts';
RESET ROLE;
GRANT SELECT ON nulls TO regress_forecast;
SET ROLE regress_forecast;
SELECT basis FROM public.shown WHERE table_name = 'nulls';
RESET ROLE;
ALTER TABLE nulls ENABLE ROW LEVEL SECURITY;
SET ROLE regress_forecast;
SELECT basis FROM public.shown WHERE table_name = 'nulls';
RESET ROLE;

-- Dropped columns weigh nothing, unless the pages say that rows still hold them.
ALTER TABLE texts DROP COLUMN value;
SELECT row_bytes, exposed_columns, basis FROM public.shown WHERE table_name = 'texts';
CREATE TABLE dropped (id int PRIMARY KEY, gone text, value int) WITH (autovacuum_enabled = false);
INSERT INTO dropped SELECT i, repeat('x', 500), i FROM generate_series(1, 1000) i;
ALTER TABLE dropped DROP COLUMN gone;
ANALYZE dropped;
SELECT row_bytes BETWEEN 500 AND 600 AS is_long, exposed_columns, basis FROM public.shown WHERE table_name = 'dropped';

-- Where nobody counts, nothing is known.
SET track_counts = off;
SELECT table_name, updates, deletes, since, row_bytes, default_bytes, full_bytes, default_bytes_per_day, full_bytes_per_day
FROM dj_deploy.wal_forecast('forecast') WHERE table_name IN ('fixed', 'scratch');
RESET track_counts;

-- It reads only, takes no lock on the tables, and settings make no difference.
BEGIN READ ONLY;
SET LOCAL quote_all_identifiers = on;
SET LOCAL row_security = off;
SET LOCAL search_path = nowhere;
SELECT table_name FROM dj_deploy.wal_forecast('forecast') WHERE table_name IN ('fixed', 'Quoted table');
SELECT count(*) FROM pg_catalog.pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384;
COMMIT;

-- Refusals.
SELECT dj_deploy.wal_forecast(NULL); \echo :SQLSTATE
SELECT dj_deploy.wal_forecast(''); \echo :SQLSTATE
SELECT dj_deploy.wal_forecast(repeat('x', 64)); \echo :SQLSTATE
SELECT dj_deploy.wal_forecast('nowhere'); \echo :SQLSTATE
SELECT dj_deploy.wal_forecast('pg_catalog'); \echo :SQLSTATE

CREATE SCHEMA empty;
SELECT * FROM dj_deploy.wal_forecast('empty');

SET client_min_messages = error;
RESET search_path;
DROP VIEW shown, shown_roughly;
DROP SCHEMA forecast, "forecast other", empty CASCADE;
DROP ROLE regress_forecast;
