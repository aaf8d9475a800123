-- migrate:up transaction:false
CALL dj_deploy.vacuum_analyze('lab', dry_run => false);

-- migrate:down
