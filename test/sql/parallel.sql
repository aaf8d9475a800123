-- A function that is declared parallel safe and calls one of ours, which are not: refused at entry, in a worker and in the leader,
-- whatever the function and its arguments. All of the schema are called, with NULL for each argument, which would be refused next.
CREATE SCHEMA lab;
CREATE TABLE lab.session (id int PRIMARY KEY);

CREATE FUNCTION lab.call(statement text) RETURNS void PARALLEL SAFE LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
END $$;

CREATE FUNCTION lab.place_of_error(statement text, OUT state text, OUT message text, OUT place text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT lab.call(%L)', statement);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, place = PG_EXCEPTION_CONTEXT;
    place := CASE WHEN place ~ '^parallel worker$' OR place ~ E'\nparallel worker(\n|$)' THEN 'worker' ELSE 'leader' END;
END $$;

CREATE VIEW lab.calls AS
SELECT p.oid::regprocedure::text AS signature, format('%s dj_deploy.%I(%s)', CASE p.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, p.proname,
           (SELECT string_agg(CASE WHEN p.provariadic <> 0 AND number = p.pronargs THEN 'VARIADIC ' ELSE '' END ||
               format('NULL::%s', format_type(type, NULL)), ', ' ORDER BY number)
            FROM unnest(p.proargtypes) WITH ORDINALITY AS argument(type, number))) AS statement
FROM pg_proc p
WHERE p.pronamespace = 'dj_deploy'::regnamespace;

SELECT count(*) > 15 AS are_many FROM lab.calls;

-- Elsewhere they are refused for their arguments, but for schemas, which has none.
SELECT c.signature, e.* FROM lab.calls c, lab.place_of_error(c.statement) e WHERE e.state IS DISTINCT FROM '22004' ORDER BY 1;

SELECT count(set_config(name, 'on', false)) FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode');
SELECT e.state, e.place, c.signature, e.message FROM lab.calls c, lab.place_of_error(c.statement) e
WHERE (e.state, e.place) IS DISTINCT FROM ('25000', 'worker') ORDER BY 3;
SELECT * FROM lab.place_of_error($$SELECT dj_deploy.tables('lab')$$);
SELECT * FROM lab.place_of_error($$SELECT dj_deploy.set_replica_identity('lab', 'full', false)$$);
SELECT * FROM lab.place_of_error($$SELECT dj_deploy.apply('{"version": 1}', false)$$);
SELECT * FROM lab.place_of_error($$CALL dj_deploy.vacuum_analyze('lab', false)$$);

-- No worker is to be had, so the leader does it by itself, still in parallel mode.
SET max_parallel_workers = 0;
SELECT e.state, e.place, c.signature, e.message FROM lab.calls c, lab.place_of_error(c.statement) e
WHERE (e.state, e.place) IS DISTINCT FROM ('25000', 'leader') ORDER BY 3;
SELECT * FROM lab.place_of_error($$SELECT dj_deploy.set_replica_identity('lab', 'full', false)$$);

-- Of themselves they keep a query out of parallel mode.
RESET max_parallel_workers;
SELECT dj_deploy.set_replica_identity('lab', 'full', false)->'tables_modified' AS tables_modified;
SELECT count(*) FROM dj_deploy.tables('lab');

SET client_min_messages = warning;
DROP SCHEMA lab CASCADE;
