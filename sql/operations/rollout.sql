-- rollout: a procedure, because it commits after each statement.

CREATE PROCEDURE dj_deploy.rollout(
    plan         jsonb,
    dry_run      boolean  DEFAULT true,
    max_wait     interval DEFAULT '10 min',
    INOUT result jsonb    DEFAULT NULL
)
LANGUAGE C
AS 'MODULE_PATHNAME', 'dj_deploy_rollout';

COMMENT ON PROCEDURE dj_deploy.rollout(jsonb, boolean, interval, jsonb) IS
'Executes a plan of the set_ functions (their result, or an array of such statements) one transaction for each statement, without ever waiting in a lock queue: a busy table is tried again until max_wait, an interval, is over. What is done stays done; what is left is an error at the end that names the tables and their blockers. With dry_run only shows the statements and present blockers. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';
