-- Head of the install script; the operations of sql/operations/ follow it.
\echo Use "CREATE EXTENSION datajoint_deploy" to load this file. \quit

-- Without IF NOT EXISTS: a schema that somebody made beforehand makes CREATE EXTENSION fail.
CREATE SCHEMA dj_deploy;
GRANT USAGE ON SCHEMA dj_deploy TO PUBLIC;
COMMENT ON SCHEMA dj_deploy IS
'DataJoint deployment operations. Every call shows its plan unless dry_run is false.';
