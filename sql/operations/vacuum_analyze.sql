-- vacuum_analyze: procedures, because PostgreSQL refuses VACUUM in a transaction block. All forms are the same C function.

CREATE PROCEDURE dj_deploy.vacuum_analyze(
    schema       text,
    dry_run      boolean DEFAULT true,
    jobs         integer DEFAULT 1,
    INOUT result jsonb   DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'dj_deploy_vacuum_analyze';

COMMENT ON PROCEDURE dj_deploy.vacuum_analyze(text, boolean, integer, jsonb) IS
'Vacuums and analyzes all tables and materialized views of a schema, hidden ones and partitions included, each in transactions of its own, by as many as jobs (1 to 1024) background workers with the role and the settings of the caller. Tables that the caller may not maintain are skipped with a warning; a failure does not stop the others and is an error at the end. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was skipped, "skipped".';

CREATE PROCEDURE dj_deploy.vacuum_analyze(
    target       regclass,
    dry_run      boolean  DEFAULT true,
    jobs         integer  DEFAULT 1,
    INOUT result jsonb    DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'dj_deploy_vacuum_analyze';

COMMENT ON PROCEDURE dj_deploy.vacuum_analyze(regclass, boolean, integer, jsonb) IS
'Vacuums and analyzes one table or materialized view or, if it is partitioned, its partitions, each in transactions of its own, by as many as jobs (1 to 1024) background workers with the role and the settings of the caller. Tables that the caller may not maintain are skipped with a warning; a failure does not stop the others and is an error at the end. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was skipped, "skipped".';

CREATE PROCEDURE dj_deploy.vacuum_analyze(
    schemas      text[],
    dry_run      boolean DEFAULT true,
    jobs         integer DEFAULT 1,
    INOUT result jsonb   DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'dj_deploy_vacuum_analyze';

COMMENT ON PROCEDURE dj_deploy.vacuum_analyze(text[], boolean, integer, jsonb) IS
'Vacuums and analyzes all tables and materialized views of several schemas, in one order, hidden ones and partitions included, each in transactions of its own, by as many as jobs (1 to 1024) background workers with the role and the settings of the caller. Tables that the caller may not maintain are skipped with a warning; a failure does not stop the others and is an error at the end. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was skipped, "skipped".';
