-- check_cdc: a report. Both forms are the same C function.

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
'What a consumer of change data capture (any, lakehouse_sync or lakebase_cdf, debezium, clickpipes, postgres) would miss of a schema''s tables or fail at: severity (error, warning, info), the check, the table or schema or (object) whatever else it is about, what was found, and the statement that mends it. It looks at the named publication, or at all that publish tables of the schema. A finding about every table is one row about the schema. No rows: nothing is wrong.';

CREATE FUNCTION dj_deploy.check_cdc(
    schemas     text[],
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

COMMENT ON FUNCTION dj_deploy.check_cdc(text[], text, text) IS
'What a consumer of change data capture (any, lakehouse_sync or lakebase_cdf, debezium, clickpipes, postgres) would miss of several schemas'' tables or fail at: severity (error, warning, info), the check, the table or schema or (object) whatever else it is about, what was found, and the statement that mends it. It looks at the named publication, or at all that publish tables of the schemas. A finding about many tables is one row, whatever their schemas; what is about the server, a slot or a publication is reported once, and a schema named twice counts once. No rows: nothing is wrong.';
