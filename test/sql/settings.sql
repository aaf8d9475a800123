-- No setting, search_path or look-alike object of the caller changes what is planned or run, and none is changed.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA settings;
CREATE TABLE settings."Session" (id int PRIMARY KEY, note text);
CREATE TABLE settings."Session__a\b" (id int PRIMARY KEY REFERENCES settings."Session");
CREATE TABLE settings.plain (id int);
CREATE TABLE settings.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE settings.leaf PARTITION OF settings.root DEFAULT;
SET client_min_messages = error;
CREATE PUBLICATION regress_settings FOR TABLE settings."Session" (id) WHERE (id > 0);
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('settings') -> 'ddl' AS planned \gset
SELECT jsonb_array_elements_text(:'planned');

-- What the other operations plan, and what they do: all is undone again.
CREATE ROLE regress_settings;
CREATE FUNCTION settings.siblings(dry_run boolean) RETURNS pg_catalog.jsonb LANGUAGE plpgsql AS $$
DECLARE
    result pg_catalog.jsonb;
BEGIN
    BEGIN
        result := pg_catalog.jsonb_build_array(
            dj_deploy.set_publication_membership('settings', 'regress_new', dry_run => dry_run),
            dj_deploy.set_publication_membership('settings', 'regress_settings', dry_run => dry_run),
            dj_deploy.set_autovacuum('settings', '{"autovacuum_vacuum_scale_factor": 0.1, "vacuum_index_cleanup": "auto",
                "autovacuum_vacuum_cost_delay": 1.5, "toast.autovacuum_enabled": true}', dry_run => dry_run),
            dj_deploy.set_grants('settings', 'regress_settings', 'write', dry_run => dry_run));
        RAISE EXCEPTION SQLSTATE 'UNDO0';
    EXCEPTION WHEN SQLSTATE 'UNDO0' THEN NULL;
    END;
    RETURN pg_catalog.jsonb_path_query_array(result, '$[*].ddl[*]');
END $$;
SET client_min_messages = error;
SELECT settings.siblings(true) AS siblings \gset
RESET client_min_messages;
SELECT jsonb_array_elements_text(:'siblings');
CREATE TEMPORARY TABLE planned_siblings AS SELECT :'siblings'::jsonb AS planned;

-- Plans and runs under one setting, in both modes; says whether statements and catalog are as they should be.
CREATE FUNCTION settings.is_same(name text, value text, planned jsonb) RETURNS boolean LANGUAGE plpgsql
SET client_min_messages = error AS $$
DECLARE
    former text := current_setting(name);
    executed jsonb;
    identities text;
BEGIN
    PERFORM set_config(name, value, false);
    IF dj_deploy.set_replica_identity('settings') -> 'ddl' <> planned THEN RETURN false; END IF;
    executed := dj_deploy.set_replica_identity('settings', dry_run => false) -> 'ddl';
    identities := string_agg(relreplident::text, '') FROM pg_class
                  WHERE relnamespace = 'settings'::regnamespace AND relkind IN ('r', 'p');
    PERFORM dj_deploy.set_replica_identity('settings', 'default', false);
    -- Undoing takes an error, with which this setting would end the session.
    IF name <> 'exit_on_error' AND (SELECT settings.siblings(true) <> p.planned OR settings.siblings(false) <> p.planned
                                    FROM pg_temp.planned_siblings p) THEN RETURN false; END IF;
    PERFORM set_config(name, former, false);
    RETURN executed = planned AND identities = 'fffff';
END $$;

-- Settings that change how names are quoted, values are written, queries are planned or rows are seen.
-- (Compiled queries come below: "enable_seqscan = off" would compile all of them.)
SET jit = off;
SELECT name, value, settings.is_same(name, value, :'planned') FROM (VALUES
    ('array_nulls', 'off'), ('backslash_quote', 'off'), ('bytea_output', 'escape'),
    ('check_function_bodies', 'off'), ('client_encoding', 'SQL_ASCII'), ('constraint_exclusion', 'on'),
    ('cursor_tuple_fraction', '0'), ('DateStyle', 'German, DMY'), ('default_transaction_isolation', 'serializable'),
    ('enable_bitmapscan', 'off'), ('enable_hashagg', 'off'), ('enable_hashjoin', 'off'),
    ('enable_indexscan', 'off'), ('enable_mergejoin', 'off'), ('enable_nestloop', 'off'), ('enable_seqscan', 'off'),
    ('enable_sort', 'off'), ('exit_on_error', 'on'), ('extra_float_digits', '-15'), ('from_collapse_limit', '1'),
    ('geqo_threshold', '2'), ('IntervalStyle', 'iso_8601'), ('join_collapse_limit', '1'), ('lc_messages', 'C'),
    ('lc_numeric', 'C'), ('lock_timeout', '1'), ('max_parallel_workers_per_gather', '8'),
    ('parallel_setup_cost', '0'), ('plan_cache_mode', 'force_generic_plan'),
    ('plan_cache_mode', 'force_custom_plan'), ('quote_all_identifiers', 'on'),
    ('recursive_worktable_factor', '1e6'), ('row_security', 'off'), ('session_replication_role', 'replica'),
    ('session_replication_role', 'local'), ('TimeZone', 'Asia/Kathmandu'), ('transform_null_equals', 'on'),
    ('work_mem', '64kB'), ('xmloption', 'document')) setting (name, value);

-- Compiled queries, in a dry run only, because it takes its time.
SET jit = on;
SET jit_above_cost = 0;
SELECT dj_deploy.set_replica_identity('settings') -> 'ddl' = :'planned';
SET jit = off;

-- The same for settings that not every server has.
SELECT settings.is_same(name, value, :'planned') AS result FROM (VALUES
    ('debug_parallel_query', 'on'), ('debug_parallel_query', 'regress'), ('force_parallel_mode', 'on'),
    ('event_triggers', 'off'), ('restrict_nonsystem_relation_kind', 'view, foreign-table'),
    ('enable_group_by_reordering', 'off'), ('enable_self_join_elimination', 'off'),
    ('enable_presorted_aggregate', 'off'), ('enable_eager_aggregate', 'off')) setting (name, value)
WHERE name IN (SELECT name FROM pg_settings) GROUP BY result;

-- In a schema of someone else, look-alikes of what the extension's queries use; each leaves a trace when it is called.
CREATE SCHEMA evil;
CREATE TABLE evil.trace (name text);
SELECT format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql
              AS $$BEGIN INSERT INTO evil.trace VALUES (%L); RETURN NULL; END$$', name, arguments, result, name)
FROM (VALUES
    ('starts_with', 'text, text', 'bool'), ('pg_has_role', 'oid, text', 'bool'),
    ('jsonb_build_object', 'VARIADIC text[]', 'jsonb'), ('to_jsonb', 'anyelement', 'jsonb'),
    ('to_jsonb', 'text[]', 'jsonb'), ('regexp_matches', 'text, text, text', 'text[]'), ('count', '', 'bigint'),
    ('format', 'text, VARIADIC text[]', 'text'), ('relation_is_a_known_shard', 'regclass', 'bool'),
    ('equal', 'oid, oid', 'bool'), ('equal', 'text, text', 'bool'), ('equal', 'name, name', 'bool'),
    ('equal', '"char", "char"', 'bool'), ('equal', 'bool, bool', 'bool'), ('equal', 'smallint, smallint', 'bool'),
    ('concatenate', 'text, text', 'text'), ('concatenate', 'jsonb, jsonb', 'jsonb'), ('to_text', 'int4', 'text'),
    ('to_oid', 'text', 'oid')) look_alike (name, arguments, result) \gexec
SELECT format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.equal)', operator, type, type)
FROM unnest(ARRAY['oid', 'text', 'name', '"char"', 'bool', 'smallint']) type,
     unnest(ARRAY['=', '<>', '<', '>', '>=', '~~']) operator \gexec
CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.concatenate);
CREATE OPERATOR evil.|| (LEFTARG = jsonb, RIGHTARG = jsonb, FUNCTION = evil.concatenate);
CREATE CAST (int4 AS text) WITH FUNCTION evil.to_text AS IMPLICIT;
CREATE CAST (text AS oid) WITH FUNCTION evil.to_oid AS IMPLICIT;
CREATE VIEW evil.pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false;
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (VALUE = 'evil');

-- Temporary objects come first in any search_path that does not say otherwise.
CREATE TEMPORARY TABLE pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false;
CREATE TEMPORARY TABLE pg_namespace AS SELECT * FROM pg_catalog.pg_namespace WHERE false;
CREATE TEMPORARY TABLE pg_constraint AS SELECT * FROM pg_catalog.pg_constraint WHERE false;
CREATE DOMAIN pg_temp.oid AS pg_catalog.oid CHECK (VALUE < 0::pg_catalog.oid);

-- What an event trigger sees while a table is altered is the caller's path.
CREATE FUNCTION settings.report() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'search_path at %: %', TG_EVENT, pg_catalog.current_setting('search_path');
END $$;
CREATE EVENT TRIGGER settings_start ON ddl_command_start EXECUTE FUNCTION settings.report();
CREATE EVENT TRIGGER settings_end ON ddl_command_end EXECUTE FUNCTION settings.report();

-- The same statements, first and last table altered alike, nothing called, nothing forgotten.
SET search_path = evil, pg_catalog;
SELECT dj_deploy.set_replica_identity('settings');
SELECT dj_deploy.set_replica_identity('settings."Session"'::regclass, dry_run => false);
SHOW search_path;
SET search_path = pg_temp, evil;
SELECT dj_deploy.set_replica_identity('settings');
SHOW search_path;
SELECT dj_deploy.set_replica_identity('nowhere');
SHOW search_path;
SET search_path = '';
SELECT dj_deploy.set_replica_identity('settings.plain'::regclass, dry_run => false);
SHOW search_path;
SET client_min_messages = error;
SET search_path = evil, pg_temp, pg_catalog;
SELECT pg_catalog.jsonb_array_length(settings.siblings(false));
RESET client_min_messages;
TABLE evil.trace;
RESET search_path;
SELECT relname, relreplident FROM pg_catalog.pg_class
WHERE relnamespace = 'settings'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname;

-- The look-alikes would have worked: called like this they leave their trace.
SET search_path = evil, pg_catalog;
SELECT starts_with('a'::pg_catalog.text, 'a'::pg_catalog.text), 1::pg_catalog.oid = 1::pg_catalog.oid;
RESET search_path;
SELECT name FROM evil.trace ORDER BY name;

-- SET LOCAL stays local, and a function's own path stays its own.
BEGIN;
SET LOCAL search_path = settings;
SELECT dj_deploy.set_replica_identity('plain'::regclass, dry_run => false) -> 'tables_modified';
SHOW search_path;
COMMIT;
SHOW search_path;

SET client_min_messages = error;
DROP EVENT TRIGGER settings_start;
DROP EVENT TRIGGER settings_end;
DROP PUBLICATION regress_settings;
DROP TABLE pg_temp.planned_siblings, pg_temp.pg_class, pg_temp.pg_namespace, pg_temp.pg_constraint;
DROP SCHEMA settings, evil CASCADE;
DROP ROLE regress_settings;
