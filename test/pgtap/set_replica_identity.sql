-- The signatures of set_replica_identity, which clients call by position and by name.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(26);

SELECT set_eq($$ SELECT pg_get_function_arguments(oid) FROM pg_proc
                 WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_replica_identity' $$,
              $$ SELECT target || arguments
                 FROM unnest(ARRAY['schema text', 'target regclass', 'schemas text[]']) target,
                      unnest(ARRAY[', mode text DEFAULT ''full''::text, dry_run boolean DEFAULT true',
                                   ', mode text, dry_run boolean, skip_unchanged boolean']) arguments $$,
              'three targets, each in two forms');
SELECT isnt('dj_deploy.set_replica_identity(text,text,boolean)'::regprocedure::oid, 0::oid, 'the form of the specification for a schema');
SELECT isnt('dj_deploy.set_replica_identity(regclass,text,boolean)'::regprocedure::oid, 0::oid, 'and for a table');

SELECT is(prorettype::regtype::text, 'jsonb', 'result of ' || oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_replica_identity' ORDER BY oid;
SELECT is((SELECT lanname::text FROM pg_language l WHERE l.oid = prolang), 'c', 'language of ' || oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_replica_identity' ORDER BY oid;
SELECT is(provolatile::text || proparallel::text || proisstrict::text, 'vufalse', 'volatile, parallel unsafe, sees a NULL: ' || oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'set_replica_identity' ORDER BY oid;

SELECT is(pg_typeof(dj_deploy.set_replica_identity('dj_deploy'))::text, 'jsonb', 'an untyped name is a schema');
SELECT is(pg_typeof(dj_deploy.set_replica_identity('dj_deploy', 'full', true, false))::text, 'jsonb', 'also with four arguments');
SELECT is(dj_deploy.set_replica_identity(ARRAY['dj_deploy']), dj_deploy.set_replica_identity(schemas => '{dj_deploy}'),
          'an untyped array of names are schemas');
SELECT is(dj_deploy.set_replica_identity(schema => 'dj_deploy', dry_run => true), dj_deploy.set_replica_identity('dj_deploy'::text),
          'by name and by type');
SELECT results_eq($$ SELECT key, jsonb_typeof(value) FROM jsonb_each(dj_deploy.set_replica_identity('dj_deploy'))
                     ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('ddl', 'array'), ('tables_analyzed', 'number'), ('tables_modified', 'number') $$,
                  'the result has exactly the three keys of the specification');

SELECT * FROM finish();
ROLLBACK;
