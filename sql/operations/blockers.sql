-- blockers: a report. Both forms are the same C function.

CREATE FUNCTION dj_deploy.blockers(
    schema text
) RETURNS TABLE (
    schema_name text,
    table_name  text,
    pid         integer,
    role        text,
    application text,
    state       text,
    age         interval,
    mode        text,
    granted     boolean,
    blocks      text[]
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_blockers';

COMMENT ON FUNCTION dj_deploy.blockers(text) IS
'Who holds, or waits for (granted false), a lock on a table of a schema or a partition of it that a change would wait for: process (null for a prepared transaction), role, application, state and age of its transaction (both null where the caller may not see them), lock mode, and which operations of dj_deploy it keeps waiting. Those who hold a lock come before those who wait for one; within each, the longest transaction first.';

CREATE FUNCTION dj_deploy.blockers(
    schemas text[]
) RETURNS TABLE (
    schema_name text,
    table_name  text,
    pid         integer,
    role        text,
    application text,
    state       text,
    age         interval,
    mode        text,
    granted     boolean,
    blocks      text[]
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_blockers';

COMMENT ON FUNCTION dj_deploy.blockers(text[]) IS
'Who holds, or waits for (granted false), a lock on a table of several schemas or a partition of it that a change would wait for: process (null for a prepared transaction), role, application, state and age of its transaction (both null where the caller may not see them), lock mode, and which operations of dj_deploy it keeps waiting. Those who hold a lock come before those who wait for one; within each, the longest transaction first.';
