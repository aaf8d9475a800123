-- Facts that hold for whatever the extension contains, on every version.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(20);

-- The functions and procedures of the schema.
CREATE VIEW pg_temp.routine AS
    SELECT p.*, p.oid::regprocedure::text AS signature FROM pg_proc p WHERE pronamespace = 'dj_deploy'::regnamespace;

SELECT has_extension('datajoint_deploy');
SELECT is(extversion, default_version, 'the newest version is installed')
FROM pg_extension JOIN pg_available_extensions ON name = extname WHERE extname = 'datajoint_deploy';
SELECT ok(bool_and(trusted), 'every version is trusted, so that a database owner can install it')
FROM pg_available_extension_versions WHERE name = 'datajoint_deploy';
SELECT ok(NOT relocatable AND schema = 'pg_catalog', 'it makes its own schema and cannot be moved')
FROM pg_available_extension_versions WHERE name = 'datajoint_deploy' AND installed;

SELECT has_schema('dj_deploy');
SELECT isnt(coalesce(obj_description('dj_deploy'::regnamespace, 'pg_namespace'), ''), '', 'the schema has a comment');
SELECT results_eq($$ SELECT grantee, privilege_type, is_grantable FROM pg_namespace, aclexplode(nspacl)
                     WHERE nspname = 'dj_deploy' AND grantee <> nspowner $$,
                  $$ VALUES (0::oid, 'USAGE', false) $$, 'PUBLIC may use the schema; nobody but its owner may do more');
SELECT is(nspowner, extowner, 'the schema belongs to the owner of the extension') FROM pg_namespace, pg_extension
WHERE nspname = 'dj_deploy' AND extname = 'datajoint_deploy';

SELECT results_eq($$ SELECT DISTINCT classid::regclass::text FROM pg_depend
                     WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
                       AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'datajoint_deploy') ORDER BY 1 $$,
                  $$ VALUES ('pg_namespace'), ('pg_proc') $$, 'the extension is one schema and its functions, no tables');
SELECT set_eq($$ SELECT objid FROM pg_depend WHERE classid = 'pg_proc'::regclass AND deptype = 'e'
                 AND refclassid = 'pg_extension'::regclass
                   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'datajoint_deploy') $$,
              'SELECT oid FROM pg_temp.routine', 'all functions of the schema, and only they, belong to the extension');

SELECT is_empty($$ SELECT signature FROM pg_temp.routine WHERE coalesce(obj_description(oid, 'pg_proc'), '') = '' $$,
                'every function has a comment');
SELECT is_empty('SELECT signature FROM pg_temp.routine WHERE prosecdef OR proconfig IS NOT NULL',
                'none is SECURITY DEFINER or has settings of its own');
SELECT is_empty($$ SELECT signature FROM pg_temp.routine WHERE NOT has_function_privilege('public', oid, 'EXECUTE') $$,
                'PUBLIC may call every one');
SELECT is_empty($$ SELECT signature FROM pg_temp.routine WHERE proparallel <> 'u' $$,
                'none runs in a parallel worker');
SELECT is_empty($$ SELECT signature FROM pg_temp.routine WHERE 'dry_run' = ANY (proargnames)
                   AND NOT pg_get_function_arguments(oid) ~ '\mdry_run boolean DEFAULT true\M' AND pronargdefaults > 0 $$,
                'a dry run is the default wherever there is one, or has to be said');
SELECT is_empty($$ SELECT signature FROM pg_temp.routine WHERE 'dry_run' = ANY (proargnames)
                   AND pg_get_function_arguments(oid) ~ 'DEFAULT.*dry_run' AND proname <> 'set_replica_identity' $$,
                'options come after dry_run');
SELECT is_empty($$ SELECT signature FROM pg_temp.routine
                   WHERE proargnames && '{schema,schemas,target}' AND NOT proargnames[1:1] <@ '{schema,schemas,target}' $$,
                'the target comes first');

-- Any call loads the library and with it the settings.
SELECT lives_ok($$ SELECT dj_deploy.set_replica_identity('dj_deploy') $$);
SELECT results_eq($$ SELECT setting, unit, context, boot_val FROM pg_settings WHERE name = 'dj_deploy.lock_timeout' $$,
                  $$ VALUES ('5000', 'ms', 'user', '5000') $$, 'dj_deploy.lock_timeout is 5s and anyone may change it');
SELECT throws_ok('SET dj_deploy.lock_timeuot = 1', '42602', NULL, 'a misspelt setting is an error');

SELECT * FROM finish();
ROLLBACK;
