-- check_cdc: a report.

CREATE FUNCTION dj_deploy.check_cdc(
    schema      text,
    publication text DEFAULT NULL,
    consumer    text DEFAULT 'any'
) RETURNS TABLE (
    severity    text,
    check_name  text,
    schema_name text,
    table_name  text,
    object      text,
    finding     text,
    remedy      text
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_check_cdc';

COMMENT ON FUNCTION dj_deploy.check_cdc(text, text, text) IS
'What a consumer of change data capture (any, lakehouse_sync or lakebase_cdf, debezium, clickpipes, postgres) would miss of a schema''s tables or fail at: severity (error, warning, info), the check, the table or schema or (object) whatever else it is about, what was found, and the statement that mends it. Judged are the publication named, or all that publish tables of the schema. A finding about every table is one row about the schema. No rows: nothing is wrong.';
