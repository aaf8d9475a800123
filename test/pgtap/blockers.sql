-- The signature of blockers and its refusals. Whom it lists: test/specs/blockers.spec, test/t/reports.pl.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(11);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'blockers' AND proargnames[1] = 'schema' $$,
                  $$ VALUES ('schema text', 'TABLE(schema_name text, table_name text, pid integer, role text, application text, state text, age interval, '
                             'mode text, granted boolean, blocks text[])') $$,
                  'one form, with these columns');
SELECT volatility_is('dj_deploy', 'blockers', ARRAY['text'], 'volatile');
SELECT isnt_strict('dj_deploy', 'blockers', ARRAY['text'], 'a NULL reaches the function, which refuses it');

SELECT throws_ok($$ SELECT dj_deploy.blockers(NULL) $$, '22004', 'argument "schema" must not be null');
SELECT throws_ok($$ SELECT dj_deploy.blockers('') $$, '22023', 'schema name must not be empty');
SELECT throws_ok($$ SELECT dj_deploy.blockers(repeat('x', 64)) $$, '42622');
SELECT throws_ok($$ SELECT dj_deploy.blockers('nowhere') $$, '3F000', 'schema "nowhere" does not exist');
SELECT throws_ok($$ SELECT dj_deploy.blockers('pg_catalog') $$, '42501', 'permission denied: "pg_catalog" is a system schema');
SELECT throws_ok($$ SELECT dj_deploy.blockers('information_schema') $$, '42501', 'permission denied: "information_schema" is a system schema');
SELECT is_empty($$ SELECT dj_deploy.blockers('dj_deploy') $$, 'a schema without tables has no rows');

CREATE SCHEMA "blockers ""pgtap""";
CREATE TABLE "blockers ""pgtap"""."a""b" (id int);
SELECT is_empty($$ SELECT dj_deploy.blockers('blockers "pgtap"') $$, 'locks of the session itself block nothing that it does');

SELECT * FROM finish();
ROLLBACK;
