-- set_grants: whole schemas, and one table where it is an exception.

CREATE FUNCTION dj_deploy.set_grants(
    schema        text,
    role          text,
    access        text,
    dry_run       boolean DEFAULT true,
    future_tables boolean DEFAULT false
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_grants';

COMMENT ON FUNCTION dj_deploy.set_grants(text, text, text, boolean, boolean) IS
'Gives a role, or PUBLIC for ''public'', exactly this access to a schema and its tables, views and sequences: ''none'', ''read'' (SELECT), ''write'' (and INSERT, UPDATE, DELETE, nextval) or ''all''; what the role holds beyond that is revoked. With future_tables, the same applies to objects that are created later by the owners of the schema and of its tables, and by roles that have default privileges there for this role; ''none'' always revokes such default privileges. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was left as it is, "skipped": [{"schema_name": text, "table_name": text, "reason": text}, ...].';

CREATE FUNCTION dj_deploy.set_grants(
    schemas       text[],
    role          text,
    access        text,
    dry_run       boolean DEFAULT true,
    future_tables boolean DEFAULT false
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_grants';

COMMENT ON FUNCTION dj_deploy.set_grants(text[], text, text, boolean, boolean) IS
'Gives a role, or PUBLIC for ''public'', exactly this access to several schemas and their tables, views and sequences: ''none'', ''read'' (SELECT), ''write'' (and INSERT, UPDATE, DELETE, nextval) or ''all''; what the role holds beyond that is revoked. With future_tables, the same applies to objects that are created later by the owners of the schema and of its tables, and by roles that have default privileges there for this role; ''none'' always revokes such default privileges. One plan in one order, one transaction; a schema named twice counts once. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was left as it is, "skipped": [{"schema_name": text, "table_name": text, "reason": text}, ...].';

CREATE FUNCTION dj_deploy.set_grants(
    target  regclass,
    role    text,
    access  text,
    dry_run boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_grants';

COMMENT ON FUNCTION dj_deploy.set_grants(regclass, text, text, boolean) IS
'Gives a role, or PUBLIC for ''public'', exactly this access to one table, partitioned table with its partitions, view, materialized view or foreign table, and to the sequences of its columns: ''none'', ''read'' (SELECT), ''write'' (and INSERT, UPDATE, DELETE, nextval) or ''all''; what the role holds beyond that is revoked. USAGE on the schema is left as it is. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was left as it is, "skipped": [{"schema_name": text, "table_name": text, "reason": text}, ...].';
