CREATE FUNCTION dj_deploy.set_fillfactor(
    schema     text,
    fillfactor integer,
    dry_run    boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_fillfactor';

COMMENT ON FUNCTION dj_deploy.set_fillfactor(text, integer, boolean) IS
'Sets the fillfactor (10 to 100) of all tables of a schema. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_fillfactor(
    target     regclass,
    fillfactor integer,
    dry_run    boolean  DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_fillfactor';

COMMENT ON FUNCTION dj_deploy.set_fillfactor(regclass, integer, boolean) IS
'Sets the fillfactor (10 to 100) of one table. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';

CREATE FUNCTION dj_deploy.set_fillfactor(
    schemas    text[],
    fillfactor integer,
    dry_run    boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_fillfactor';

COMMENT ON FUNCTION dj_deploy.set_fillfactor(text[], integer, boolean) IS
'Sets the fillfactor (10 to 100) of all tables of several schemas. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]}.';
