-- Revert lab:datajoint_deploy from pg

BEGIN;

DROP EXTENSION datajoint_deploy;

COMMIT;
