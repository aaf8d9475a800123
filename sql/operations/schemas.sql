-- schemas: a report.

CREATE FUNCTION dj_deploy.schemas(
) RETURNS TABLE (
    schema_name  text,
    owner        text,
    is_datajoint boolean,
    tables       bigint,
    hidden       bigint,
    partitions   bigint,
    bytes        bigint,
    identity     text,
    publications text[],
    invalid      bigint
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_schemas';

COMMENT ON FUNCTION dj_deploy.schemas() IS
'The schemas of the database by name, without those of the system and of extensions: owner, whether DataJoint declared it (it has the hidden table ~lineage or ~log), number of user tables, hidden tables and partitions in it, bytes of all of them with indexes and TOAST, replica identity of tables and partitions (full, or, where they differ, full 12, default 3), the publications that publish any of them, and how many indexes are not valid. Never waits for a lock. All schemas of DataJoint: ARRAY(SELECT schema_name FROM dj_deploy.schemas() WHERE is_datajoint).';
