-- The signatures of reindex, which clients call by position and by name.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(4);

SELECT results_eq($$ SELECT pg_get_function_arguments(oid) FROM pg_proc
                     WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'reindex' ORDER BY 1 $$,
                  $$ VALUES ($s$IN schema text, IN dry_run boolean DEFAULT true, IN "concurrently" boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb$s$),
                            ($s$IN schemas text[], IN dry_run boolean DEFAULT true, IN "concurrently" boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb$s$),
                            ($s$IN target regclass, IN dry_run boolean DEFAULT true, IN "concurrently" boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb$s$) $$,
                  'three forms, with the same arguments but the first');
SELECT is_empty($$ SELECT oid FROM pg_proc WHERE pronamespace = 'dj_deploy'::regnamespace AND proname = 'reindex'
                   AND (prokind <> 'p' OR proisstrict) $$, 'a procedure, which a NULL reaches');

CREATE PROCEDURE pg_temp.keep(INOUT result jsonb DEFAULT NULL) LANGUAGE plpgsql AS
$$ BEGIN CALL dj_deploy.reindex('dj_deploy'::text, result => result); END $$;
SELECT lives_ok('CALL pg_temp.keep()', 'shows its plan in a transaction block');
DO $$ DECLARE result jsonb; BEGIN CALL pg_temp.keep(result); PERFORM set_config('keep.result', result::text, true); END $$;
SELECT is(current_setting('keep.result'), '{"ddl": [], "tables_analyzed": 0, "tables_modified": 0}',
          'the result has the three keys of the specification when nothing is skipped');

SELECT * FROM finish();
ROLLBACK;
