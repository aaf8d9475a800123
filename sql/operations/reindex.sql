-- reindex: procedures, because PostgreSQL refuses REINDEX CONCURRENTLY in a transaction block. All forms are the same C function.

CREATE PROCEDURE dj_deploy.reindex(
    schema       text,
    dry_run      boolean DEFAULT true,
    concurrently boolean DEFAULT true,
    jobs         integer DEFAULT 1,
    INOUT result jsonb   DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'dj_deploy_reindex';

COMMENT ON PROCEDURE dj_deploy.reindex(text, boolean, boolean, integer, jsonb) IS
'Rebuilds the indexes of all tables and materialized views of a schema, hidden ones and partitions included, each in transactions of its own, by as many as jobs (1 to 1024) background workers with the role and the settings of the caller, without locking out readers or writers unless concurrently is false. Tables that the caller may not maintain are skipped with a warning; so are indexes that are not valid, with the statement that removes them. A failure does not stop the others and is an error at the end. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was skipped, "skipped": [{"schema_name": text, "table_name": text, "object": text, "reason": text, "remedy": text}, ...], object and remedy of indexes only.';

CREATE PROCEDURE dj_deploy.reindex(
    target       regclass,
    dry_run      boolean  DEFAULT true,
    concurrently boolean  DEFAULT true,
    jobs         integer  DEFAULT 1,
    INOUT result jsonb    DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'dj_deploy_reindex';

COMMENT ON PROCEDURE dj_deploy.reindex(regclass, boolean, boolean, integer, jsonb) IS
'Rebuilds the indexes of one table or materialized view or, if it is partitioned, its partitions, each in transactions of its own, by as many as jobs (1 to 1024) background workers with the role and the settings of the caller, without locking out readers or writers unless concurrently is false. Tables that the caller may not maintain are skipped with a warning; so are indexes that are not valid, with the statement that removes them. A failure does not stop the others and is an error at the end. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was skipped, "skipped": [{"schema_name": text, "table_name": text, "object": text, "reason": text, "remedy": text}, ...], object and remedy of indexes only.';

CREATE PROCEDURE dj_deploy.reindex(
    schemas      text[],
    dry_run      boolean DEFAULT true,
    concurrently boolean DEFAULT true,
    jobs         integer DEFAULT 1,
    INOUT result jsonb   DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'dj_deploy_reindex';

COMMENT ON PROCEDURE dj_deploy.reindex(text[], boolean, boolean, integer, jsonb) IS
'Rebuilds the indexes of all tables and materialized views of several schemas, in one order, hidden ones and partitions included, each in transactions of its own, by as many as jobs (1 to 1024) background workers with the role and the settings of the caller, without locking out readers or writers unless concurrently is false. Tables that the caller may not maintain are skipped with a warning; so are indexes that are not valid, with the statement that removes them. A failure does not stop the others and is an error at the end. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was skipped, "skipped": [{"schema_name": text, "table_name": text, "object": text, "reason": text, "remedy": text}, ...], object and remedy of indexes only.';
