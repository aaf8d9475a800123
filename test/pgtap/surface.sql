-- The whole surface: what there is in schema dj_deploy, with its arguments, and nothing else.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
SELECT plan(2);

SELECT set_eq($$ SELECT format('%s(%s)', proname, pg_get_function_arguments(oid)) FROM pg_proc
                 WHERE pronamespace = 'dj_deploy'::regnamespace $$,
              $surface$ VALUES
                  ('apply(environment jsonb, dry_run boolean DEFAULT true, expected_fingerprint text DEFAULT NULL::text)'),
                  ('assert_converged(environment jsonb)'),
                  ('blockers(schema text)'),
                  ('blockers(schemas text[])'),
                  ('check_cdc(schema text, publication text DEFAULT NULL::text, consumer text DEFAULT ''any''::text)'),
                  ('check_cdc(schemas text[], publication text DEFAULT NULL::text, consumer text DEFAULT ''any''::text)'),
                  ('describe(VARIADIC schemas text[])'),
                  ('drift(environment jsonb)'),
                  ('reindex(IN schema text, IN dry_run boolean DEFAULT true, IN "concurrently" boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb)'),
                  ('reindex(IN schemas text[], IN dry_run boolean DEFAULT true, IN "concurrently" boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb)'),
                  ('reindex(IN target regclass, IN dry_run boolean DEFAULT true, IN "concurrently" boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb)'),
                  ('rollout(IN plan jsonb, IN dry_run boolean DEFAULT true, IN max_wait interval DEFAULT ''00:10:00''::interval, INOUT result jsonb DEFAULT NULL::jsonb)'),
                  ('schemas()'),
                  ('set_autovacuum(schema text, parameters jsonb, dry_run boolean DEFAULT true)'),
                  ('set_autovacuum(schemas text[], parameters jsonb, dry_run boolean DEFAULT true)'),
                  ('set_autovacuum(target regclass, parameters jsonb, dry_run boolean DEFAULT true)'),
                  ('set_grants(schema text, role text, access text, dry_run boolean DEFAULT true, future_tables boolean DEFAULT false)'),
                  ('set_grants(schemas text[], role text, access text, dry_run boolean DEFAULT true, future_tables boolean DEFAULT false)'),
                  ('set_grants(target regclass, role text, access text, dry_run boolean DEFAULT true)'),
                  ('set_publication_membership(schema text, publication text, dry_run boolean DEFAULT true, member boolean DEFAULT true)'),
                  ('set_publication_membership(schemas text[], publication text, dry_run boolean DEFAULT true, member boolean DEFAULT true)'),
                  ('set_publication_membership(target regclass, publication text, dry_run boolean DEFAULT true, member boolean DEFAULT true)'),
                  ('set_replica_identity(schema text, mode text DEFAULT ''full''::text, dry_run boolean DEFAULT true)'),
                  ('set_replica_identity(schema text, mode text, dry_run boolean, skip_unchanged boolean)'),
                  ('set_replica_identity(schemas text[], mode text DEFAULT ''full''::text, dry_run boolean DEFAULT true)'),
                  ('set_replica_identity(schemas text[], mode text, dry_run boolean, skip_unchanged boolean)'),
                  ('set_replica_identity(target regclass, mode text DEFAULT ''full''::text, dry_run boolean DEFAULT true)'),
                  ('set_replica_identity(target regclass, mode text, dry_run boolean, skip_unchanged boolean)'),
                  ('show(result jsonb)'),
                  ('tables(schema text)'),
                  ('tables(schemas text[])'),
                  ('vacuum_analyze(IN schema text, IN dry_run boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb)'),
                  ('vacuum_analyze(IN schemas text[], IN dry_run boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb)'),
                  ('vacuum_analyze(IN target regclass, IN dry_run boolean DEFAULT true, IN jobs integer DEFAULT 1, INOUT result jsonb DEFAULT NULL::jsonb)'),
                  ('wal_forecast(schema text)'),
                  ('wal_forecast(schemas text[])') $surface$,
              'functions and procedures');
SELECT is_empty($$ SELECT relname FROM pg_class WHERE relnamespace = 'dj_deploy'::regnamespace
                   UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'dj_deploy'::regnamespace $$,
                'no tables, views or types');

SELECT * FROM finish();
ROLLBACK;
