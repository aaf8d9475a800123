-- The signatures of set_replica_identity, which clients call by position and by name.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(11);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_replica_identity' ORDER BY 1 $$,
                  $$ VALUES ('schema text, mode text DEFAULT ''full''::text, dry_run boolean DEFAULT true, skip_unchanged boolean DEFAULT false'),
                            ('target regclass, mode text DEFAULT ''full''::text, dry_run boolean DEFAULT true, skip_unchanged boolean DEFAULT false') $$,
                  'two forms, with the same arguments but the first');

SELECT function_returns('dj_deploy', 'set_replica_identity', ARRAY[target, 'text', 'boolean', 'boolean'], 'jsonb')
FROM unnest(ARRAY['text', 'regclass']) target;
SELECT function_lang_is('dj_deploy', 'set_replica_identity', ARRAY[target, 'text', 'boolean', 'boolean'], 'c')
FROM unnest(ARRAY['text', 'regclass']) target;
SELECT volatility_is('dj_deploy', 'set_replica_identity', ARRAY[target, 'text', 'boolean', 'boolean'], 'volatile')
FROM unnest(ARRAY['text', 'regclass']) target;
SELECT isnt_strict('dj_deploy', 'set_replica_identity', ARRAY[target, 'text', 'boolean', 'boolean'],
                   'a NULL reaches the function, which refuses it (' || target || ')')
FROM unnest(ARRAY['text', 'regclass']) target;

SELECT is(pg_typeof(dj_deploy.set_replica_identity('dj_deploy'))::text, 'jsonb', 'an untyped name is a schema');
SELECT results_eq($$ SELECT key, jsonb_typeof(value) FROM jsonb_each(dj_deploy.set_replica_identity('dj_deploy'))
                     ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('ddl', 'array'), ('tables_analyzed', 'number'), ('tables_modified', 'number') $$,
                  'the result has exactly the three keys of the specification');

SELECT * FROM finish();
ROLLBACK;
