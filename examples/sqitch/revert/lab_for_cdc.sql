-- Revert lab:lab_for_cdc from pg

BEGIN;

SELECT dj_deploy.set_publication_membership('lab', 'cdc', member => false, dry_run => false) -> 'tables_modified';
SELECT dj_deploy.set_replica_identity('lab', 'default', dry_run => false, skip_unchanged => true) -> 'tables_modified';
SELECT dj_deploy.set_autovacuum('lab', '{"autovacuum_vacuum_insert_scale_factor": null}', dry_run => false) -> 'tables_modified';

COMMIT;
