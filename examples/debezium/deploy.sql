-- The first deploy and every release: what is new is added, what is as it should be is left alone. Prints what it has changed.
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;

-- Debezium's role may read the tables of today and tomorrow.
SELECT jsonb_array_elements_text(
    dj_deploy.set_grants(ARRAY['lab', 'analysis'], 'debezium', 'read', dry_run => false, future_tables => true) -> 'ddl');

-- First what old rows say, then who is told of them.
SELECT jsonb_array_elements_text(
    dj_deploy.set_replica_identity(ARRAY['lab', 'analysis'], 'full', dry_run => false, skip_unchanged => true) -> 'ddl');

SELECT jsonb_array_elements_text(dj_deploy.set_publication_membership(ARRAY['lab', 'analysis'], 'cdc', dry_run => false) -> 'ddl');
