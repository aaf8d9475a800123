-- set_autovacuum: all forms are the same C function, which reads its arguments by name.

CREATE FUNCTION dj_deploy.set_autovacuum(
    schema     text,
    parameters jsonb,
    dry_run    boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_autovacuum';

COMMENT ON FUNCTION dj_deploy.set_autovacuum(text, jsonb, boolean) IS
'Sets vacuum-related storage parameters (autovacuum_*, vacuum_*, toast.autovacuum_*, toast.vacuum_*) on all tables of a schema, hidden ones and partitions included: {"autovacuum_vacuum_scale_factor": 0.02, "toast.autovacuum_enabled": true, "autovacuum_analyze_threshold": null}; null resets. Only what differs is changed. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_autovacuum(
    target     regclass,
    parameters jsonb,
    dry_run    boolean  DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_autovacuum';

COMMENT ON FUNCTION dj_deploy.set_autovacuum(regclass, jsonb, boolean) IS
'Sets vacuum-related storage parameters (autovacuum_*, vacuum_*, toast.autovacuum_*, toast.vacuum_*) on one table or, if it is partitioned, on its partitions; null resets. Only what differs is changed. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_autovacuum(
    schemas    text[],
    parameters jsonb,
    dry_run    boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_autovacuum';

COMMENT ON FUNCTION dj_deploy.set_autovacuum(text[], jsonb, boolean) IS
'Sets vacuum-related storage parameters (autovacuum_*, vacuum_*, toast.autovacuum_*, toast.vacuum_*) on all tables of several schemas, hidden ones and partitions included: {"autovacuum_vacuum_scale_factor": 0.02, "toast.autovacuum_enabled": true, "autovacuum_analyze_threshold": null}; null resets. Only what differs is changed; one plan in one order, one transaction; a schema named twice counts once. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';
