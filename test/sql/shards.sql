-- Shards are left out where Citus is installed. There is no package of Citus to test with, so its function, the only
-- thing of it that is looked at, stands in: the name, the argument and the place are those of Citus.
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA sharded;
CREATE TABLE sharded.session (id int PRIMARY KEY);
CREATE TABLE sharded.session_102008 (id int PRIMARY KEY);
SET allow_system_table_mods = on;
CREATE FUNCTION pg_catalog.relation_is_a_known_shard(regclass) RETURNS boolean
    LANGUAGE sql RETURN $1 = 'sharded.session_102008'::regclass;
SELECT dj_deploy.set_replica_identity('sharded');
-- Named alone it is acted on, like a hidden table.
SELECT dj_deploy.set_replica_identity('sharded.session_102008'::regclass) -> 'ddl';
DROP FUNCTION pg_catalog.relation_is_a_known_shard(regclass);
SELECT dj_deploy.set_replica_identity('sharded') -> 'tables_analyzed';
SET client_min_messages = warning;
DROP SCHEMA sharded CASCADE;
