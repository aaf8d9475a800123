-- 10,000 errors in one session, at top level, in subtransactions and caught by our own code: memory
-- is flat, no setting stays changed. Prints one line for each way.
\set ON_ERROR_STOP 0
\set QUIET on
\pset tuples_only on
\pset format unaligned
\set VERBOSITY terse

CREATE FUNCTION frames_raise(integer) RETURNS void LANGUAGE C AS 'frames';
CREATE FUNCTION frames_attempt(integer, boolean) RETURNS boolean LANGUAGE C AS 'frames';
CREATE FUNCTION memory() RETURNS numeric LANGUAGE sql
    AS 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts WHERE name <> ''MessageContext''';

CREATE PROCEDURE raise_many(times integer) LANGUAGE plpgsql AS $$
DECLARE
    caught integer := 0;
BEGIN
    FOR i IN 1 .. times LOOP
        BEGIN
            PERFORM frames_raise(i);
        EXCEPTION WHEN raise_exception THEN
            caught := caught + 1;
        END;
        IF NOT frames_attempt(i, true) THEN
            RAISE 'an error was not caught';
        END IF;
        BEGIN
            PERFORM frames_attempt(i, false);
        EXCEPTION WHEN raise_exception THEN
            caught := caught + 1;
        END;
    END LOOP;
    ASSERT caught = 2 * times;
    COMMIT;
END $$;

SELECT format('SELECT frames_raise(%s)', i) FROM generate_series(1, 100) AS i \gexec
CALL raise_many(100);
SELECT memory() AS before \gset
SELECT format('SELECT frames_raise(%s)', i) FROM generate_series(1, 4000) AS i \gexec
SELECT memory() AS after_top_level \gset
CALL raise_many(2000);
SELECT memory() AS after_subtransactions \gset

SELECT 'top level: ' || CASE WHEN :after_top_level - :before < 65536 THEN 'flat' ELSE 'grew by ' || :after_top_level - :before END;
SELECT 'subtransactions: ' || CASE WHEN :after_subtransactions - :before < 65536 THEN 'flat' ELSE 'grew by ' || :after_subtransactions - :before END;
SELECT 'settings: ' || CASE WHEN current_setting('lock_timeout') = '0' THEN 'restored' ELSE 'left changed' END;
