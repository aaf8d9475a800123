-- drift: the plan of apply, never run.

CREATE FUNCTION dj_deploy.drift(
    environment jsonb
) RETURNS TABLE (
    object   text,
    property text,
    expected text,
    actual   text
)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_drift';

COMMENT ON FUNCTION dj_deploy.drift(jsonb) IS
'How the database differs from an environment document: a row for each property of an object that apply would change (null: nothing there), and for each thing that apply would have to leave as it is.';
