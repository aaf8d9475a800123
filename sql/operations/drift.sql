-- drift: the plan of apply, never run.

CREATE FUNCTION dj_deploy.drift(
    environment jsonb
) RETURNS TABLE (
    schema_name text,
    table_name  text,
    object      text,
    property    text,
    old_value   text,
    new_value   text,
    reason      text
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_drift';

COMMENT ON FUNCTION dj_deploy.drift(jsonb) IS
'How the database differs from an environment document: a row for each property of an object that apply would change (the old value is what it is, the new one what the document says; null: nothing there), and for each thing that apply would have to leave as it is, with the reason.';
