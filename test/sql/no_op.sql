-- A dry run, and a run that has nothing to change, assign no transaction id and lock no table but catalogs.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA no_op;
CREATE TABLE no_op.a (id int PRIMARY KEY);
CREATE TABLE no_op.b (id int PRIMARY KEY REFERENCES no_op.a);
CREATE TABLE no_op.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE no_op.leaf PARTITION OF no_op.root DEFAULT;
SET client_min_messages = error;
CREATE PUBLICATION regress_no_op FOR TABLE no_op.a WHERE (id > 0), no_op.b, no_op.root WITH (publish_via_partition_root);
RESET client_min_messages;

-- What this transaction holds: whether a transaction id, how many locks on user relations and on catalogs beyond reading.
PREPARE show_traces AS
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS has_xid,
           count(*) FILTER (WHERE relation >= 16384) AS user_locks,
           count(*) FILTER (WHERE relation < 16384 AND mode <> 'AccessShareLock') AS catalog_locks
    FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid();

-- A dry run, of either form.
BEGIN;
SELECT dj_deploy.set_replica_identity('no_op') -> 'tables_analyzed';
EXECUTE show_traces;
COMMIT;
BEGIN;
SELECT oid AS a FROM pg_class WHERE relname = 'a' AND relnamespace = 'no_op'::regnamespace \gset
SELECT dj_deploy.set_replica_identity(:a::regclass, 'default') -> 'tables_analyzed';
EXECUTE show_traces;
COMMIT;

-- A dry run for a role that may do nothing: it warns, and leaves no trace either.
CREATE ROLE regress_no_op;
BEGIN;
SET LOCAL ROLE regress_no_op;
SELECT dj_deploy.set_replica_identity('no_op') -> 'tables_analyzed';
EXECUTE show_traces;
COMMIT;

-- A refusal.
BEGIN;
SAVEPOINT before_refusal;
SELECT dj_deploy.set_replica_identity('nowhere', dry_run => false);
ROLLBACK TO before_refusal;
EXECUTE show_traces;
COMMIT;

-- A run, to see that it does leave traces.
BEGIN;
SELECT dj_deploy.set_replica_identity('no_op', dry_run => false) -> 'tables_modified';
SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS has_xid;
SELECT relation::regclass, mode FROM pg_locks
WHERE locktype = 'relation' AND pid = pg_backend_pid() AND relation >= 16384 AND mode = 'AccessExclusiveLock'
ORDER BY relation::regclass::text COLLATE "C";
COMMIT;

-- The second run under skip_unchanged.
BEGIN;
SELECT dj_deploy.set_replica_identity('no_op', 'full', dry_run => false, skip_unchanged => true);
EXECUTE show_traces;
COMMIT;

-- A schema without tables.
CREATE SCHEMA no_op_empty;
BEGIN;
SELECT dj_deploy.set_replica_identity('no_op_empty', dry_run => false);
EXECUTE show_traces;
COMMIT;

SET client_min_messages = error;
DROP PUBLICATION regress_no_op;
DROP SCHEMA no_op, no_op_empty CASCADE;
DROP ROLE regress_no_op;
