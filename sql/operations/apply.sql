-- apply: one document for publications and schemas.

CREATE FUNCTION dj_deploy.apply(
    environment          jsonb,
    dry_run              boolean DEFAULT true,
    expected_fingerprint text    DEFAULT NULL
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_apply';

COMMENT ON FUNCTION dj_deploy.apply(jsonb, boolean, text) IS
'Brings publications, replica identities, publication membership, vacuum-related storage parameters and grants into the state that an environment document describes (version 1, see describe), in one transaction. What the document does not name is left alone. With dry_run only shows the statements. With expected_fingerprint refuses any plan but the reviewed one. Returns {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...], "changes": [{"schema_name", "table_name", "object", "property", "old_value", "new_value", "ddl", "lock", "undo"}, ...], "fingerprint": text}.';
