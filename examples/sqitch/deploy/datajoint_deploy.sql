-- Deploy lab:datajoint_deploy to pg

BEGIN;

CREATE EXTENSION datajoint_deploy;

COMMIT;
