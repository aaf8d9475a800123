--liquibase formatted sql

--changeset deploy:extension
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
--rollback DROP EXTENSION datajoint_deploy;

--changeset deploy:rebuild-indexes-of-lab runInTransaction:false
CALL dj_deploy.reindex('lab', dry_run => false, jobs => 2);
--rollback empty

--changeset deploy:behavior runOnChange:true
SELECT dj_deploy.apply('{
    "version": 1,
    "publications": {"cdc": {"publish": ["insert", "update", "delete"]}},
    "schemas": {"behavior": {"replica_identity": "full", "publications": ["cdc"]}}
}', dry_run => false);
--rollback SELECT dj_deploy.apply('{
--rollback     "version": 1,
--rollback     "publications": {"cdc": {}},
--rollback     "schemas": {"behavior": {"replica_identity": "default", "publications": []}}
--rollback }', dry_run => false);
