-- The signatures of set_grants, which clients call by position and by name.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(11);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_grants' ORDER BY 1 $$,
                  $$ VALUES ('schema text, role text, access text, dry_run boolean DEFAULT true, future_tables boolean DEFAULT false'),
                            ('schemas text[], role text, access text, dry_run boolean DEFAULT true, future_tables boolean DEFAULT false'),
                            ('target regclass, role text, access text, dry_run boolean DEFAULT true') $$,
                  'three forms, for a schema, for several and for one table');

SELECT function_returns('dj_deploy', 'set_grants', ARRAY['regclass', 'text', 'text', 'boolean'], 'jsonb');
SELECT volatility_is('dj_deploy', 'set_grants', ARRAY['regclass', 'text', 'text', 'boolean'], 'volatile');
SELECT isnt_strict('dj_deploy', 'set_grants', ARRAY['regclass', 'text', 'text', 'boolean'], 'a NULL reaches the function, which refuses it (regclass)');

SELECT function_returns('dj_deploy', 'set_grants', ARRAY[target, 'text', 'text', 'boolean', 'boolean'], 'jsonb')
FROM unnest(ARRAY['text', 'text[]']) target;
SELECT volatility_is('dj_deploy', 'set_grants', ARRAY[target, 'text', 'text', 'boolean', 'boolean'], 'volatile')
FROM unnest(ARRAY['text', 'text[]']) target;
SELECT isnt_strict('dj_deploy', 'set_grants', ARRAY[target, 'text', 'text', 'boolean', 'boolean'],
                   'a NULL reaches the function, which refuses it (' || target || ')')
FROM unnest(ARRAY['text', 'text[]']) target;

SELECT results_eq($$ SELECT key, jsonb_typeof(value) FROM jsonb_each(dj_deploy.set_grants('dj_deploy', 'public', 'read'))
                     ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('ddl', 'array'), ('tables_analyzed', 'number'), ('tables_modified', 'number') $$,
                  'the result has the three keys of the specification when nothing is skipped');

SELECT * FROM finish();
ROLLBACK;
