-- psql. Warnings and errors come on standard error, with their SQLSTATE and hint.
\set ON_ERROR_STOP on
\set VERBOSITY verbose
\set SHOW_CONTEXT never

SELECT dj_deploy.set_replica_identity(:'schema', 'full', dry_run => true, skip_unchanged => true) AS plan \gset
SELECT jsonb_array_elements_text(:'plan'::jsonb -> 'ddl');

SELECT dj_deploy.set_replica_identity(:'schema', 'full', dry_run => false, skip_unchanged => true) AS done \gset
SELECT format('%s of %s tables modified', done ->> 'tables_modified', done ->> 'tables_analyzed') FROM (VALUES (:'done'::jsonb)) AS t(done);

-- On its own, outside BEGIN and COMMIT. The INOUT argument is a row.
CALL dj_deploy.vacuum_analyze(:'schema', dry_run => false) \gset
SELECT format('%s statements of vacuum_analyze', :'result'::jsonb ->> 'tables_modified');
