-- The first deploy and every release: what is new is added, what is as it should be is left alone. Prints what it has changed.
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;

-- Debezium's role may read the tables of today and tomorrow.
SELECT jsonb_array_elements_text(dj_deploy.set_grants(name, 'debezium', 'read', future_tables => true, dry_run => false) -> 'ddl')
FROM unnest(ARRAY['lab', 'analysis']) AS schema (name);

-- First what old rows say, then who is told of them.
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity(name, 'full', dry_run => false, skip_unchanged => true) -> 'ddl')
FROM unnest(ARRAY['lab', 'analysis']) AS schema (name);

SELECT jsonb_array_elements_text(dj_deploy.set_publication_membership(name, 'cdc', dry_run => false) -> 'ddl')
FROM unnest(ARRAY['lab', 'analysis']) AS schema (name);
