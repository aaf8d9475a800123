-- The signature of wal_forecast, its refusals, and generated columns of newer servers. What it says: test/sql/wal_forecast.sql.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(11);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'wal_forecast' AND proargnames[1] = 'schema' $$,
                  $$ VALUES ('schema text', 'TABLE(schema_name text, table_name text, updates bigint, deletes bigint, since timestamp with time zone, '
                             'row_bytes bigint, key_bytes bigint, default_bytes bigint, full_bytes bigint, default_bytes_per_day bigint, '
                             'full_bytes_per_day bigint, exposed_columns text[], basis text)') $$,
                  'one form, with these columns');
SELECT volatility_is('dj_deploy', 'wal_forecast', ARRAY['text'], 'volatile');
SELECT isnt_strict('dj_deploy', 'wal_forecast', ARRAY['text'], 'a NULL reaches the function, which refuses it');

SELECT throws_ok($$ SELECT dj_deploy.wal_forecast(NULL) $$, '22004', 'argument "schema" must not be null');
SELECT throws_ok($$ SELECT dj_deploy.wal_forecast('') $$, '22023', 'schema name must not be empty');
SELECT throws_ok($$ SELECT dj_deploy.wal_forecast(repeat('x', 64)) $$, '42622');
SELECT throws_ok($$ SELECT dj_deploy.wal_forecast('nowhere') $$, '3F000', 'schema "nowhere" does not exist');
SELECT throws_ok($$ SELECT dj_deploy.wal_forecast('information_schema') $$, '42501', 'permission denied: "information_schema" is a system schema');
SELECT is_empty($$ SELECT dj_deploy.wal_forecast('dj_deploy') $$, 'a schema without tables has no rows');

-- Virtual columns, of 18 and newer, are null in every row: they take a bit of the bitmap and are never in the WAL.
SELECT current_setting('server_version_num')::int >= 180000 AS is_18 \gset
CREATE SCHEMA "wal ""pgtap""";
\if :is_18
CREATE TABLE "wal ""pgtap"""."a""b" (id int PRIMARY KEY, value int NOT NULL,
    twice text GENERATED ALWAYS AS (value::text) VIRTUAL, thrice int NOT NULL GENERATED ALWAYS AS (value * 3) VIRTUAL);
\else
CREATE TABLE "wal ""pgtap"""."a""b" (id int PRIMARY KEY, value int NOT NULL);
\endif
SELECT results_eq($$ SELECT table_name, row_bytes, key_bytes, basis FROM dj_deploy.wal_forecast('wal "pgtap"') $$,
                  $$ VALUES ('a"b', 14::bigint, 10::bigint, 'types') $$, 'a column that is not stored has no length');
SELECT results_eq($$ SELECT exposed_columns FROM dj_deploy.wal_forecast('wal "pgtap"') $$, $$ VALUES ('{value}'::text[]) $$,
                  'and nothing of it becomes visible');

SELECT * FROM finish();
ROLLBACK;
