-- Which statements rollout takes: those of the shapes that the set_ functions and apply make, undo included, however they are spelled.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE SCHEMA shaped;
CREATE TABLE shaped.a (id int PRIMARY KEY, note text);
CREATE TABLE shaped.b (id int PRIMARY KEY);
CREATE SEQUENCE shaped.counter;
CREATE PUBLICATION regress_cdc;
CREATE ROLE regress_reader;

-- 'taken', or why not; a dry run.
CREATE FUNCTION pg_temp.verdict(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result jsonb;
BEGIN
    CALL dj_deploy.rollout(jsonb_build_array(statement), result => result);
    RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TEMPORARY TABLE statements (number int GENERATED ALWAYS AS IDENTITY, statement text);
PREPARE verdicts AS SELECT format('%s: %s', pg_temp.verdict(statement), statement) FROM statements ORDER BY number;

-- What is made.
INSERT INTO statements (statement) VALUES
    ('ALTER TABLE "shaped"."a" REPLICA IDENTITY FULL'),
    ('alter table shaped.a replica identity default'),
    ('ALTER TABLE "shaped"."a" REPLICA IDENTITY NOTHING'),
    ('ALTER TABLE "shaped"."a" REPLICA IDENTITY USING INDEX "a_pkey"'),
    ('ALTER TABLE "shaped"."a" SET (autovacuum_enabled = false, toast.vacuum_truncate = ''off'')'),
    ('ALTER TABLE "shaped"."a" RESET (autovacuum_analyze_threshold, toast.autovacuum_enabled)'),
    ('ALTER TABLE "shaped"."a" SET (vacuum_index_cleanup = ''auto''), RESET (log_autovacuum_min_duration)'),
    ('CREATE PUBLICATION "regress_new" WITH (publish_via_partition_root = true)'),
    ('CREATE PUBLICATION "regress_new" WITH (publish = ''insert, update'', publish_via_partition_root = true, publish_generated_columns = stored)'),
    ('CREATE PUBLICATION "regress_new"'),
    ('ALTER PUBLICATION "regress_cdc" SET (publish = ''insert, update'')'),
    ('ALTER PUBLICATION "regress_cdc" SET (publish_via_partition_root = true)'),
    ('ALTER PUBLICATION "regress_cdc" SET (publish_generated_columns = stored)'),
    ('ALTER PUBLICATION "regress_cdc" ADD TABLE "shaped"."a"'),
    ('ALTER PUBLICATION "regress_cdc" ADD TABLE ONLY "shaped"."a" ("id", "note") WHERE (id > 1)'),
    ('ALTER PUBLICATION "regress_cdc" DROP TABLE ONLY "shaped"."a"'),
    ('DROP PUBLICATION "regress_cdc"'),
    ('GRANT SELECT, INSERT ON TABLE "shaped"."a" TO "regress_reader"'),
    ('GRANT SELECT, UPDATE ("note", "id") ON TABLE "shaped"."a" TO "regress_reader" WITH GRANT OPTION'),
    ('GRANT ALL ON TABLE "shaped"."a" TO PUBLIC'),
    ('REVOKE GRANT OPTION FOR TRUNCATE ON TABLE "shaped"."a" FROM "regress_reader"'),
    ('REVOKE ALL ON SEQUENCE "shaped"."counter" FROM "regress_reader"'),
    ('GRANT USAGE ON SCHEMA "shaped" TO "regress_reader"'),
    ('REVOKE CREATE ON SCHEMA "shaped" FROM PUBLIC'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE "postgres" IN SCHEMA "shaped" GRANT SELECT ON TABLES TO "regress_reader" WITH GRANT OPTION'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE "postgres" IN SCHEMA "shaped" REVOKE ALL ON SEQUENCES FROM PUBLIC');
EXECUTE verdicts;

-- What is not.
TRUNCATE statements;
INSERT INTO statements (statement) VALUES
    ('ALTER TABLE shaped.a REPLICA IDENTITY FULL, REPLICA IDENTITY DEFAULT'),
    ('ALTER TABLE ONLY shaped.a REPLICA IDENTITY FULL'),
    ('ALTER TABLE IF EXISTS shaped.a REPLICA IDENTITY FULL'),
    ('ALTER TABLE shaped.a REPLICA IDENTITY FULL, SET (autovacuum_enabled = off)'),
    ('ALTER MATERIALIZED VIEW shaped.a SET (autovacuum_enabled = off)'),
    ('ALTER TABLE shaped.a SET (parallel_workers = 2)'),
    ('ALTER TABLE shaped.a SET (autovacuum_enabled = off, parallel_workers = 2)'),
    ('ALTER TABLE shaped.a RESET (parallel_workers)'),
    ('ALTER TABLE shaped.a SET (autovacuum_enable = off)'),
    ('ALTER TABLE shaped.a SET (tost.autovacuum_enabled = off)'),
    ('ALTER TABLE shaped.a SET (toast.autovacuum_analyze_threshold = 1)'),
    ('ALTER TABLE shaped.a SET (autovacuum_enabled = off), SET (vacuum_truncate = off)'),
    ('ALTER TABLE shaped.a RESET (autovacuum_enabled), SET (vacuum_truncate = off)'),
    ('ALTER TABLE shaped.a SET LOGGED'),
    ('CREATE PUBLICATION regress_new WITH (publish_empty = true)'),
    ('ALTER PUBLICATION regress_cdc SET (publish = ''insert'', publish_via_partition_root = false)'),
    ('ALTER PUBLICATION regress_cdc SET (publish_empty = true)'),
    ('ALTER PUBLICATION regress_cdc DROP TABLE shaped.a (id)'),
    ('ALTER PUBLICATION regress_cdc DROP TABLE shaped.a WHERE (id > 1)'),
    ('ALTER PUBLICATION regress_cdc DROP TABLE shaped.a, shaped.b'),
    ('ALTER PUBLICATION regress_cdc SET TABLE shaped.a'),
    ('ALTER PUBLICATION regress_cdc OWNER TO regress_reader'),
    ('DROP PUBLICATION regress_cdc CASCADE'),
    ('GRANT SELECT ON shaped.a TO regress_reader, regress_other'),
    ('GRANT SELECT ON shaped.a TO CURRENT_USER'),
    ('GRANT SELECT ON shaped.a TO regress_reader GRANTED BY regress_reader'),
    ('REVOKE SELECT ON shaped.a FROM regress_reader CASCADE'),
    ('REVOKE SELECT (id) ON shaped.a FROM regress_reader'),
    ('REVOKE USAGE ON SCHEMA shaped FROM regress_reader CASCADE'),
    ('REVOKE USAGE ON SCHEMA shaped, public FROM regress_reader'),
    ('GRANT USAGE ON TYPE shaped.a TO regress_reader'),
    ('GRANT SELECT ON ALL SEQUENCES IN SCHEMA shaped TO regress_reader'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO regress_reader'),
    ('ALTER DEFAULT PRIVILEGES IN SCHEMA shaped GRANT SELECT ON TABLES TO regress_reader'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE postgres, regress_reader IN SCHEMA shaped GRANT SELECT ON TABLES TO regress_reader'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA shaped, public GRANT SELECT ON TABLES TO regress_reader'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA shaped GRANT EXECUTE ON FUNCTIONS TO regress_reader'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA shaped REVOKE SELECT ON TABLES FROM regress_reader CASCADE'),
    ('VACUUM (ANALYZE) "shaped"."a"'),
    ('REINDEX TABLE "shaped"."a"');
EXECUTE verdicts;

-- What is refused is so before anything is executed.
CALL dj_deploy.rollout('["ALTER TABLE shaped.a REPLICA IDENTITY FULL", "DROP PUBLICATION regress_cdc CASCADE"]', false);
\echo :SQLSTATE
SELECT relreplident FROM pg_class WHERE oid = 'shaped.a'::regclass;

DROP SCHEMA shaped CASCADE;
DROP PUBLICATION regress_cdc;
DROP ROLE regress_reader;
