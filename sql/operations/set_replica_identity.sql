-- set_replica_identity: all forms are the same C function, which reads its arguments by name.

CREATE FUNCTION dj_deploy.set_replica_identity(
    schema  text,
    mode    text    DEFAULT 'full',
    dry_run boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_replica_identity';

COMMENT ON FUNCTION dj_deploy.set_replica_identity(text, text, boolean) IS
'Sets REPLICA IDENTITY FULL (mode ''full'': UPDATE and DELETE events carry the whole old row) or DEFAULT (mode ''default'': the primary key) on every user table of a schema. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_replica_identity(
    target  regclass,
    mode    text     DEFAULT 'full',
    dry_run boolean  DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_replica_identity';

COMMENT ON FUNCTION dj_deploy.set_replica_identity(regclass, text, boolean) IS
'Sets REPLICA IDENTITY FULL (mode ''full'': UPDATE and DELETE events carry the whole old row) or DEFAULT (mode ''default'': the primary key) on one table and, if it is partitioned, on its partitions. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_replica_identity(
    schemas text[],
    mode    text    DEFAULT 'full',
    dry_run boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_replica_identity';

COMMENT ON FUNCTION dj_deploy.set_replica_identity(text[], text, boolean) IS
'Sets REPLICA IDENTITY FULL (mode ''full'': UPDATE and DELETE events carry the whole old row) or DEFAULT (mode ''default'': the primary key) on every user table of several schemas, in one order and one transaction; a schema named twice counts once. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

-- With a fourth argument, and without defaults: so no call means two functions.

CREATE FUNCTION dj_deploy.set_replica_identity(
    schema         text,
    mode           text,
    dry_run        boolean,
    skip_unchanged boolean
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_replica_identity';

COMMENT ON FUNCTION dj_deploy.set_replica_identity(text, text, boolean, boolean) IS
'Sets REPLICA IDENTITY FULL (mode ''full'': UPDATE and DELETE events carry the whole old row) or DEFAULT (mode ''default'': the primary key) on every user table of a schema. With skip_unchanged leaves out tables that already have it. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_replica_identity(
    target         regclass,
    mode           text,
    dry_run        boolean,
    skip_unchanged boolean
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_replica_identity';

COMMENT ON FUNCTION dj_deploy.set_replica_identity(regclass, text, boolean, boolean) IS
'Sets REPLICA IDENTITY FULL (mode ''full'': UPDATE and DELETE events carry the whole old row) or DEFAULT (mode ''default'': the primary key) on one table and, if it is partitioned, on its partitions. With skip_unchanged leaves out tables that already have it. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_replica_identity(
    schemas        text[],
    mode           text,
    dry_run        boolean,
    skip_unchanged boolean
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_replica_identity';

COMMENT ON FUNCTION dj_deploy.set_replica_identity(text[], text, boolean, boolean) IS
'Sets REPLICA IDENTITY FULL (mode ''full'': UPDATE and DELETE events carry the whole old row) or DEFAULT (mode ''default'': the primary key) on every user table of several schemas, in one order and one transaction; a schema named twice counts once. With skip_unchanged leaves out tables that already have it. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';
