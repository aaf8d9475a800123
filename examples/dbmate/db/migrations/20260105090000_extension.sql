-- migrate:up
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;

-- migrate:down
DROP EXTENSION datajoint_deploy;
