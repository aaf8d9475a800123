-- wal_forecast: a report. Both forms are the same C function.

CREATE FUNCTION dj_deploy.wal_forecast(
    schema text
) RETURNS TABLE (
    schema_name           text,
    table_name            text,
    updates               bigint,
    deletes               bigint,
    since                 timestamptz,
    row_bytes             bigint,
    key_bytes             bigint,
    default_bytes         bigint,
    full_bytes            bigint,
    default_bytes_per_day bigint,
    full_bytes_per_day    bigint,
    exposed_columns       text[],
    basis                 text
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_wal_forecast';

COMMENT ON FUNCTION dj_deploy.wal_forecast(text) IS
'What REPLICA IDENTITY FULL costs each table of a schema in WAL, under wal_level logical: rows updated and deleted since the statistics began, bytes of an old row (written by FULL for each) and of its key (written by DEFAULT for each deleted row), WAL bytes of old rows both ways, in all and per day, columns whose old values only FULL makes visible, and where the length of rows comes from: types, statistics, pages, unlogged or unknown. Most expensive first.';

CREATE FUNCTION dj_deploy.wal_forecast(
    schemas text[]
) RETURNS TABLE (
    schema_name           text,
    table_name            text,
    updates               bigint,
    deletes               bigint,
    since                 timestamptz,
    row_bytes             bigint,
    key_bytes             bigint,
    default_bytes         bigint,
    full_bytes            bigint,
    default_bytes_per_day bigint,
    full_bytes_per_day    bigint,
    exposed_columns       text[],
    basis                 text
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_wal_forecast';

COMMENT ON FUNCTION dj_deploy.wal_forecast(text[]) IS
'What REPLICA IDENTITY FULL costs each table of several schemas in WAL, under wal_level logical: rows updated and deleted since the statistics began, bytes of an old row (written by FULL for each) and of its key (written by DEFAULT for each deleted row), WAL bytes of old rows both ways, in all and per day, columns whose old values only FULL makes visible, and where the length of rows comes from: types, statistics, pages, unlogged or unknown. Most expensive first; a schema named twice counts once.';
