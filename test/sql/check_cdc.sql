-- check_cdc tells what a consumer of changes would miss or fail at. Here what depends on tables and publications, on a
-- real pipeline and under any name; test/t/check_cdc.pl has every check with its remedy, and those of the server.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixture :abs_srcdir '/fixtures/pipeline.sql'
\set ECHO none
\o /dev/null
\i :fixture
\o
\set ECHO all
\c
\pset format aligned
\pset tuples_only off
\pset footer off

-- Without what depends on the server that the tests run on.
CREATE FUNCTION pg_temp.check_cdc(schema text, publication text DEFAULT NULL, consumer text DEFAULT 'any')
RETURNS TABLE (severity text, check_name text, object text, finding text, remedy text) LANGUAGE sql AS $$
    SELECT severity, check_name, COALESCE(object, concat_ws('.', quote_ident(schema_name), quote_ident(table_name))), finding, remedy
    FROM dj_deploy.check_cdc($1, $2, $3)
    WHERE check_name !~ '^(wal_|replication_slots_|slot_|long_|prepared_|activity_)'
$$;

-- A pipeline as DataJoint declares it. A finding about all tables is one row about the schema.
SELECT * FROM pg_temp.check_cdc('lab');
SELECT * FROM pg_temp.check_cdc('lab', consumer => 'lakehouse_sync');
SELECT severity, check_name, object, finding FROM pg_temp.check_cdc('behavior', consumer => 'lakehouse_sync');
SELECT severity, check_name, object, finding FROM pg_temp.check_cdc('behavior', 'cdc', consumer => 'debezium');
SELECT severity, check_name, object, finding FROM pg_temp.check_cdc('behavior', consumer => 'clickpipes');
SELECT severity, check_name, object, finding FROM pg_temp.check_cdc('behavior', consumer => 'Postgres');
SELECT count(*) > 0 AS finds, count(*) FILTER (WHERE l IS DISTINCT FROM f) AS others
FROM pg_temp.check_cdc('behavior', consumer => 'lakehouse_sync') l
FULL JOIN pg_temp.check_cdc('behavior', consumer => 'Lakebase_CDF') f ON (l.check_name, l.object) = (f.check_name, f.object);

-- The remedies, as they stand, and what is left.
\o /dev/null
SELECT remedy FROM pg_temp.check_cdc('behavior', consumer => 'debezium') \gexec
SELECT remedy FROM pg_temp.check_cdc('behavior', consumer => 'lakehouse_sync') WHERE severity = 'error' \gexec
SELECT remedy FROM pg_temp.check_cdc('lab') WHERE check_name IN ('no_publication', 'identity_not_full') \gexec
\o
SELECT * FROM pg_temp.check_cdc('behavior', 'cdc', 'debezium');
SELECT severity, check_name, object, finding FROM pg_temp.check_cdc('behavior', consumer => 'lakehouse_sync') WHERE severity <> 'info';
SELECT severity, check_name, object FROM pg_temp.check_cdc('behavior', 'cdc', 'postgres');
SELECT * FROM pg_temp.check_cdc('lab');

-- A table that is new.
CREATE TABLE lab.dewar (dewar int PRIMARY KEY, volume real);
SELECT * FROM pg_temp.check_cdc('lab');
DROP TABLE lab.dewar;

-- It asks nothing of the caller and leaves no trace: not a lock on a table, no transaction id.
CREATE ROLE regress_check_cdc;
BEGIN READ ONLY;
SET LOCAL ROLE regress_check_cdc;
SELECT severity, check_name, schema_name, table_name, object, remedy FROM dj_deploy.check_cdc('lab') WHERE check_name ~ '^role';
SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS has_xid, count(*) FILTER (WHERE relation >= 16384) AS user_locks
FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid();
COMMIT;
DROP ROLE regress_check_cdc;

-- Wherever a set may stand.
SELECT n.nspname, c.severity, count(*) FROM pg_namespace n, dj_deploy.check_cdc(n.nspname, 'cdc', 'lakehouse_sync') c
WHERE n.nspname IN ('lab', 'ephys') AND c.check_name ~ '^(not_member|identity|unsupported)' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT dj_deploy.check_cdc('lab', 'cdc') IS NULL AS is_null WHERE false;

-- A schema without tables.
CREATE SCHEMA check_cdc;
SELECT check_name, object FROM pg_temp.check_cdc('check_cdc');
DROP SCHEMA check_cdc;

-- What is refused.
\set VERBOSITY terse
SELECT FROM dj_deploy.check_cdc(NULL); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc(''); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc('nowhere'); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc('pg_catalog'); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc(repeat('s', 64)); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc('lab', ''); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc('lab', repeat('p', 64)); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc('lab', consumer => NULL); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc('lab', consumer => ''); \echo :SQLSTATE
SELECT FROM dj_deploy.check_cdc('lab', consumer => 'kafka %s'); \echo :SQLSTATE
\unset VERBOSITY

SET client_min_messages = error;
DROP PUBLICATION cdc;
DROP SCHEMA lab, behavior, ephys, analysis CASCADE;

-- Any name, of a schema, a publication, tables, columns and indexes: each remedy runs as it stands, whatever the
-- settings; what is wrong comes to an end, but for what no statement mends. The consumers share the names.
CREATE FUNCTION pg_temp.faults(name text, consumer text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    result record;
    remedies int := 0;
    hidden text := '~' || left(name, 60);
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name);
    EXECUTE format('CREATE TABLE %1$I.%1$I (id int PRIMARY KEY)', name);
    EXECUTE format('CREATE PUBLICATION %I FOR TABLES IN SCHEMA %1$I', name);
    EXECUTE format('CREATE TABLE %I.%I (id int)', name, hidden);
    EXECUTE format('CREATE TABLE %1$I.part (%1$I text NOT NULL, id int NOT NULL)', name);
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I.part (id)', 'i' || left(name, 60), name);
    EXECUTE format('CREATE UNLOGGED TABLE %I.unlogged (id int PRIMARY KEY)', name);
    EXECUTE format('CREATE TABLE %I.listed (%1$I int PRIMARY KEY, two int)', name);
    EXECUTE format('ALTER PUBLICATION %I DROP TABLES IN SCHEMA %1$I', name);
    EXECUTE format('ALTER PUBLICATION %I ADD TABLE %1$I.listed (two), %1$I.%2$I', name, hidden);
    FOR round IN 1 .. 5 LOOP
        FOR result IN SELECT * FROM pg_temp.check_cdc(name, name, consumer) WHERE remedy IS NOT NULL LOOP
            EXECUTE result.remedy;
            remedies := remedies + 1;
        END LOOP;
    END LOOP;
    RETURN NEXT remedies || ' remedies';
    RETURN QUERY SELECT concat_ws(' ', 'left:', severity, check_name, remedy)
        FROM pg_temp.check_cdc(name, name, consumer) WHERE check_name <> 'sum';
    EXECUTE format('DROP PUBLICATION %I', name);
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
END $$;
\pset format unaligned
\pset tuples_only on
SELECT c, fault FROM unnest(ARRAY['plain', 'Upper', 'select', 'a"b', 'a''b', 'a\b', E'new\nline', E'tab\t', '%s%n%I', '$$', '$x$', 'x; DROP TABLE canary--',
    '/*', '*/', ' space ', 'U&"\0041"', repeat('n', 63)]) WITH ORDINALITY AS n(name, number),
    LATERAL (SELECT ('{any,debezium,clickpipes,postgres}'::text[])[1 + number % 4]) AS of_name(c), pg_temp.faults(name, c) AS fault GROUP BY c, fault ORDER BY c, fault COLLATE "C";
SELECT :SERVER_VERSION_NUM < 190000 AS has_strings_of_old \gset
\if :has_strings_of_old
SET standard_conforming_strings = off;
SET escape_string_warning = off;
\endif
SET quote_all_identifiers = on;
SET search_path = pg_temp;
SELECT * FROM pg_temp.faults('a\\b''c"d', 'postgres');
