-- The signature of tables, its refusals and its rows.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(17);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'tables' AND proargnames[1] = 'schema' $$,
                  $$ VALUES ('schema text', 'TABLE(schema_name text, table_name text, tier text, kind text, primary_key text[], replica_identity text, '
                             'publications text[], persistence text, owner text, autovacuum jsonb, live_rows bigint, bytes bigint, '
                             'toast_bytes bigint, last_vacuum timestamp with time zone, last_analyze timestamp with time zone, '
                             'invalid_indexes text[])') $$,
                  'one form, with these columns');
SELECT volatility_is('dj_deploy', 'tables', ARRAY['text'], 'volatile');
SELECT isnt_strict('dj_deploy', 'tables', ARRAY['text'], 'a NULL reaches the function, which refuses it');

SELECT throws_ok($$ SELECT dj_deploy.tables(NULL) $$, '22004', 'argument "schema" must not be null');
SELECT throws_ok($$ SELECT dj_deploy.tables('') $$, '22023', 'schema name must not be empty');
SELECT throws_ok($$ SELECT dj_deploy.tables(repeat('x', 64)) $$, '42622');
SELECT throws_ok($$ SELECT dj_deploy.tables('nowhere') $$, '3F000', 'schema "nowhere" does not exist');
SELECT throws_ok($$ SELECT dj_deploy.tables('pg_catalog') $$, '42501', 'permission denied: "pg_catalog" is a system schema');
SELECT throws_ok($$ SELECT dj_deploy.tables('information_schema') $$, '42501', 'permission denied: "information_schema" is a system schema');
SELECT is_empty($$ SELECT dj_deploy.tables('dj_deploy') $$, 'a schema without tables has no rows');

CREATE SCHEMA tables_pgtap;
CREATE TABLE tables_pgtap.session (id int PRIMARY KEY, note text);
CREATE TABLE tables_pgtap.session__trial (id int PRIMARY KEY);
CREATE TABLE tables_pgtap.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE tables_pgtap.leaf PARTITION OF tables_pgtap.root DEFAULT;
INSERT INTO tables_pgtap.session SELECT i, i FROM generate_series(1, 1000) i;
SELECT results_eq($$ SELECT table_name, tier, kind, primary_key, replica_identity, persistence FROM dj_deploy.tables('tables_pgtap') $$,
                  $$ VALUES ('leaf', 'manual', 'partition', '{id}'::text[], 'default', 'permanent'),
                            ('root', 'manual', 'partitioned table', '{id}', 'default', 'permanent'),
                            ('session', 'manual', 'table', '{id}', 'default', 'permanent'),
                            ('session__trial', 'part', 'table', '{id}', 'default', 'permanent') $$,
                  'a row for each table, by name');
SELECT results_eq($$ SELECT bytes FROM dj_deploy.tables('tables_pgtap') WHERE kind <> 'partitioned table' $$,
                  $$ SELECT pg_total_relation_size(('tables_pgtap.' || name)::regclass)
                     FROM unnest('{leaf,session,session__trial}'::text[]) name $$, 'the bytes are the server''s');
SELECT ok(bytes IS NULL AND toast_bytes IS NULL AND live_rows IS NULL, 'a partitioned table has neither bytes nor rows of its own')
FROM dj_deploy.tables('tables_pgtap') WHERE table_name = 'root';

CREATE PUBLICATION tables_pgtap FOR TABLE tables_pgtap.session__trial;
SELECT is('tables_pgtap' = ANY (publications), table_name = 'session__trial', 'publications of ' || table_name)
FROM dj_deploy.tables('tables_pgtap');

SELECT * FROM finish();
ROLLBACK;
