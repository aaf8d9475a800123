-- The example of README.md, on the real fixture. script/lint compares the README with the expected output.
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixture :abs_srcdir '/fixtures/pipeline.sql'
\set ECHO none
\o /dev/null
\i :fixture
\o
RESET search_path;
RESET client_min_messages;
\set ECHO queries
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('analysis') -> 'ddl') AS ddl;
\pset tuples_only
SELECT dj_deploy.set_replica_identity('analysis', dry_run => false) - 'ddl' AS result;
SELECT dj_deploy.set_replica_identity('analysis', 'full', dry_run => false, skip_unchanged => true) AS result;
\set ECHO none
SET client_min_messages = warning;
DROP SCHEMA analysis, ephys, behavior, lab CASCADE;
