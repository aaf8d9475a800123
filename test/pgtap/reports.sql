-- What all reports have in common: no name of a column or argument has to be quoted, and schema_name and table_name, which each
-- has that is about tables, are those of pg_class.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT no_plan();

-- R: reserved; T: can be a function or type, and so an argument's name, but no column's; C: can be a column's, but no argument's.
PREPARE reserved AS
    SELECT p.oid::regprocedure, a.name
    FROM pg_catalog.pg_proc p
    CROSS JOIN LATERAL unnest(p.proargnames, COALESCE(p.proargmodes, array_fill('i'::"char", ARRAY[p.pronargs]))) AS a(name, mode)
    JOIN pg_catalog.pg_get_keywords() k ON k.word = a.name
    WHERE p.pronamespace = 'dj_deploy'::regnamespace
      AND (k.catcode = 'R' OR k.catcode = CASE WHEN a.mode IN ('o', 't', 'b') THEN 'T' ELSE 'C' END);
SELECT is_empty('reserved', 'no column and no argument has a reserved name');
CREATE FUNCTION dj_deploy.reserved("table" int, OUT "check" int, OUT "left" int) LANGUAGE sql AS 'SELECT 1, 1';
SELECT is(count(*), 3::bigint, 'one that had would be found') FROM pg_catalog.pg_proc p
CROSS JOIN LATERAL unnest(p.proargnames, p.proargmodes) AS a(name, mode)
JOIN pg_catalog.pg_get_keywords() k ON k.word = a.name
WHERE p.proname = 'reserved' AND (k.catcode = 'R' OR k.catcode = CASE WHEN a.mode IN ('o', 't', 'b') THEN 'T' ELSE 'C' END);
DROP FUNCTION dj_deploy.reserved;

SELECT results_eq($$ SELECT proname::text FROM pg_catalog.pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proretset
                       AND NOT (proargnames @> '{schema_name}' AND (proname = 'schemas' OR proargnames @> '{table_name}')) $$,
                  ARRAY[]::text[], 'each report has schema_name and table_name');
SELECT results_eq($$ SELECT DISTINCT proname::text FROM pg_catalog.pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proretset AND proargnames @> '{name}' $$,
                  ARRAY[]::text[], 'and none has a name of another kind');

CREATE SCHEMA "reports ""pgtap""";
CREATE TABLE "reports ""pgtap"""."a""B." (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE "reports ""pgtap"""."~leaf" PARTITION OF "reports ""pgtap"""."a""B." DEFAULT;
CREATE UNLOGGED TABLE "reports ""pgtap"""."Unlogged" (id int PRIMARY KEY);
CREATE ROLE regress_reports;
PREPARE document AS SELECT jsonb_build_object('version', 1, 'publications', '{"reports \"pgtap\"": {}}'::jsonb, 'schemas',
    '{"reports \"pgtap\"": {"replica_identity": "full", "publications": ["reports \"pgtap\""], "grants": {"regress_reports": "read"}}}'::jsonb);
CREATE TEMPORARY TABLE document (document) AS EXECUTE document;

SET LOCAL client_min_messages = error;
CREATE TEMPORARY TABLE reported (report, schema_name, table_name) AS
    SELECT 'tables', schema_name, table_name FROM dj_deploy.tables('reports "pgtap"')
    UNION ALL SELECT 'check_cdc', schema_name, table_name FROM dj_deploy.check_cdc('reports "pgtap"', consumer => 'lakehouse_sync')
    UNION ALL SELECT 'wal_forecast', schema_name, table_name FROM dj_deploy.wal_forecast('reports "pgtap"')
    UNION ALL SELECT 'drift', schema_name, table_name FROM document, dj_deploy.drift(document)
    UNION ALL SELECT 'changes', c ->> 'schema_name', c ->> 'table_name'
    FROM document, jsonb_array_elements(dj_deploy.apply(document) -> 'changes') c
    UNION ALL SELECT 'skipped', s ->> 'schema_name', s ->> 'table_name'
    FROM document, jsonb_array_elements(dj_deploy.apply(document) -> 'skipped') s;
SELECT is_empty($$ SELECT r.* FROM reported r
                   LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = r.schema_name
                   LEFT JOIN pg_catalog.pg_class c ON c.relname = r.table_name AND c.relnamespace = n.oid
                   WHERE r.schema_name IS NOT NULL AND n.oid IS NULL OR r.table_name IS NOT NULL AND c.oid IS NULL $$,
                'what they name is in pg_class under that name');
SELECT bag_eq($$ SELECT report, bool_or(table_name IS NOT NULL) FROM reported GROUP BY report $$,
              $$ VALUES ('tables', true), ('check_cdc', true), ('wal_forecast', true), ('drift', true), ('changes', true), ('skipped', true) $$,
              'each of them names tables');
SELECT is(count(*), 1::bigint, 'so they are joined with each other') FROM document
CROSS JOIN dj_deploy.drift(document) d
JOIN dj_deploy.tables('reports "pgtap"') t USING (schema_name, table_name)
JOIN dj_deploy.wal_forecast('reports "pgtap"') f USING (schema_name, table_name)
WHERE d.property = 'replica_identity' AND table_name = 'Unlogged';

CREATE ROLE "regress ""reports""";
ALTER TABLE "reports ""pgtap"""."a""B." OWNER TO "regress ""reports""";
ALTER TABLE "reports ""pgtap"""."a""B." RENAME id TO "I""d";
CREATE PUBLICATION "reports ""pgtap""" FOR TABLE "reports ""pgtap"""."a""B.";
SELECT results_eq($$ SELECT owner, primary_key, publications FROM dj_deploy.tables('reports "pgtap"') WHERE table_name = 'a"B.' $$,
                  $$ VALUES ('regress "reports"', ARRAY['I"d'], ARRAY['reports "pgtap"']) $$,
                  'other columns of names have them bare, too');

-- Each report about a schema has a form for several.
PREPARE forms AS
    SELECT p.proname::text, pg_get_function_result(p.oid), p.prosrc, p.provolatile, p.proisstrict, p.proparallel, p.proconfig,
           regexp_replace(pg_get_function_arguments(p.oid), '^schemas text\[\]', 'schema text')
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'dj_deploy'::regnamespace AND p.proretset AND p.proargnames[1] = $1;
SELECT bag_eq($$ EXECUTE forms('schema') $$, $$ EXECUTE forms('schemas') $$, 'the forms for a schema and for several are the same');
SELECT results_eq($$ SELECT DISTINCT proname::text COLLATE "C" FROM pg_catalog.pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proretset AND proargnames[1] = 'schemas' ORDER BY 1 $$,
                  $$ VALUES ('blockers' COLLATE "C"), ('check_cdc'), ('tables'), ('wal_forecast') $$, 'of all four');
SELECT throws_ok(format('SELECT dj_deploy.%I(%s)', report, argument), state, message, report || ' of ' || argument)
FROM unnest('{blockers,check_cdc,tables,wal_forecast}'::text[]) report,
     (VALUES ($$'{}'::text[]$$, '22023', 'schemas must not be empty'),
             ($$NULL::text[]$$, '22004', 'argument "schemas" must not be null'),
             ($$ARRAY['reports "pgtap"', NULL]$$, '22004', 'argument "schemas" must not contain null'),
             ($$ARRAY['reports "pgtap"', '']$$, '22023', 'schema name must not be empty'),
             ($$ARRAY['reports "pgtap"', 'nowhere']$$, '3F000', 'schema "nowhere" does not exist'),
             ($$ARRAY['reports "pgtap"', 'pg_catalog']$$, '42501', 'permission denied: "pg_catalog" is a system schema'),
             ($$ARRAY[repeat('x', 64)]$$, '42622', NULL)) refusal(argument, state, message);
SELECT * FROM finish();
ROLLBACK;
