-- In a database that holds DataJoint's pipeline: a dry run, the same for real, once more, and workers.
SET client_min_messages = warning;
CREATE EXTENSION datajoint_deploy;

DO $$
DECLARE
    plan jsonb := dj_deploy.set_replica_identity('lab');
    run jsonb;
    tables CONSTANT oid[] := ARRAY(SELECT oid FROM pg_class
        WHERE relnamespace = 'lab'::regnamespace AND relkind = 'r' AND relname NOT LIKE '~%' ORDER BY oid);
BEGIN
    ASSERT cardinality(tables) = 15, 'the pipeline is not there';
    ASSERT plan - 'ddl' = '{"tables_analyzed": 15, "tables_modified": 0}', plan::text;
    ASSERT NOT EXISTS (SELECT FROM pg_class WHERE relreplident = 'f'), 'the dry run changed something';

    run := dj_deploy.set_replica_identity('lab', dry_run => false);
    ASSERT run = plan || '{"tables_modified": 15}', run::text;
    ASSERT ARRAY(SELECT oid FROM pg_class WHERE relreplident = 'f' ORDER BY oid) = tables, 'not these tables were changed';

    run := dj_deploy.set_replica_identity('lab', 'full', dry_run => false, skip_unchanged => true);
    ASSERT run = '{"tables_analyzed": 15, "tables_modified": 0, "ddl": []}', run::text;
END $$;

-- Its background workers load the library by its name.
CALL dj_deploy.vacuum_analyze('lab', dry_run => false);

DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = 'lab' AND vacuum_count = 1) = 16,
        'not every table was vacuumed';
END $$;
