-- Each check is a row that comes only if it holds.
\set lab lab
\set audit audit
\set nothing nothing
\set true true
\set number_full 'SELECT count(*) AS full FROM pg_class WHERE relkind = \'r\' AND relreplident = \'f\' AND relnamespace = '

SELECT dj_deploy.set_replica_identity(:'lab', 'full', dry_run => :'true') AS plan \gset
:number_full 'lab'::regnamespace \gset
SELECT 'ok dry run: the result decoded, nothing done'
FROM jsonb_to_record(:'plan') AS plan(tables_analyzed int, tables_modified int, ddl text[])
WHERE tables_analyzed = 15 AND tables_modified = 0 AND cardinality(ddl) = 15 AND :full = 0
    AND ddl[1] = 'ALTER TABLE "lab"."#rig" REPLICA IDENTITY FULL';

SELECT dj_deploy.set_replica_identity(:'lab', dry_run => false) -> 'tables_modified' AS modified \gset
:number_full 'lab'::regnamespace \gset
SELECT 'ok run: the catalog has it' WHERE :modified = 15 AND :full = 15;

\set table lab.subject
SELECT dj_deploy.set_replica_identity(:'table'::regclass, 'default', dry_run => false) -> 'ddl' AS ddl \gset
:number_full 'lab'::regnamespace \gset
SELECT 'ok one table as regclass' WHERE :full = 14 AND :'ddl' = '["ALTER TABLE \"lab\".\"subject\" REPLICA IDENTITY DEFAULT"]';

SELECT dj_deploy.set_replica_identity(:'lab', 'full', dry_run => false, skip_unchanged => :'true') -> 'tables_modified' AS first \gset
SELECT dj_deploy.set_replica_identity(:'lab', 'full', dry_run => false, skip_unchanged => :'true') -> 'tables_modified' AS second \gset
SELECT 'ok boolean parameters: skip_unchanged' WHERE :first = 1 AND :second = 0;

\set parameters '{"autovacuum_vacuum_insert_scale_factor": 0.05, "autovacuum_enabled": true}'
SELECT FROM dj_deploy.set_autovacuum(:'lab', :'parameters', dry_run => false);
SELECT reloptions AS was FROM pg_class WHERE oid = 'lab.session'::regclass \gset
\set parameters '{"autovacuum_vacuum_insert_scale_factor": null, "autovacuum_enabled": null}'
SELECT FROM dj_deploy.set_autovacuum(:'lab', :'parameters', dry_run => false);
SELECT 'ok jsonb parameter: set_autovacuum sets and resets' FROM pg_class
WHERE oid = 'lab.session'::regclass AND reloptions IS NULL
    AND :'was'::text[] @> '{autovacuum_enabled=true,autovacuum_vacuum_insert_scale_factor=0.05}';

\set schemas '{lab,ephys}'
SELECT dj_deploy.describe(VARIADIC :'schemas') AS environment \gset
SELECT 'ok text[] parameter: describe VARIADIC' WHERE :'environment'::jsonb @@ '$.schemas.lab.replica_identity == "full"'
    AND :'environment'::jsonb @@ '$.schemas.ephys.replica_identity == "default"';
SELECT dj_deploy.apply(:'environment') -> 'ddl' AS nothing_to_do,
    jsonb_set(:'environment', '{schemas,ephys,replica_identity}', '"full"') AS environment \gset
SELECT jsonb_array_length(dj_deploy.apply(:'environment', dry_run => false) -> 'changes') AS changes \gset
:number_full 'ephys'::regnamespace \gset
SELECT 'ok jsonb there and back: apply of describe, then of a change' WHERE :'nothing_to_do' = '[]' AND :changes = 17 AND :full = 17;

SELECT 'ok rows of a report: text, text[], bigint, jsonb, null' FROM dj_deploy.tables(:'lab')
HAVING count(*) = 16 AND count(*) FILTER (WHERE table_name = 'session' AND tier = 'manual' AND primary_key = '{subject_id,session}'
    AND bytes > 0 AND autovacuum = '{}' AND last_vacuum IS NULL) = 1;

CALL dj_deploy.vacuum_analyze('behavior', dry_run => false) \gset
SELECT 'ok CALL vacuum_analyze: its INOUT result' FROM pg_class
WHERE relnamespace = 'behavior'::regnamespace AND relkind = 'r'
HAVING bool_and(reltuples >= 0) AND jsonb_array_length(:'result'::jsonb -> 'ddl') = (:'result'::jsonb -> 'tables_modified')::int;
SELECT pg_relation_filenode('lab.subject_pkey') AS before \gset
CALL dj_deploy.reindex(:'table'::regclass, dry_run => false) \gset
SELECT 'ok CALL reindex: its INOUT result' WHERE pg_relation_filenode('lab.subject_pkey') <> :before
    AND :'result'::jsonb -> 'ddl' = '["REINDEX TABLE CONCURRENTLY \"lab\".\"subject\""]';
SELECT dj_deploy.set_replica_identity('behavior') AS plan \gset
CALL dj_deploy.rollout(:'plan', dry_run => false) \gset
:number_full 'behavior'::regnamespace \gset
SELECT 'ok CALL rollout of a plan bound as jsonb' WHERE :'plan'::jsonb -> 'ddl' = :'result'::jsonb -> 'ddl' AND :full = 13;
CALL dj_deploy.reindex(:'audit', dry_run => false) \gset
SELECT concat_ws('.', skipped ->> 'schema_name', skipped ->> 'table_name') AS skipped
FROM jsonb_array_elements(:'result'::jsonb -> 'skipped') AS skipped \gset
\warn skipped: :skipped

SELECT dj_deploy.set_replica_identity(:'lab', :'nothing');
SELECT 'ok error 22023: a wrong mode'
WHERE :'LAST_ERROR_SQLSTATE' = '22023' AND :'LAST_ERROR_MESSAGE' = 'mode must be ''default'' or ''full''; got ''nothing''';
SELECT dj_deploy.set_replica_identity('lab.session');
SELECT 'ok error 3F000: no such schema; text is never a table' WHERE :'LAST_ERROR_SQLSTATE' = '3F000' AND :'LAST_ERROR_MESSAGE' = 'schema "lab.session" does not exist';
SELECT dj_deploy.set_replica_identity(:'audit', dry_run => false);
:number_full 'audit'::regnamespace \gset
SELECT 'ok error 42501: a table of another owner, and nothing done'
WHERE :'LAST_ERROR_SQLSTATE' = '42501' AND :'LAST_ERROR_MESSAGE' = 'must be owner of table "audit.entry"' AND :full = 0;
BEGIN;
CALL dj_deploy.vacuum_analyze(:'lab', dry_run => false);
ROLLBACK;
BEGIN;
SELECT dj_deploy.set_replica_identity(:'lab', 'default', dry_run => false) -> 'tables_modified' AS inside \gset
ROLLBACK;
:number_full 'lab'::regnamespace \gset
SELECT 'ok a run is rolled back with the driver''s transaction' WHERE :inside = 15 AND :full = 15;
SELECT dj_deploy.set_replica_identity(:'lab', 'default', dry_run => false) -> 'tables_modified' AS after \gset
:number_full 'lab'::regnamespace \gset
SELECT 'ok the session works on after the errors' WHERE :after = 15 AND :full = 0;
