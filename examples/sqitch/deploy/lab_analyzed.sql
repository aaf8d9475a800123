-- Deploy lab:lab_analyzed to pg
-- No BEGIN: the call commits as it goes.

CALL dj_deploy.vacuum_analyze('lab', dry_run => false) \g /dev/null
