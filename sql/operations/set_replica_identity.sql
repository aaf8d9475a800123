-- set_replica_identity: both forms are the same C function, which reads its arguments by name.

CREATE FUNCTION dj_deploy.set_replica_identity(
    schema         text,
    mode           text    DEFAULT 'full',
    dry_run        boolean DEFAULT true,
    skip_unchanged boolean DEFAULT false
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_replica_identity';

COMMENT ON FUNCTION dj_deploy.set_replica_identity(text, text, boolean, boolean) IS
'Sets REPLICA IDENTITY FULL (mode ''full'': UPDATE and DELETE events carry the whole old row) or DEFAULT (mode ''default'': the primary key) on every user table of a schema. With dry_run only shows the statements; with skip_unchanged leaves out tables that are there already. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_replica_identity(
    target         regclass,
    mode           text    DEFAULT 'full',
    dry_run        boolean DEFAULT true,
    skip_unchanged boolean DEFAULT false
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_replica_identity';

COMMENT ON FUNCTION dj_deploy.set_replica_identity(regclass, text, boolean, boolean) IS
'Sets REPLICA IDENTITY FULL (mode ''full'': UPDATE and DELETE events carry the whole old row) or DEFAULT (mode ''default'': the primary key) on one table and, if it is partitioned, on its partitions. With dry_run only shows the statements; with skip_unchanged leaves out tables that are there already. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';
