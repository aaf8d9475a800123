-- Flyway prints what a statement returns: a line for each that was executed.
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true) -> 'ddl')
    AS executed_statements;
SELECT jsonb_array_elements_text(dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false) -> 'ddl')
    AS executed_statements;
SELECT jsonb_array_elements_text(dj_deploy.set_autovacuum(
    'lab', '{"autovacuum_vacuum_insert_scale_factor": 0.05}', dry_run => false) -> 'ddl')
    AS executed_statements;
