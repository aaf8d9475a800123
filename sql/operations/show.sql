-- show: a report about a result.

CREATE FUNCTION dj_deploy.show(
    result jsonb
) RETURNS TABLE (
    number      bigint,
    schema_name text,
    table_name  text,
    change      text,
    lock        text,
    statement   text
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_show';

COMMENT ON FUNCTION dj_deploy.show(jsonb) IS
'A result of any call (a set_ function, apply, a procedure, or its ddl alone) as rows: a row for each statement with its number, the table or schema that it is about, what it changes, the lock that it takes on the table and the statement itself; then what is skipped, with a remedy where there is one, and what apply refuses; finally the sum. A statement of another kind, or one that this server cannot parse, is shown as it is.';
