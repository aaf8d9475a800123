-- set_autovacuum sets storage parameters about vacuum, on a real pipeline and on tables of every kind.
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

-- The parameters of a schema's tables and of their TOAST tables.
CREATE FUNCTION pg_temp.options(schema text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s%s', c.relname, c.reloptions, ' toast ' || t.reloptions::text)
    FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
    WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname COLLATE "C"
$$;
PREPARE show_traces AS
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS has_xid, count(*) FILTER (WHERE relation >= 16384) AS user_locks
    FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid();

-- A real pipeline, hidden tables included: what the dry run shows is what a run does, the second plan is empty and a second
-- run leaves no trace.
\set parameters '{"autovacuum_vacuum_insert_scale_factor": 0.05, "toast.autovacuum_enabled": true}'
SELECT jsonb_pretty(dj_deploy.set_autovacuum('analysis', :'parameters'));
SELECT DISTINCT reloptions FROM pg_class WHERE relnamespace = 'analysis'::regnamespace AND relkind = 'r';
SELECT dj_deploy.set_autovacuum('analysis', :'parameters') -> 'ddl' AS planned \gset
SELECT result - 'ddl', result -> 'ddl' = :'planned'
FROM dj_deploy.set_autovacuum('analysis', :'parameters', false) result;
SELECT pg_temp.options('analysis');
SELECT dj_deploy.set_autovacuum('analysis', :'parameters');
BEGIN;
SELECT dj_deploy.set_autovacuum('analysis', :'parameters', false);
EXECUTE show_traces;
COMMIT;
BEGIN;
SELECT dj_deploy.set_autovacuum('lab', :'parameters') -> 'tables_analyzed';
EXECUTE show_traces;
COMMIT;

-- The statements of a dry run do the same as a run.
SELECT jsonb_array_elements_text(dj_deploy.set_autovacuum('lab', :'parameters') -> 'ddl') \gexec
SELECT dj_deploy.set_autovacuum('lab', :'parameters');

SET client_min_messages = error;
DROP SCHEMA lab, behavior, ephys, analysis CASCADE;

-- Tables of every kind.
CREATE SCHEMA tune;
CREATE SCHEMA tune_other;
CREATE TABLE tune.session (id int PRIMARY KEY, note text)
    WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.010, toast.autovacuum_vacuum_threshold = 7);
CREATE TABLE tune.session__trial (id int PRIMARY KEY REFERENCES tune.session);
CREATE TABLE tune."~log" (id int) WITH (autovacuum_enabled = off, autovacuum_analyze_threshold = 5);
CREATE UNLOGGED TABLE tune.scratch (id int);
CREATE TABLE tune.root (id int) PARTITION BY RANGE (id);
CREATE TABLE tune.leaf PARTITION OF tune.root FOR VALUES FROM (0) TO (10);
CREATE TABLE tune.branch PARTITION OF tune.root DEFAULT PARTITION BY RANGE (id);
CREATE TABLE tune_other.leaf PARTITION OF tune.branch DEFAULT;
CREATE VIEW tune.view WITH (security_barrier) AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW tune.materialized AS SELECT 1 AS one;
CREATE TEMPORARY TABLE temporary (id int);
RESET client_min_messages;

-- Only what differs, in one statement a table, after its parents; partitioned tables have no such parameters.
SELECT jsonb_pretty(dj_deploy.set_autovacuum('tune',
    '{"autovacuum_vacuum_scale_factor": 0.01, "autovacuum_enabled": true, "autovacuum_analyze_threshold": null,
      "toast.autovacuum_vacuum_threshold": 8, "vacuum_index_cleanup": "auto"}', false));
SELECT pg_temp.options('tune');
SELECT pg_temp.options('tune_other');

-- Values that mean the same plan nothing, however they are written.
SELECT parameters, dj_deploy.set_autovacuum('tune.session'::regclass, parameters) -> 'ddl' FROM (VALUES
    ('{"autovacuum_vacuum_scale_factor": 0.0100}'::jsonb), ('{"autovacuum_vacuum_scale_factor": 1e-2}'),
    ('{"autovacuum_vacuum_scale_factor": "1e-2"}'), ('{"autovacuum_vacuum_scale_factor": ".01"}'),
    ('{"autovacuum_vacuum_scale_factor": 0.01000001}'), ('{"autovacuum_enabled": "on"}'), ('{"autovacuum_enabled": "yes"}'),
    ('{"autovacuum_enabled": 1}'), ('{"autovacuum_enabled": false}'), ('{"toast.autovacuum_vacuum_threshold": 8.0}'),
    ('{"toast.autovacuum_vacuum_threshold": "0x8"}'), ('{"toast.autovacuum_vacuum_threshold": "8"}'),
    ('{"vacuum_index_cleanup": "AUTO"}'), ('{"vacuum_index_cleanup": true}')) given (parameters);

-- A default that is set is not the same as one that is not.
SELECT dj_deploy.set_autovacuum('tune.session'::regclass, '{"toast.autovacuum_enabled": true, "vacuum_truncate": true}') -> 'ddl';

-- null resets what is named and nothing else; what is not set needs no reset.
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacuum_scale_factor": null, "toast.autovacuum_vacuum_threshold": null,
    "vacuum_truncate": null, "autovacuum_vacuum_cost_limit": 100}', false) -> 'ddl';
SELECT pg_temp.options('tune');

-- One table: with its leaves when it is partitioned; an empty object asks for nothing.
SELECT dj_deploy.set_autovacuum('tune.root'::regclass, '{"autovacuum_enabled": null}');
SELECT dj_deploy.set_autovacuum('tune."~log"'::regclass, '{"autovacuum_enabled": null}');
SELECT dj_deploy.set_autovacuum('tune', '{}', false);

-- Names that this server does not know, with near ones.
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacum_scale_factor": 0.1}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"toast.autovacuum_enable": true}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"toast.autovacuum_analyze_threshold": 1}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"TOAST.autovacuum_enabled": 1}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"Autovacuum_enabled": true}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"fillfactor": 70}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"": 1}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled) ; DROP TABLE tune.session; --": 1}'); \echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT dj_deploy.set_autovacuum('tune', jsonb_build_object(repeat('autovacuum_', 1000), 1));
\set VERBOSITY default

-- Values out of range, or of no use.
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacuum_scale_factor": 101}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacuum_scale_factor": -0.1}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacuum_scale_factor": "NaN"}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacuum_scale_factor": "Infinity"}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacuum_scale_factor": "1e400"}'); \echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacuum_scale_factor": 1e400}');
\set VERBOSITY default
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_vacuum_threshold": 2147483648}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": "maybe"}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": ""}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": "on'', fillfactor = 10, x = ''"}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": [true]}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum": {"enabled": true}}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": {"value": true}}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '["autovacuum_enabled"]'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '"autovacuum_enabled"'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', 'null'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', NULL); \echo :SQLSTATE
-- A key given twice: jsonb keeps the last.
SELECT dj_deploy.set_autovacuum('tune.session'::regclass, '{"autovacuum_enabled": false, "autovacuum_enabled": true}') -> 'ddl';
-- Parameters are checked before the catalog is read.
SELECT dj_deploy.set_autovacuum('nowhere', '{"autovacuum_enabled": "maybe"}'); \echo :SQLSTATE

-- Other refusals.
SELECT dj_deploy.set_autovacuum('nowhere', '{}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune.view'::regclass, '{}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('information_schema', '{}'); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune', '{}', NULL); \echo :SQLSTATE
BEGIN READ ONLY;
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": null}') -> 'ddl';
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": null}', false); \echo :SQLSTATE
ROLLBACK;
CREATE ROLE regress_tune;
GRANT USAGE ON SCHEMA tune TO regress_tune;
ALTER TABLE tune."~log" OWNER TO regress_tune;
SET ROLE regress_tune;
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": null}') -> 'ddl';
SELECT dj_deploy.set_autovacuum('tune', '{"autovacuum_enabled": null}', false); \echo :SQLSTATE
SELECT dj_deploy.set_autovacuum('tune."~log"'::regclass, '{"autovacuum_enabled": null}', false) -> 'ddl';
RESET ROLE;
SELECT pg_temp.options('tune');

-- A run holds SHARE UPDATE EXCLUSIVE on each table and its TOAST table: reading and writing go on.
BEGIN;
SELECT dj_deploy.set_autovacuum('tune.session'::regclass, '{"autovacuum_enabled": false}', false) -> 'tables_modified';
SELECT relkind, mode FROM pg_locks JOIN pg_class c ON c.oid = relation
WHERE pid = pg_backend_pid() AND relation >= 16384 AND mode <> 'AccessShareLock' AND relkind IN ('r', 't') ORDER BY relkind;
ROLLBACK;

SET client_min_messages = error;
DROP SCHEMA tune, tune_other CASCADE;
DROP ROLE regress_tune;
