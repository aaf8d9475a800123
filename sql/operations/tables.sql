-- tables: a report. Both forms are the same C function.

CREATE FUNCTION dj_deploy.tables(
    schema text
) RETURNS TABLE (
    schema_name      text,
    table_name       text,
    tier             text,
    kind             text,
    primary_key      text[],
    replica_identity text,
    publications     text[],
    persistence      text,
    owner            text,
    autovacuum       jsonb,
    live_rows        bigint,
    bytes            bigint,
    toast_bytes      bigint,
    last_vacuum      timestamptz,
    last_analyze     timestamptz,
    invalid_indexes  text[]
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_tables';

COMMENT ON FUNCTION dj_deploy.tables(text) IS
'The tables of a schema and the partitions of them elsewhere, hidden ones included, by schema and name: tier in DataJoint (null for other names), kind, primary key, replica identity, the publications that publish it, persistence, owner, vacuum-related storage parameters as set_autovacuum takes them, estimated rows and bytes (null for partitioned tables; bytes with indexes and TOAST), last vacuum and analyze, manual or automatic, and the indexes that are not valid (of its TOAST table, too), which a rebuild that was cut short has left behind. Never waits for a lock.';

CREATE FUNCTION dj_deploy.tables(
    schemas text[]
) RETURNS TABLE (
    schema_name      text,
    table_name       text,
    tier             text,
    kind             text,
    primary_key      text[],
    replica_identity text,
    publications     text[],
    persistence      text,
    owner            text,
    autovacuum       jsonb,
    live_rows        bigint,
    bytes            bigint,
    toast_bytes      bigint,
    last_vacuum      timestamptz,
    last_analyze     timestamptz,
    invalid_indexes  text[]
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_tables';

COMMENT ON FUNCTION dj_deploy.tables(text[]) IS
'The tables of several schemas and the partitions of them elsewhere, hidden ones included, by schema and name, a schema named twice once: tier in DataJoint (null for other names), kind, primary key, replica identity, the publications that publish it, persistence, owner, vacuum-related storage parameters as set_autovacuum takes them, estimated rows and bytes (null for partitioned tables; bytes with indexes and TOAST), last vacuum and analyze, manual or automatic, and the indexes that are not valid (of its TOAST table, too), which a rebuild that was cut short has left behind. Never waits for a lock.';
