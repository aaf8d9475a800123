-- The signature of check_cdc, which clients call by position and by name.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(6);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'check_cdc' AND proargnames[1] = 'schema' $$,
                  $$ VALUES ('schema text, publication text DEFAULT NULL::text, consumer text DEFAULT ''any''::text',
                             'TABLE(severity text, check_name text, schema_name text, table_name text, object text, finding text, remedy text)') $$,
                  'one form');
SELECT volatility_is('dj_deploy', 'check_cdc', ARRAY['text', 'text', 'text'], 'volatile');
SELECT isnt_strict('dj_deploy', 'check_cdc', ARRAY['text', 'text', 'text'], 'a NULL reaches the function');
SELECT isnt_definer('dj_deploy', 'check_cdc', ARRAY['text', 'text', 'text'], 'with the rights of the caller');

SELECT lives_ok($$ SELECT r.* FROM unnest('{any,lakehouse_sync,lakebase_cdf,debezium,clickpipes,postgres}'::text[]) c,
                   dj_deploy.check_cdc('dj_deploy', consumer => c) r $$, 'knows the consumers');
SELECT is_empty($$ SELECT * FROM dj_deploy.check_cdc('dj_deploy', 'nothing', 'postgres')
                   WHERE severity NOT IN ('error', 'warning', 'info') OR check_name IS NULL OR finding IS NULL
                      OR schema_name IS NULL AND (object IS NULL OR table_name IS NOT NULL) $$,
                'each row has a severity, a check, a schema or an object, and a finding');

SELECT * FROM finish();
ROLLBACK;
