-- The signatures of set_autovacuum, which clients call by position and by name.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(11);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_autovacuum' ORDER BY 1 $$,
                  $$ VALUES ('schema text, parameters jsonb, dry_run boolean DEFAULT true'),
                            ('schemas text[], parameters jsonb, dry_run boolean DEFAULT true'),
                            ('target regclass, parameters jsonb, dry_run boolean DEFAULT true') $$,
                  'three forms, with the same arguments but the first');

SELECT function_returns('dj_deploy', 'set_autovacuum', ARRAY['text', 'jsonb', 'boolean'], 'jsonb');
SELECT volatility_is('dj_deploy', 'set_autovacuum', ARRAY['text', 'jsonb', 'boolean'], 'volatile');
SELECT isnt_strict('dj_deploy', 'set_autovacuum', ARRAY['text', 'jsonb', 'boolean'], 'a NULL reaches the function, which refuses it');
SELECT function_returns('dj_deploy', 'set_autovacuum', ARRAY['regclass', 'jsonb', 'boolean'], 'jsonb');
SELECT volatility_is('dj_deploy', 'set_autovacuum', ARRAY['regclass', 'jsonb', 'boolean'], 'volatile');
SELECT isnt_strict('dj_deploy', 'set_autovacuum', ARRAY['regclass', 'jsonb', 'boolean'], 'a NULL reaches the function, which refuses it');
SELECT function_returns('dj_deploy', 'set_autovacuum', ARRAY['text[]', 'jsonb', 'boolean'], 'jsonb');
SELECT volatility_is('dj_deploy', 'set_autovacuum', ARRAY['text[]', 'jsonb', 'boolean'], 'volatile');
SELECT isnt_strict('dj_deploy', 'set_autovacuum', ARRAY['text[]', 'jsonb', 'boolean'], 'a NULL reaches the function, which refuses it');

SELECT results_eq($$ SELECT key, jsonb_typeof(value) FROM jsonb_each(dj_deploy.set_autovacuum('dj_deploy', '{}'))
                     ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('ddl', 'array'), ('tables_analyzed', 'number'), ('tables_modified', 'number') $$,
                  'the result has the three keys of the specification when nothing is skipped');

SELECT * FROM finish();
ROLLBACK;
