-- The signatures of what reads the environment document, and the shapes of the results.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(17);

SELECT is(string_agg(format('%s(%s) %s', proname, pg_get_function_arguments(oid), pg_get_function_result(oid)), E'\n' ORDER BY proname),
'apply(environment jsonb, dry_run boolean DEFAULT true, expected_fingerprint text DEFAULT NULL::text) jsonb
assert_converged(environment jsonb) void
describe(VARIADIC schemas text[]) jsonb
drift(environment jsonb) TABLE(schema_name text, table_name text, object text, property text, old_value text, new_value text, reason text)', 'one form each')
FROM pg_proc WHERE pronamespace = 'dj_deploy'::regnamespace AND proname IN ('apply', 'assert_converged', 'describe', 'drift');
SELECT is(bool_or(proisstrict), false, 'a NULL reaches the functions, which refuse it')
FROM pg_proc WHERE pronamespace = 'dj_deploy'::regnamespace AND proname IN ('apply', 'assert_converged', 'describe', 'drift');

CREATE SCHEMA regress_environment;
CREATE TABLE regress_environment.t (id int PRIMARY KEY);
SELECT results_eq($$ SELECT key, jsonb_typeof(value) FROM jsonb_each(dj_deploy.describe('regress_environment')) ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('schemas', 'object'), ('version', 'number') $$, 'a document has a version and schemas');
PREPARE result AS SELECT dj_deploy.apply('{"version": 1, "schemas": {"regress_environment": {"replica_identity": "full"}}}');
CREATE TEMPORARY TABLE result AS EXECUTE result;
SELECT results_eq($$ SELECT key, jsonb_typeof(value) FROM result, jsonb_each(apply) ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('changes', 'array'), ('ddl', 'array'), ('fingerprint', 'string'), ('tables_analyzed', 'number'),
                            ('tables_modified', 'number') $$,
                  'the result has the three keys of the specification, changes and fingerprint when nothing is skipped');
SELECT results_eq($$ SELECT key FROM result, jsonb_each(apply #> '{changes,0}') ORDER BY key COLLATE "C" $$,
                  $$ VALUES ('ddl'), ('lock'), ('new_value'), ('old_value'), ('property'), ('schema_name'), ('table_name'), ('undo') $$,
                  'a change of a table has eight keys');
SELECT matches(apply ->> 'fingerprint', '^[0-9a-f]{64}$', 'a fingerprint is a SHA-256') FROM result;
SELECT is(apply #>> '{changes,0,lock}', 'AccessExclusiveLock', 'a lock is named as in pg_locks') FROM result;
SELECT throws_ok($$ SELECT dj_deploy.assert_converged('{"version": 1, "schemas": {"regress_environment": {"replica_identity": "full"}}}') $$,
                 '55000', 'environment has drifted: 1 difference', 'assert_converged raises');
SELECT lives_ok($$ SELECT dj_deploy.assert_converged(dj_deploy.describe('regress_environment')) $$, 'and is silent when all is well');
SELECT is(count(*), 1::bigint, 'drift has a row for each difference')
FROM dj_deploy.drift('{"version": 1, "schemas": {"regress_environment": {"replica_identity": "full"}}}');

-- Patterns, coverage and grants of one table.
CREATE ROLE regress_environment_reader;
CREATE FUNCTION pg_temp.document() RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb '{"version": 1, "require_coverage": true, "schema_patterns": {"regress_env*": {"replica_identity": "full",
        "grants": {"regress_environment_reader": "write"}, "tables": {"t": {"grants": {"regress_environment_reader": "read"}}}}}}' $$;
SELECT lives_ok($$ SELECT dj_deploy.apply(pg_temp.document(), false) $$, 'a document with patterns is applied');
SELECT ok(has_table_privilege('regress_environment_reader', 'regress_environment.t', 'SELECT')
          AND NOT has_table_privilege('regress_environment_reader', 'regress_environment.t', 'INSERT'), 'what is said of a table counts there');
SELECT lives_ok($$ SELECT dj_deploy.assert_converged(pg_temp.document()) $$, 'then all is well');
CREATE SCHEMA regress_environment_next;
CREATE TABLE regress_environment_next.t (id int PRIMARY KEY);
SELECT throws_ok($$ SELECT dj_deploy.assert_converged(pg_temp.document()) $$, '55000', 'environment has drifted: 3 differences',
                 'until a schema comes that matches');
SELECT lives_ok($$ SELECT dj_deploy.apply(pg_temp.document(), false) $$, 'which the next call covers');
CREATE SCHEMA regress_uncovered;
CREATE TABLE regress_uncovered."~log" (id int);
SELECT results_eq($$ SELECT schema_name, property FROM dj_deploy.drift(pg_temp.document()) $$, $$ VALUES ('regress_uncovered', 'coverage') $$,
                  'a schema that DataJoint has declared and that nothing covers is a difference');
SELECT throws_ok($$ SELECT dj_deploy.drift(jsonb_set(pg_temp.document(), '{schema_patterns,*_next}', '{"replica_identity": "default"}')) $$, '22023',
                 'invalid environment: schema patterns "*_next" and "regress_env*" contradict each other about schema "regress_environment_next"',
                 'patterns must not contradict each other');

SELECT * FROM finish();
ROLLBACK;
