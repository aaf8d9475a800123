-- The signature of schemas, and its rows.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(11);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'schemas' $$,
                  $$ VALUES ('', 'TABLE(schema_name text, owner text, is_datajoint boolean, tables bigint, hidden bigint, partitions bigint, '
                             'bytes bigint, identity text, publications text[], invalid bigint)') $$,
                  'one form, with these columns');
SELECT volatility_is('dj_deploy', 'schemas', '{}'::name[], 'volatile');
SELECT is_empty($$ SELECT a.name FROM pg_proc p, unnest(p.proargnames) AS a(name) JOIN pg_get_keywords() k ON k.word = a.name
                   WHERE p.oid = 'dj_deploy.schemas()'::regprocedure AND k.catcode = 'R' $$, 'no column is a reserved word');

CREATE SCHEMA schemas_pgtap;
CREATE TABLE schemas_pgtap.session (id int PRIMARY KEY, note text);
CREATE TABLE schemas_pgtap.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE schemas_pgtap.leaf PARTITION OF schemas_pgtap.root DEFAULT;
CREATE PUBLICATION schemas_pgtap FOR TABLE schemas_pgtap.session;
SELECT results_eq($$ SELECT owner = current_user, is_datajoint, tables, hidden, partitions, identity, 'schemas_pgtap' = ANY (publications), invalid
                     FROM dj_deploy.schemas() WHERE schema_name = 'schemas_pgtap' $$,
                  $$ VALUES (true, false, 2::bigint, 0::bigint, 1::bigint, 'default', true, 0::bigint) $$, 'a row for the schema');
SELECT results_eq($$ SELECT bytes FROM dj_deploy.schemas() WHERE schema_name = 'schemas_pgtap' $$,
                  $$ SELECT pg_total_relation_size('schemas_pgtap.session') + pg_total_relation_size('schemas_pgtap.leaf') $$,
                  'the bytes are the server''s');
SELECT is_empty($$ SELECT schema_name FROM dj_deploy.schemas() WHERE schema_name ~ '^pg_|^information_schema$|^dj_deploy$' $$,
                'none of the system''s and of the extension');
SELECT set_eq($$ SELECT s.schema_name, r.rolname FROM dj_deploy.schemas() s JOIN pg_roles r ON r.rolname = s.owner $$,
              $$ SELECT n.nspname::text, r.rolname FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
                 WHERE n.nspname !~ '^pg_|^information_schema$' AND NOT EXISTS (
                     SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e') $$,
              'all others, with names that join');

CREATE TABLE schemas_pgtap."~lineage" (id int);
SELECT is(is_datajoint, true, 'DataJoint declared it') FROM dj_deploy.schemas() WHERE schema_name = 'schemas_pgtap';
ALTER TABLE schemas_pgtap."~lineage" RENAME TO "~log";
SELECT is(is_datajoint, true, 'also if that was long ago') FROM dj_deploy.schemas() WHERE schema_name = 'schemas_pgtap';
SELECT ok('schemas_pgtap' = ANY (ARRAY(SELECT schema_name FROM dj_deploy.schemas() WHERE is_datajoint)), 'the whole lab is an array');
ALTER TABLE schemas_pgtap."~log" RENAME TO "~log2";
SELECT is(is_datajoint, false, 'no other hidden table says so') FROM dj_deploy.schemas() WHERE schema_name = 'schemas_pgtap';

SELECT * FROM finish();
ROLLBACK;
