-- The example of README.md, on the real fixture. script/lint compares the README with the expected output.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixture :abs_srcdir '/fixtures/pipeline.sql'
\set ECHO none
\o /dev/null
\i :fixture
\o
RESET search_path;
RESET client_min_messages;
\set ECHO all
SELECT severity, finding, remedy FROM dj_deploy.check_cdc('analysis', consumer => 'lakehouse_sync') WHERE severity = 'error' AND schema_name = 'analysis' \gx
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('analysis') -> 'ddl') AS ddl;
SELECT dj_deploy.set_replica_identity('analysis', dry_run => false) - 'ddl' AS result;
SELECT severity, finding, remedy FROM dj_deploy.check_cdc('analysis', consumer => 'lakehouse_sync') WHERE severity = 'error' AND schema_name = 'analysis' \gx
\set ECHO none
SET client_min_messages = warning;
DROP SCHEMA analysis, ephys, behavior, lab CASCADE;
