-- migrate:up
SELECT dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true);
SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false);
SELECT dj_deploy.set_autovacuum('lab', '{"autovacuum_vacuum_insert_scale_factor": 0.05}', dry_run => false);

-- migrate:down
SELECT dj_deploy.set_publication_membership('lab', 'cdc', member => false, dry_run => false);
SELECT dj_deploy.set_replica_identity('lab', 'default', dry_run => false, skip_unchanged => true);
SELECT dj_deploy.set_autovacuum('lab', '{"autovacuum_vacuum_insert_scale_factor": null}', dry_run => false);
