-- The caller's transaction decides: what it takes back is taken back whole, with its locks; errors leave nothing behind.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA transactions;
CREATE TABLE transactions.a (id int PRIMARY KEY);
CREATE TABLE transactions.b (id int PRIMARY KEY REFERENCES transactions.a);
PREPARE show_identities AS
    SELECT string_agg(format('%s %s', relname, relreplident), ', ' ORDER BY relname) FROM pg_class
    WHERE relnamespace = 'transactions'::regnamespace AND relkind = 'r';
PREPARE show_locks AS
    SELECT count(*) FROM pg_locks
    WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'
      AND relation IN ('transactions.a'::regclass, 'transactions.b'::regclass);

-- ROLLBACK undoes, COMMIT keeps.
BEGIN;
SELECT dj_deploy.set_replica_identity('transactions', dry_run => false) -> 'tables_modified';
EXECUTE show_identities;
ROLLBACK;
EXECUTE show_identities;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT dj_deploy.set_replica_identity('transactions', dry_run => false) -> 'tables_modified';
COMMIT;
EXECUTE show_identities;

-- Within a transaction a second call sees what the first did.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT dj_deploy.set_replica_identity('transactions', 'default', dry_run => false) -> 'tables_modified';
SELECT dj_deploy.set_replica_identity('transactions', 'default', dry_run => false, skip_unchanged => true) -> 'tables_modified';
CREATE TABLE transactions.c (id int);
SELECT dj_deploy.set_replica_identity('transactions', 'full', dry_run => true, skip_unchanged => true) -> 'tables_analyzed';
ROLLBACK;
EXECUTE show_identities;

-- A savepoint rolled back releases the locks.
BEGIN;
SAVEPOINT s;
SELECT dj_deploy.set_replica_identity('transactions', 'default', dry_run => false) -> 'tables_modified';
EXECUTE show_locks;
ROLLBACK TO s;
EXECUTE show_locks;
EXECUTE show_identities;
COMMIT;

-- A savepoint released keeps them.
BEGIN;
SAVEPOINT s;
SELECT dj_deploy.set_replica_identity('transactions', 'default', dry_run => false) -> 'tables_modified';
RELEASE s;
EXECUTE show_locks;
COMMIT;
EXECUTE show_identities;

-- An EXCEPTION block, a hundred times.
BEGIN;
DO $$
BEGIN
    FOR n IN 1..100 LOOP
        BEGIN
            PERFORM dj_deploy.set_replica_identity('transactions', dry_run => false);
            RAISE SQLSTATE 'UNDO0';
        EXCEPTION WHEN SQLSTATE 'UNDO0' THEN NULL;
        END;
    END LOOP;
END $$;
EXECUTE show_locks;
EXECUTE show_identities;
COMMIT;

-- A thousand errors, before the first statement and between two: they leave no memory, and the session as it was.
CREATE FUNCTION transactions.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE objid = 'transactions.b'::regclass) THEN
        RAISE SQLSTATE 'STOP0';
    END IF;
END $$;
CREATE EVENT TRIGGER transactions_refuse ON ddl_command_end EXECUTE FUNCTION transactions.refuse();
CREATE FUNCTION transactions.fail(times int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text[] := '{}';
    state text;
BEGIN
    FOR n IN 1..times LOOP
        state := 'no error';
        BEGIN
            CASE n % 4
                WHEN 0 THEN PERFORM dj_deploy.set_replica_identity('transactions', dry_run => false);
                WHEN 1 THEN PERFORM dj_deploy.set_replica_identity('nowhere');
                WHEN 2 THEN PERFORM dj_deploy.set_replica_identity('transactions', 'nothing');
                WHEN 3 THEN PERFORM dj_deploy.set_replica_identity('pg_class'::regclass);
            END CASE;
        EXCEPTION WHEN OTHERS THEN
            state := SQLSTATE;
        END;
        IF state <> ALL (seen) THEN seen := seen || state; END IF;
    END LOOP;
    RETURN seen;
END $$;
SET search_path = transactions;
SELECT fail(100);
SELECT sum(used_bytes) AS before FROM pg_backend_memory_contexts \gset
SELECT fail(1000);
SELECT sum(used_bytes) < :before + 100000 FROM pg_backend_memory_contexts;
SELECT current_user = session_user, current_setting('search_path'), current_setting('lock_timeout');
RESET search_path;
DROP EVENT TRIGGER transactions_refuse;
EXECUTE show_identities;

-- To event triggers each statement is an ordinary ALTER TABLE of the caller's query.
CREATE FUNCTION transactions.report() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE command record;
BEGIN
    IF TG_EVENT = 'ddl_command_start' THEN
        RAISE NOTICE '%: %, query: %', TG_EVENT, TG_TAG, current_query();
        RETURN;
    END IF;
    FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
        RAISE NOTICE '%: % % % %', TG_EVENT, command.command_tag, command.object_type, command.object_identity, command.in_extension;
    END LOOP;
END $$;
CREATE EVENT TRIGGER transactions_start ON ddl_command_start EXECUTE FUNCTION transactions.report();
CREATE EVENT TRIGGER transactions_end ON ddl_command_end EXECUTE FUNCTION transactions.report();
SELECT dj_deploy.set_replica_identity('transactions', dry_run => false) -> 'tables_modified';
SELECT dj_deploy.set_replica_identity('transactions') -> 'tables_modified';
DROP EVENT TRIGGER transactions_start;
DROP EVENT TRIGGER transactions_end;

-- An event trigger that drops the next table: it is skipped with a notice, and not counted.
CREATE FUNCTION transactions.drop_next() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE IF EXISTS transactions.b;
END $$;
CREATE EVENT TRIGGER transactions_drop ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION transactions.drop_next();
SELECT dj_deploy.set_replica_identity('transactions', 'default', dry_run => false);
DROP EVENT TRIGGER transactions_drop;

-- One that renames it: it is altered under its new name.
CREATE TABLE transactions.b (id int PRIMARY KEY);
CREATE FUNCTION transactions.rename_next() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('transactions.b') IS NOT NULL THEN
        ALTER TABLE transactions.b RENAME TO "new name";
    END IF;
END $$;
CREATE EVENT TRIGGER transactions_rename ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION transactions.rename_next();
SELECT dj_deploy.set_replica_identity('transactions', dry_run => false);
DROP EVENT TRIGGER transactions_rename;
EXECUTE show_identities;

SET client_min_messages = error;
DROP SCHEMA transactions CASCADE;
