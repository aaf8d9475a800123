-- The signatures of set_grants, which clients call by position and by name.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(5);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_grants' ORDER BY 1 $$,
                  $$ VALUES ('schema text, role text, access text, future_tables boolean DEFAULT false, dry_run boolean DEFAULT true') $$,
                  'one form, for a schema');

SELECT function_returns('dj_deploy', 'set_grants', ARRAY['text', 'text', 'text', 'boolean', 'boolean'], 'jsonb');
SELECT volatility_is('dj_deploy', 'set_grants', ARRAY['text', 'text', 'text', 'boolean', 'boolean'], 'volatile');
SELECT isnt_strict('dj_deploy', 'set_grants', ARRAY['text', 'text', 'text', 'boolean', 'boolean'], 'a NULL reaches the function, which refuses it');

SELECT results_eq($$ SELECT key, jsonb_typeof(value) FROM jsonb_each(dj_deploy.set_grants('dj_deploy', 'public', 'read'))
                     ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('ddl', 'array'), ('tables_analyzed', 'number'), ('tables_modified', 'number') $$,
                  'the result has the three keys of the specification when nothing is skipped');

SELECT * FROM finish();
ROLLBACK;
