-- set_publication_membership: all forms are the same C function, which reads its arguments by name.

CREATE FUNCTION dj_deploy.set_publication_membership(
    schema      text,
    publication text,
    dry_run     boolean DEFAULT true,
    member      boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_publication_membership';

COMMENT ON FUNCTION dj_deploy.set_publication_membership(text, text, boolean, boolean) IS
'Makes a publication hold exactly the user tables of a schema besides those of other schemas: creates it when missing, adds tables, takes out hidden ones; partitions are published through their root. With member => false takes the schema''s tables out. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was left as it is, "skipped": [{"schema_name": text, "table_name": text, "reason": text}, ...].';

CREATE FUNCTION dj_deploy.set_publication_membership(
    target      regclass,
    publication text,
    dry_run     boolean  DEFAULT true,
    member      boolean  DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_publication_membership';

COMMENT ON FUNCTION dj_deploy.set_publication_membership(regclass, text, boolean, boolean) IS
'Adds one table to a publication, which is created when missing, or with member => false takes it out. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was left as it is, "skipped": [{"schema_name": text, "table_name": text, "reason": text}, ...].';

CREATE FUNCTION dj_deploy.set_publication_membership(
    schemas     text[],
    publication text,
    dry_run     boolean DEFAULT true,
    member      boolean DEFAULT true
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_set_publication_membership';

COMMENT ON FUNCTION dj_deploy.set_publication_membership(text[], text, boolean, boolean) IS
'Makes a publication hold exactly the user tables of several schemas besides those of other schemas: creates it when missing, adds tables, takes out hidden ones; partitions are published through their root. One plan in one order, one transaction; a schema named twice counts once. With member => false takes the schemas'' tables out. With dry_run only shows the statements. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} and, where something was left as it is, "skipped": [{"schema_name": text, "table_name": text, "reason": text}, ...].';
