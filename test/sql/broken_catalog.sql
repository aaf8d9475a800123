-- What a superuser has written into the catalog by hand, or declared wrongly, is an error at worst.
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE SCHEMA broken;
CREATE TABLE broken.scan (id int);
CREATE ROLE regress_broken;

-- an ACL that is no list of ACL items
BEGIN;
UPDATE pg_catalog.pg_class SET relacl = pg_catalog.array_fill(NULL::aclitem, ARRAY[4000]) WHERE oid = 'broken.scan'::regclass;
SELECT dj_deploy.set_grants('broken', 'regress_broken', 'read');
ROLLBACK;
BEGIN;
UPDATE pg_catalog.pg_attribute SET attacl = '{}' WHERE attrelid = 'broken.scan'::regclass AND attname = 'id';
SELECT dj_deploy.set_grants('broken', 'regress_broken', 'read');
ROLLBACK;

-- a grantor that does not exist
BEGIN;
UPDATE pg_catalog.pg_class SET relacl = ARRAY[pg_catalog.makeaclitem('regress_broken'::regrole, 4000000000, 'SELECT', false)]
WHERE oid = 'broken.scan'::regclass;
SELECT dj_deploy.set_grants('broken', 'regress_broken', 'none') -> 'skipped';
ROLLBACK;

-- partitions in a circle
CREATE TABLE broken.root (id int) PARTITION BY RANGE (id);
CREATE SCHEMA broken_leaves;
CREATE TABLE broken_leaves.one PARTITION OF broken.root FOR VALUES FROM (1) TO (9) PARTITION BY RANGE (id);
CREATE TABLE broken_leaves.two PARTITION OF broken_leaves.one FOR VALUES FROM (1) TO (9) PARTITION BY RANGE (id);
BEGIN;
INSERT INTO pg_catalog.pg_inherits VALUES ('broken_leaves.one'::regclass, 'broken_leaves.two'::regclass, 2, false);
SELECT dj_deploy.set_replica_identity('broken'::text) -> 'tables_analyzed';
ROLLBACK;

-- a declaration without the names of the arguments
CREATE FUNCTION broken.nameless(text, text, boolean, boolean) RETURNS jsonb LANGUAGE C
AS 'datajoint_deploy', 'dj_deploy_set_replica_identity';
DO $$
BEGIN
    PERFORM broken.nameless('broken', 'full', true, true);
EXCEPTION WHEN internal_error THEN
    RAISE NOTICE '%', pg_catalog.regexp_replace(SQLERRM, '\d+', 'OID');
END $$;

SET client_min_messages = warning;
DROP SCHEMA broken, broken_leaves CASCADE;
DROP ROLE regress_broken;
