-- Deploy lab:datajoint_deploy to pg

BEGIN;

CREATE EXTENSION IF NOT EXISTS datajoint_deploy;

COMMIT;
