-- rollout executes a plan statement by statement, each in a transaction of its own. What others do meanwhile is in
-- test/t/rollout_queue.pl and test/t/rollout.pl.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_superuser SUPERUSER;
SET SESSION AUTHORIZATION regress_superuser;
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
CREATE ROLE regress_reader;
CREATE SCHEMA rolled;
CREATE TABLE rolled.a (id int PRIMARY KEY, note text);
CREATE TABLE rolled.b (id int PRIMARY KEY REFERENCES rolled.a);
CREATE TABLE rolled."~log" (id int);
CREATE SEQUENCE rolled.counter;
CREATE TABLE rolled.canary (id int);
RESET client_min_messages;
PREPARE show_identities AS
    SELECT string_agg(format('%s %s', relname, relreplident), ', ' ORDER BY relname COLLATE "C") FROM pg_class
    WHERE relnamespace = 'rolled'::regnamespace AND relkind = 'r';

-- The dry run shows the plan as it is; a run executes it. Both forms of a plan: the result of a call, and its array.
SELECT dj_deploy.set_replica_identity('rolled') AS plan \gset
CALL dj_deploy.rollout(:'plan');
EXECUTE show_identities;
CALL dj_deploy.rollout(dj_deploy.set_replica_identity('rolled'), dry_run => false);
EXECUTE show_identities;
SELECT dj_deploy.set_replica_identity('rolled', 'default') -> 'ddl' AS plan \gset
CALL dj_deploy.rollout(:'plan');
CALL dj_deploy.rollout(:'plan', false, '0');
EXECUTE show_identities;
CALL dj_deploy.rollout('[]');
CALL dj_deploy.rollout('{"ddl": [], "skipped": 1}', false);

-- Each statement has a transaction of its own.
CREATE FUNCTION rolled.count_transaction() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rolled.canary VALUES (pg_current_xact_id()::text::int);
END $$;
CREATE EVENT TRIGGER rolled_count ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION rolled.count_transaction();
CALL dj_deploy.rollout(dj_deploy.set_replica_identity('rolled'), false);
DROP EVENT TRIGGER rolled_count;
SELECT count(*), count(DISTINCT id) FROM rolled.canary;

-- All four operations: what rollout executes is what their own run would do, and a second plan is empty.
CALL dj_deploy.rollout(dj_deploy.set_replica_identity('rolled', 'full', dry_run => true, skip_unchanged => true), false);
CREATE PROCEDURE rolled.converge(INOUT plan jsonb, again text) LANGUAGE plpgsql AS $$
DECLARE
    statements jsonb = plan -> 'ddl';
BEGIN
    CALL dj_deploy.rollout(plan, false, result => plan);
    IF plan -> 'ddl' <> statements THEN RAISE 'it executed %', plan; END IF;
    EXECUTE 'SELECT ' || again INTO statements;
    IF statements -> 'ddl' <> '[]' THEN RAISE 'left to do: %', statements; END IF;
END $$;
CALL rolled.converge(dj_deploy.set_publication_membership('rolled', 'regress_cdc'),
                     $$dj_deploy.set_publication_membership('rolled', 'regress_cdc')$$);
CALL rolled.converge(dj_deploy.set_autovacuum('rolled', '{"autovacuum_enabled": false, "toast.vacuum_truncate": "off"}'),
                     $$dj_deploy.set_autovacuum('rolled', '{"autovacuum_enabled": false, "toast.vacuum_truncate": "off"}')$$);
CALL rolled.converge(dj_deploy.set_grants('rolled', 'regress_reader', 'write', future_tables => true),
                     $$dj_deploy.set_grants('rolled', 'regress_reader', 'write', future_tables => true)$$);
CALL rolled.converge(dj_deploy.set_publication_membership('rolled', 'regress_cdc', member => false),
                     $$dj_deploy.set_publication_membership('rolled', 'regress_cdc', member => false)$$);
CALL rolled.converge(dj_deploy.set_autovacuum('rolled', '{"autovacuum_enabled": null, "toast.vacuum_truncate": null}'),
                     $$dj_deploy.set_autovacuum('rolled', '{"autovacuum_enabled": null, "toast.vacuum_truncate": null}')$$);
CALL rolled.converge(dj_deploy.set_grants('rolled', 'regress_reader', 'none', future_tables => true),
                     $$dj_deploy.set_grants('rolled', 'regress_reader', 'none', future_tables => true)$$);
CALL rolled.converge(dj_deploy.set_replica_identity('rolled', 'default'),
                     $$dj_deploy.set_replica_identity('rolled', 'default', dry_run => true, skip_unchanged => true)$$);
EXECUTE show_identities;
-- A single failure is raised as it was, long after the statement: with the query that its position is in.
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc ADD TABLE rolled.canary WHERE (nope > 1)",
                         "ALTER TABLE rolled.a REPLICA IDENTITY DEFAULT", "ALTER TABLE rolled.b REPLICA IDENTITY DEFAULT"]', false);
DROP PUBLICATION regress_cdc;

-- What a kept plan would do to writes and consumers is told: lists, filters, and what comes along without ONLY.
CREATE SCHEMA rolled_other;
CREATE TABLE rolled_other."full" (id int PRIMARY KEY, note text);
CREATE TABLE rolled_other."key" (id int PRIMARY KEY, note text);
CREATE TABLE rolled_other.root (id int) PARTITION BY RANGE (id);
CREATE TABLE rolled_other.leaf PARTITION OF rolled_other.root DEFAULT;
CREATE TABLE rolled_other.heir (PRIMARY KEY (id) DEFERRABLE) INHERITS (rolled_other."key");
ALTER TABLE rolled_other."full" REPLICA IDENTITY FULL;
ALTER TABLE rolled_other.leaf REPLICA IDENTITY FULL;
SET client_min_messages = error;
CREATE PUBLICATION regress_cdc;
CREATE PUBLICATION regress_narrow FOR TABLE ONLY rolled_other."full" (id) WITH (publish = 'insert');
RESET client_min_messages;
CREATE FUNCTION pg_temp.adds(entry text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_array('ALTER PUBLICATION regress_cdc ADD TABLE ' || entry)
$$;
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."full"'));
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."full" (id)'));
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."full" WHERE (note > $$$$)'));
CALL dj_deploy.rollout(pg_temp.adds('rolled_other.leaf (id)'));
CALL dj_deploy.rollout(pg_temp.adds('rolled_other.root (id)'));
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."key" (note)'));
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."key" (id)'));
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."key" WHERE (id > 1 AND "key".note IS NOT NULL)'));
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."key" WHERE ("key".id + 1 > 3)'));
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."key"'));
CALL dj_deploy.rollout(pg_temp.adds('rolled_other."key"'));
-- What becomes of what is published already, and of two publications that publish the same.
CREATE TABLE rolled_other.by_index (id int PRIMARY KEY, code int NOT NULL UNIQUE, note text);
ALTER TABLE rolled_other.by_index REPLICA IDENTITY USING INDEX by_index_code_key;
ALTER PUBLICATION regress_cdc SET TABLE ONLY rolled_other."full";
ALTER PUBLICATION regress_narrow SET TABLE ONLY rolled_other."key" (id), rolled_other.by_index WHERE (note > '');
ALTER PUBLICATION regress_narrow SET (publish = 'update');
CREATE FUNCTION pg_temp.plan(VARIADIC statements text[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT to_jsonb($1) $$;
SELECT 'ALTER PUBLICATION regress_cdc DROP TABLE ONLY rolled_other."full"' AS leaves,
       'ALTER TABLE rolled_other."full" REPLICA IDENTITY DEFAULT' AS identity \gset
CALL dj_deploy.rollout(pg_temp.plan(:'identity'));
CALL dj_deploy.rollout(pg_temp.plan(:'leaves', :'identity'));
CALL dj_deploy.rollout(pg_temp.plan('ALTER PUBLICATION regress_cdc SET (publish = ''insert'')', :'identity'));
CALL dj_deploy.rollout(pg_temp.plan(:'leaves', 'ALTER PUBLICATION regress_cdc ADD TABLE ONLY rolled_other."full" WHERE (id > 1)'));
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."key" (id, note)'));
ALTER PUBLICATION regress_cdc SET TABLE ONLY rolled_other.by_index;
ALTER PUBLICATION regress_cdc SET (publish = 'insert, delete');
CALL dj_deploy.rollout(pg_temp.plan('ALTER TABLE rolled_other.by_index REPLICA IDENTITY DEFAULT'));
ALTER PUBLICATION regress_narrow SET TABLE ONLY rolled_other."full";
CALL dj_deploy.rollout(pg_temp.adds('ONLY rolled_other."full" WHERE (id > 1)'));
-- Nobody has received this one.
CALL dj_deploy.rollout(pg_temp.plan('ALTER PUBLICATION regress_cdc ADD TABLE ONLY rolled_other."key"',
                                    'ALTER PUBLICATION regress_narrow ADD TABLE ONLY rolled_other."key" (id)'));
DROP PUBLICATION regress_cdc, regress_narrow;
CREATE PUBLICATION regress_cdc FOR TABLES IN SCHEMA rolled_other;
CREATE PUBLICATION regress_narrow FOR TABLES IN SCHEMA rolled_other;
CALL dj_deploy.rollout(pg_temp.plan('ALTER PUBLICATION regress_cdc SET (publish_via_partition_root = true)'));
DROP PUBLICATION regress_cdc, regress_narrow;
DROP FUNCTION pg_temp.adds, pg_temp.plan;
SET client_min_messages = warning;
DROP SCHEMA rolled_other CASCADE;
RESET client_min_messages;

-- Statements about the same table keep their order.
CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY FULL", "GRANT SELECT ON rolled.a TO regress_reader",
                         "ALTER TABLE rolled.a REPLICA IDENTITY NOTHING", "REVOKE ALL ON rolled.a FROM regress_reader",
                         "ALTER TABLE rolled.a REPLICA IDENTITY DEFAULT", "GRANT SELECT ON rolled.a TO regress_reader"]', false);
EXECUTE show_identities;
SELECT has_table_privilege('regress_reader', 'rolled.a', 'SELECT');

-- What is no plan.
CALL dj_deploy.rollout(NULL); \echo :SQLSTATE
CALL dj_deploy.rollout('3'); \echo :SQLSTATE
CALL dj_deploy.rollout('"ALTER TABLE rolled.a REPLICA IDENTITY FULL"'); \echo :SQLSTATE
CALL dj_deploy.rollout('{}'); \echo :SQLSTATE
CALL dj_deploy.rollout('{"ddl": {}}'); \echo :SQLSTATE
CALL dj_deploy.rollout('{"ddl": null}'); \echo :SQLSTATE
CALL dj_deploy.rollout('[1]'); \echo :SQLSTATE
CALL dj_deploy.rollout('{"ddl": ["ALTER TABLE rolled.a REPLICA IDENTITY FULL", null]}', false); \echo :SQLSTATE
CALL dj_deploy.rollout('[[]]'); \echo :SQLSTATE

-- What is not one statement, or no statement.
CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY FULL; DROP TABLE rolled.canary"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY FULL", ""]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["-- nothing"]'); \echo :SQLSTATE
CALL dj_deploy.rollout('{"ddl": ["ALTER TABLE rolled.a REPLICA IDENTITY FULL", "ALTER TABLE rolled.b\nREPLICA IDENTITY FUL L"]}', false); \echo :SQLSTATE

-- Other kinds of statement than those that the operations produce.
CALL dj_deploy.rollout('["SELECT 1"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["DROP TABLE rolled.canary"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER TABLE rolled.a ADD COLUMN more int"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY FULL, DROP COLUMN note"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER TABLE rolled.a OWNER TO regress_owner"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER INDEX rolled.a_pkey SET (fillfactor = 50)"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_default"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["GRANT regress_owner TO regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["GRANT SELECT ON ALL TABLES IN SCHEMA rolled TO regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["GRANT SELECT ON rolled.a, rolled.b TO regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["GRANT CREATE ON DATABASE postgres TO regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["GRANT EXECUTE ON FUNCTION rolled.count_transaction() TO regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["CREATE PUBLICATION regress_cdc FOR ALL TABLES"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["CREATE PUBLICATION regress_cdc FOR TABLE rolled.a"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["CREATE PUBLICATION regress_cdc FOR TABLES IN SCHEMA rolled"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc ADD TABLE rolled.a, rolled.b"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc ADD TABLES IN SCHEMA rolled"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc SET TABLE rolled.a"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["DROP PUBLICATION IF EXISTS regress_cdc"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["DROP PUBLICATION regress_cdc, regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["DROP SCHEMA rolled"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc RENAME TO regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["VACUUM rolled.a"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["BEGIN"]', false); \echo :SQLSTATE

-- Names that depend on the search path.
SET search_path = rolled;
CALL dj_deploy.rollout('["ALTER TABLE a REPLICA IDENTITY FULL"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc ADD TABLE a"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["GRANT SELECT ON a TO regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["GRANT USAGE ON SEQUENCE counter TO regress_other"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER TABLE elsewhere.rolled.a REPLICA IDENTITY FULL"]', false); \echo :SQLSTATE
RESET search_path;

-- The other arguments.
CALL dj_deploy.rollout('[]', NULL); \echo :SQLSTATE
CALL dj_deploy.rollout('[]', max_wait => NULL); \echo :SQLSTATE
CALL dj_deploy.rollout('[]', max_wait => '-1 second'); \echo :SQLSTATE
CALL dj_deploy.rollout('[]', max_wait => '1 hour -1 day'); \echo :SQLSTATE
CALL dj_deploy.rollout('[]', false, '0'); \echo :SQLSTATE

-- Every entry is looked at before the first is executed.
EXECUTE show_identities;

-- It commits, so it refuses where it cannot. A DO block or a procedure of its own, it can.
SELECT '["ALTER TABLE rolled.a REPLICA IDENTITY FULL"]' AS plan \gset
BEGIN;
CALL dj_deploy.rollout(:'plan', false); \echo :SQLSTATE
ROLLBACK;
SELECT 1 \; CALL dj_deploy.rollout(:'plan', false); \echo :SQLSTATE
CREATE FUNCTION rolled.in_function() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY FULL"]', false, result => result);
    RETURN result;
END $$;
SELECT rolled.in_function(); \echo :SQLSTATE
DO $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY FULL"]', false, result => result);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
END $$;
EXECUTE show_identities;
DO $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY FULL"]', false, result => result);
    RAISE NOTICE '%', result;
    CALL dj_deploy.rollout('["ALTER TABLE rolled.b REPLICA IDENTITY FULL"]', false, result => result);
    RAISE NOTICE '%', result;
    RAISE 'too late';
END $$;
EXECUTE show_identities;

-- A dry run goes everywhere.
BEGIN READ ONLY;
CALL dj_deploy.rollout(:'plan');
COMMIT;
DO $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY FULL"]', result => result);
    RAISE NOTICE '%', result;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
END $$;
BEGIN;
CALL dj_deploy.rollout(:'plan');
SELECT pg_current_xact_id_if_assigned() IS NULL,
       (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'rolled.a'::regclass);
COMMIT;
SET default_transaction_read_only = on;
CALL dj_deploy.rollout(:'plan', false); \echo :SQLSTATE
CALL dj_deploy.rollout(:'plan');
RESET default_transaction_read_only;

-- A table that is gone, or not there yet, is skipped, whatever the statement is; the others are done.
CALL dj_deploy.rollout('["ALTER TABLE rolled.gone REPLICA IDENTITY FULL", "ALTER TABLE nowhere.gone RESET (autovacuum_enabled)",
                         "GRANT SELECT ON rolled.gone TO regress_reader", "ALTER TABLE rolled.b REPLICA IDENTITY FULL"]', false);

-- A failing statement does not keep the others from being done. It is the error at the end.
CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY USING INDEX nope", "ALTER TABLE rolled.b REPLICA IDENTITY DEFAULT"]', false); \echo :SQLSTATE
EXECUTE show_identities;
CALL dj_deploy.rollout('["GRANT SELECT ON rolled.a TO regress_nobody", "ALTER TABLE rolled.b REPLICA IDENTITY FULL",
                         "ALTER TABLE rolled.canary SET (autovacuum_enabled = perhaps)", "ALTER PUBLICATION regress_cdc ADD TABLE rolled.\"~log\""]', false); \echo :SQLSTATE
EXECUTE show_identities;
-- What comes later for the same table, and the options of a publication, are not built upon what is not there.
CREATE PUBLICATION regress_cdc FOR TABLE rolled.b WITH (publish = 'insert');
CALL dj_deploy.rollout('["GRANT SELECT ON rolled.a TO regress_nobody", "ALTER TABLE rolled.b REPLICA IDENTITY DEFAULT",
                         "ALTER PUBLICATION regress_cdc ADD TABLE rolled.a", "ALTER PUBLICATION regress_cdc SET (publish = ''insert, update'')"]', false); \echo :SQLSTATE
SELECT pubupdate, prrelid::regclass FROM pg_publication_rel r JOIN pg_publication p ON p.oid = prpubid;
CALL dj_deploy.rollout('["ALTER TABLE rolled.b REPLICA IDENTITY FULL", "ALTER PUBLICATION regress_cdc SET (publish = ''insert, update'')"]', false);
SELECT pubupdate FROM pg_publication;
DROP PUBLICATION regress_cdc;
-- Neither does an identity become less of one where what would let it has failed: the options of a publication, or that the root of
-- a partition leaves it.
CREATE TABLE rolled.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE rolled.leaf PARTITION OF rolled.root DEFAULT;
CREATE PUBLICATION regress_cdc FOR TABLE rolled.b;
CALL dj_deploy.rollout('["GRANT SELECT ON rolled.a TO regress_nobody", "ALTER PUBLICATION regress_cdc SET (publish = ''insert'')",
                         "ALTER TABLE rolled.b REPLICA IDENTITY NOTHING", "ALTER TABLE rolled.leaf REPLICA IDENTITY FULL"]', false); \echo :SQLSTATE
EXECUTE show_identities;
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_nobody DROP TABLE rolled.root", "ALTER TABLE rolled.leaf REPLICA IDENTITY NOTHING"]', false); \echo :SQLSTATE
EXECUTE show_identities;
DROP PUBLICATION regress_cdc;
DROP TABLE rolled.root;
-- A plan that apply would refuse.
CALL dj_deploy.rollout('{"ddl": ["ALTER TABLE rolled.b REPLICA IDENTITY FULL"], "refused": ["UPDATE will fail"]}', false); \echo :SQLSTATE

-- Ten are named.
SELECT jsonb_agg(format('GRANT USAGE ON SCHEMA rolled TO regress_nope%s', number)) AS many
FROM generate_series(1, 12) number \gset
SET client_min_messages = error;
CALL dj_deploy.rollout(:'many', false); \echo :SQLSTATE
RESET client_min_messages;

-- An event trigger that raises: a statement that has failed, whatever the SQLSTATE. What a cancel, and the end of a session, do: test/t.
CREATE FUNCTION rolled.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE objid = 'rolled.a'::regclass) THEN
        RAISE 'not this one' USING ERRCODE = current_setting('rolled.errcode'), DETAIL = 'Its detail.', HINT = 'Its hint.';
    END IF;
END $$;
CREATE EVENT TRIGGER rolled_refuse ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION rolled.refuse();
SELECT '["ALTER TABLE rolled.a REPLICA IDENTITY NOTHING", "ALTER TABLE rolled.b REPLICA IDENTITY NOTHING"]' AS refused \gset
SET rolled.errcode = 'STOP0';
CALL dj_deploy.rollout(:'refused', false); \echo :SQLSTATE
EXECUTE show_identities;
SELECT '["ALTER TABLE rolled.b REPLICA IDENTITY FULL", "ALTER TABLE rolled.a REPLICA IDENTITY NOTHING",
         "ALTER TABLE rolled.b REPLICA IDENTITY DEFAULT"]' AS refused \gset
SET rolled.errcode = 'query_canceled';
CALL dj_deploy.rollout(:'refused', false); \echo :SQLSTATE
EXECUTE show_identities;
SET rolled.errcode = 'admin_shutdown';
CALL dj_deploy.rollout(:'refused', false); \echo :SQLSTATE
EXECUTE show_identities;

-- Nor does a message of a trigger with such an SQLSTATE get a count.
CREATE OR REPLACE FUNCTION rolled.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'a warning' USING ERRCODE = current_setting('rolled.errcode'), DETAIL = 'Its detail.';
END $$;
SELECT '["ALTER TABLE rolled.b REPLICA IDENTITY NOTHING"]' AS warned \gset
CALL dj_deploy.rollout(:'warned', false);
SET rolled.errcode = 'query_canceled';
CALL dj_deploy.rollout(:'warned', false);
DROP EVENT TRIGGER rolled_refuse;

-- What an event trigger has put off until COMMIT fails there: so has the statement, and what depends on it. Others go on.
SET client_min_messages = error;
CREATE TABLE rolled.seen (name text, CONSTRAINT seen_once PRIMARY KEY (name) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO rolled.seen VALUES ('rolled.a');
RESET client_min_messages;
CREATE FUNCTION rolled.see() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rolled.seen SELECT object_identity FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'rolled.a';
END $$;
CREATE EVENT TRIGGER rolled_see ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION rolled.see();
CALL dj_deploy.rollout('["ALTER TABLE rolled.b REPLICA IDENTITY FULL", "ALTER TABLE rolled.a REPLICA IDENTITY NOTHING",
                         "ALTER TABLE rolled.b REPLICA IDENTITY DEFAULT"]', false); \echo :SQLSTATE
EXECUTE show_identities;
CALL dj_deploy.rollout('["ALTER TABLE rolled.b REPLICA IDENTITY NOTHING", "ALTER TABLE rolled.a REPLICA IDENTITY NOTHING",
                         "ALTER TABLE rolled.a REPLICA IDENTITY FULL"]', false); \echo :SQLSTATE
EXECUTE show_identities;
-- The same with the SQLSTATE of a termination, and no detail.
CREATE FUNCTION rolled.refuse_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'not at COMMIT' USING ERRCODE = 'admin_shutdown';
END $$;
CREATE CONSTRAINT TRIGGER refuse_later AFTER INSERT ON rolled.seen DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION rolled.refuse_later();
DELETE FROM rolled.seen;
CALL dj_deploy.rollout('["ALTER TABLE rolled.a REPLICA IDENTITY NOTHING", "ALTER TABLE rolled.b REPLICA IDENTITY FULL"]', false); \echo :SQLSTATE
EXECUTE show_identities;
DROP EVENT TRIGGER rolled_see;
DROP TABLE rolled.seen;
CALL dj_deploy.rollout('["ALTER TABLE rolled.b REPLICA IDENTITY NOTHING"]', false);
-- What the caller has done before is committed first, and its open cursors are read to their end. What fails there is the caller's, and
-- nothing has been executed.
CREATE TEMPORARY TABLE once (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
DO $$
DECLARE
    result jsonb;
BEGIN
    INSERT INTO once VALUES (1), (1);
    CALL dj_deploy.rollout('["ALTER TABLE rolled.nowhere REPLICA IDENTITY FULL", "ALTER TABLE rolled.b REPLICA IDENTITY FULL"]', false, result => result);
END $$; \echo :SQLSTATE
DROP TABLE once;
DO $$
DECLARE
    n int;
    result jsonb;
BEGIN
    FOR n IN SELECT 1 / (2 - number) FROM generate_series(1, 2) number LOOP
        CALL dj_deploy.rollout('["ALTER TABLE rolled.nowhere REPLICA IDENTITY FULL", "ALTER TABLE rolled.b REPLICA IDENTITY FULL"]', false, result => result);
    END LOOP;
END $$; \echo :SQLSTATE
EXECUTE show_identities;

-- The caller owns some of the tables: an error that names all others, and nothing applied; the dry run warns. What needs
-- no ownership does not hide what does.
GRANT USAGE ON SCHEMA rolled TO regress_owner;
ALTER TABLE rolled.b OWNER TO regress_owner;
CREATE PUBLICATION regress_cdc FOR TABLE rolled.a;
SET ROLE regress_owner;
SELECT jsonb_build_array('ALTER TABLE rolled.b REPLICA IDENTITY NOTHING', 'ALTER TABLE rolled.a REPLICA IDENTITY FULL',
                         'ALTER PUBLICATION regress_cdc DROP TABLE rolled.canary', 'ALTER TABLE rolled.canary SET (autovacuum_enabled = off)',
                         'ALTER TABLE rolled.canary REPLICA IDENTITY FULL', 'ALTER TABLE rolled."~log" REPLICA IDENTITY FULL') AS plan \gset
CALL dj_deploy.rollout(:'plan', false); \echo :SQLSTATE
CALL dj_deploy.rollout(:'plan') \gset
EXECUTE show_identities;
CALL dj_deploy.rollout('["ALTER TABLE rolled.b REPLICA IDENTITY NOTHING"]', false);

-- Tables and publications that others own.
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc DROP TABLE rolled.a", "GRANT SELECT ON rolled.a TO regress_other"]', false); \echo :SQLSTATE

-- Whoever owns a publication takes out the table of somebody else, but adds none.
RESET ROLE;
ALTER PUBLICATION regress_cdc OWNER TO regress_owner;
SET ROLE regress_owner;
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc DROP TABLE rolled.a"]', false);
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_cdc ADD TABLE rolled.a"]', false); \echo :SQLSTATE

-- Neither may it do what needs USAGE on the schema.
RESET ROLE;
REVOKE USAGE ON SCHEMA rolled FROM regress_owner;
SET ROLE regress_owner;
CALL dj_deploy.rollout('["ALTER TABLE rolled.b REPLICA IDENTITY FULL"]', false); \echo :SQLSTATE
CALL dj_deploy.rollout('["ALTER TABLE rolled.b REPLICA IDENTITY FULL"]');
RESET ROLE;
DROP PUBLICATION regress_cdc;

-- Sequences, views and schemas have privileges too; a sequence is not counted as a table.
CREATE VIEW rolled.a_view AS SELECT 1 AS one;
CALL dj_deploy.rollout('["GRANT USAGE ON SCHEMA rolled TO regress_other", "GRANT SELECT ON SEQUENCE rolled.counter TO regress_other",
                         "GRANT SELECT ON TABLE rolled.a_view TO regress_other"]', false);

-- Hostile names, also in messages.
CREATE FUNCTION rolled.hostile() RETURNS text[] LANGUAGE sql RETURN
    ARRAY['a"b', 'a''b', 'a\b', E'new\nline', '%s%n%I', '$$', '$x$', 'x; DROP TABLE rolled.canary--', '/*', 'U&"\0041"', ' ', 'SELECT'];
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY rolled.hostile() LOOP
        EXECUTE format('CREATE SCHEMA %I', 'rolled ' || name);
        EXECUTE format('CREATE TABLE %I.%I (id int)', 'rolled ' || name, name);
    END LOOP;
END $$;
SELECT jsonb_agg(statement) AS plan
FROM unnest(rolled.hostile()) name,
     jsonb_array_elements(dj_deploy.set_replica_identity('rolled ' || name) -> 'ddl'
                          || (dj_deploy.set_grants('rolled ' || name, 'regress_reader', 'read') -> 'ddl')) statement \gset
DO $$
BEGIN
    PERFORM set_config('standard_conforming_strings', 'off', false);
EXCEPTION WHEN OTHERS THEN NULL; -- 19 has no others
END $$;
SET client_min_messages = error;
CALL dj_deploy.rollout(:'plan', false) \gset
RESET client_min_messages;
RESET standard_conforming_strings;
SELECT :'result'::jsonb -> 'ddl' = :'plan'::jsonb, :'result'::jsonb - 'ddl';
SELECT count(*) FROM pg_class WHERE relreplident = 'f' AND relname = ANY (rolled.hostile())
    AND has_table_privilege('regress_reader', oid, 'SELECT');
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY rolled.hostile() LOOP
        EXECUTE format('DROP TABLE %I.%I', 'rolled ' || name, name);
    END LOOP;
END $$;
CALL dj_deploy.rollout(:'plan', false) \gset
SET client_min_messages = error;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY rolled.hostile() LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', 'rolled ' || name);
    END LOOP;
END $$;
RESET client_min_messages;

-- Of several statements about one table or publication the last one counts, also where an undo and a plan are one array.
SET client_min_messages = error;
CREATE PUBLICATION regress_again;
CREATE PUBLICATION regress_listed;
RESET client_min_messages;
CREATE TABLE rolled.again (id int PRIMARY KEY, secret text);
CREATE TABLE rolled.bare (id int);
ALTER PUBLICATION regress_again ADD TABLE rolled.again;
ALTER PUBLICATION regress_listed ADD TABLE rolled.again (id) WHERE (id > 5);
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_again DROP TABLE rolled.again", "ALTER PUBLICATION regress_again ADD TABLE rolled.again"]', result => NULL);
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_again DROP TABLE rolled.again", "ALTER PUBLICATION regress_again ADD TABLE rolled.again",
    "ALTER PUBLICATION regress_again DROP TABLE rolled.again"]', result => NULL);
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_again DROP TABLE rolled.again", "ALTER PUBLICATION regress_again ADD TABLE rolled.again",
    "ALTER PUBLICATION regress_again DROP TABLE rolled.again", "ALTER PUBLICATION regress_again ADD TABLE rolled.again WHERE (id > 1000)"]', result => NULL);
CALL dj_deploy.rollout('["ALTER PUBLICATION regress_again ADD TABLE rolled.bare", "ALTER PUBLICATION regress_again DROP TABLE rolled.bare"]', result => NULL);
CALL dj_deploy.rollout('["DROP PUBLICATION regress_again", "CREATE PUBLICATION regress_again", "ALTER PUBLICATION regress_again ADD TABLE rolled.again",
    "ALTER PUBLICATION regress_again ADD TABLE rolled.bare"]', result => NULL);
CALL dj_deploy.rollout('["DROP PUBLICATION regress_listed", "CREATE PUBLICATION regress_listed", "ALTER PUBLICATION regress_listed ADD TABLE rolled.again"]', result => NULL);
CALL dj_deploy.rollout('["CREATE PUBLICATION regress_new", "ALTER PUBLICATION regress_new ADD TABLE rolled.bare", "DROP PUBLICATION regress_new"]', result => NULL);
CALL dj_deploy.rollout('["CREATE PUBLICATION regress_new", "ALTER PUBLICATION regress_new ADD TABLE rolled.bare", "DROP PUBLICATION regress_new",
    "CREATE PUBLICATION regress_new WITH (publish = ''insert'')", "ALTER PUBLICATION regress_new ADD TABLE rolled.bare"]', result => NULL);
CALL dj_deploy.rollout('["CREATE PUBLICATION regress_new WITH (publish = ''insert'')", "DROP PUBLICATION regress_new",
    "CREATE PUBLICATION regress_new", "ALTER PUBLICATION regress_new ADD TABLE rolled.bare"]', result => NULL);
CALL dj_deploy.rollout('["CREATE PUBLICATION regress_new", "DROP PUBLICATION regress_new", "CREATE PUBLICATION regress_new",
    "ALTER PUBLICATION regress_new SET (publish = ''insert'')", "ALTER PUBLICATION regress_new ADD TABLE rolled.bare"]', result => NULL);
-- Of rows whose writes fail, no consumer has received any.
CREATE TABLE rolled.root (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE rolled.leaf PARTITION OF rolled.root DEFAULT;
ALTER TABLE rolled.root REPLICA IDENTITY FULL;
ALTER TABLE rolled.leaf REPLICA IDENTITY NOTHING;
SET client_min_messages = error;
CREATE PUBLICATION regress_root FOR TABLE rolled.root WITH (publish_via_partition_root);
RESET client_min_messages;
CALL dj_deploy.rollout('["ALTER TABLE rolled.root REPLICA IDENTITY DEFAULT", "ALTER TABLE rolled.leaf REPLICA IDENTITY FULL"]', result => NULL);
DROP PUBLICATION regress_root;
DROP TABLE rolled.root;
-- One that is made anew has nothing of the former: no table that joined or was listed, and no schema.
CALL dj_deploy.rollout('["CREATE PUBLICATION regress_new", "ALTER PUBLICATION regress_new ADD TABLE rolled.bare", "DROP PUBLICATION regress_new",
    "CREATE PUBLICATION regress_new"]', result => NULL);
CALL dj_deploy.rollout('["DROP PUBLICATION regress_again", "CREATE PUBLICATION regress_again"]', result => NULL);
CREATE SCHEMA rolled_whole;
CREATE TABLE rolled_whole.a (id int PRIMARY KEY);
SET client_min_messages = error;
CREATE PUBLICATION regress_whole FOR TABLES IN SCHEMA rolled_whole;
RESET client_min_messages;
CALL dj_deploy.rollout('["DROP PUBLICATION regress_whole", "CREATE PUBLICATION regress_whole"]', result => NULL);
SET client_min_messages = error;
CREATE PUBLICATION regress_all FOR ALL TABLES WITH (publish = 'insert');
RESET client_min_messages;
CALL dj_deploy.rollout('["DROP PUBLICATION regress_all", "CREATE PUBLICATION regress_all"]', result => NULL);
DROP PUBLICATION regress_again, regress_listed, regress_whole, regress_all;
DROP TABLE rolled.again, rolled.bare, rolled_whole.a;
DROP SCHEMA rolled_whole;

-- In a security-restricted operation it is refused, a dry run too: the owner of an index function would act in the name of
-- whoever maintains the table.
GRANT USAGE, CREATE ON SCHEMA rolled TO regress_owner;
SET ROLE regress_owner;
CREATE FUNCTION rolled.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT id';
CREATE TABLE rolled.bait (id int);
INSERT INTO rolled.bait VALUES (1);
CREATE INDEX bait_index ON rolled.bait (rolled.trap(id));
CREATE FUNCTION rolled.spring(dry_run boolean) RETURNS int LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    CALL dj_deploy.rollout('["ALTER TABLE rolled.bait REPLICA IDENTITY FULL"]', dry_run, result => result);
    RETURN 1;
END $$;
CREATE OR REPLACE FUNCTION rolled.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT rolled.spring(false)';
RESET ROLE;
REINDEX TABLE rolled.bait; \echo :SQLSTATE
SET ROLE regress_owner;
CREATE OR REPLACE FUNCTION rolled.trap(id int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT rolled.spring(true)';
RESET ROLE;
REINDEX TABLE rolled.bait; \echo :SQLSTATE

-- The session is as it was before.
SELECT current_user = session_user, current_setting('search_path'), current_setting('lock_timeout');
SELECT to_regclass('rolled.canary') IS NOT NULL, pg_get_userbyid(relowner) = current_user FROM pg_class WHERE relname = 'a' AND relnamespace = 'rolled'::regnamespace;

SET client_min_messages = error;
DROP SCHEMA rolled CASCADE;
DROP OWNED BY regress_owner, regress_other, regress_reader;
RESET SESSION AUTHORIZATION;
DROP ROLE regress_superuser, regress_owner, regress_other, regress_reader;
