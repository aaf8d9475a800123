-- assert_converged: for deployment checks.

CREATE FUNCTION dj_deploy.assert_converged(
    environment jsonb
) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_assert_converged';

COMMENT ON FUNCTION dj_deploy.assert_converged(jsonb) IS
'Raises an error (55000) that lists how the database differs from an environment document; returns without a message when it does not differ. Raises a NOTICE for schemas that DataJoint has declared and the document does not cover; with "require_coverage" these are differences. For Sqitch''s verify scripts, CI and monitoring.';
