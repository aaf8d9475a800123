-- The signatures of set_publication_membership, which clients call by position and by name.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(11);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_publication_membership' ORDER BY 1 $$,
                  $$ VALUES ('schema text, publication text, dry_run boolean DEFAULT true, member boolean DEFAULT true'),
                            ('schemas text[], publication text, dry_run boolean DEFAULT true, member boolean DEFAULT true'),
                            ('target regclass, publication text, dry_run boolean DEFAULT true, member boolean DEFAULT true') $$,
                  'three forms, with the same arguments but the first');

SELECT function_returns('dj_deploy', 'set_publication_membership', ARRAY[target, 'text', 'boolean', 'boolean'], 'jsonb')
FROM unnest(ARRAY['text', 'regclass', 'text[]']) target;
SELECT volatility_is('dj_deploy', 'set_publication_membership', ARRAY[target, 'text', 'boolean', 'boolean'], 'volatile')
FROM unnest(ARRAY['text', 'regclass', 'text[]']) target;
SELECT isnt_strict('dj_deploy', 'set_publication_membership', ARRAY[target, 'text', 'boolean', 'boolean'],
                   'a NULL reaches the function, which refuses it (' || target || ')')
FROM unnest(ARRAY['text', 'regclass', 'text[]']) target;

SELECT results_eq($$ SELECT key, jsonb_typeof(value) FROM jsonb_each(dj_deploy.set_publication_membership('dj_deploy', 'p'))
                     ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('ddl', 'array'), ('tables_analyzed', 'number'), ('tables_modified', 'number') $$,
                  'the result has the three keys of the specification when nothing is skipped');

SELECT * FROM finish();
ROLLBACK;
