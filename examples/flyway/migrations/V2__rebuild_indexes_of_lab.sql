CALL dj_deploy.reindex('lab', dry_run => false, jobs => 2);
