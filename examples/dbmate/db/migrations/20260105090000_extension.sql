-- migrate:up
CREATE EXTENSION datajoint_deploy;

-- migrate:down
DROP EXTENSION datajoint_deploy;
