-- Which tables belong to a schema and to a table, whatever kind they are and whatever identity they had.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE SCHEMA kinds;
CREATE SCHEMA kinds_elsewhere;

-- Only ordinary and unlogged tables of the schema itself: no temporary one, nothing that holds no rows of its own.
SET search_path = kinds;
CREATE TABLE ordinary (id int PRIMARY KEY);
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
CREATE TABLE kinds_elsewhere.elsewhere (id int PRIMARY KEY REFERENCES ordinary);
CREATE TEMPORARY TABLE temporary (id int PRIMARY KEY);
CREATE VIEW view AS SELECT * FROM ordinary;
CREATE MATERIALIZED VIEW matview AS SELECT * FROM ordinary;
CREATE SEQUENCE sequence;
CREATE TYPE composite AS (id int);
CREATE TABLE typed OF composite;
CREATE FOREIGN DATA WRAPPER kinds_wrapper;
CREATE SERVER kinds_server FOREIGN DATA WRAPPER kinds_wrapper;
CREATE FOREIGN TABLE foreign_table (id int) SERVER kinds_server;
RESET search_path;

RESET client_min_messages;
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('kinds') -> 'ddl');
SELECT result - 'ddl' FROM dj_deploy.set_replica_identity('kinds', dry_run => false) result;
SELECT oid::regclass, relreplident
FROM pg_class WHERE relreplident <> 'd' AND oid >= 16384 AND relkind IN ('r', 'p', 'm', 'f') ORDER BY relname;

-- A table that moved belongs to its new schema, a schema keeps its tables under a new name, and public is one like others.
CREATE TABLE kinds.moved (id int);
ALTER TABLE kinds.moved SET SCHEMA kinds_elsewhere;
ALTER SCHEMA kinds_elsewhere RENAME TO kinds_renamed;
SELECT dj_deploy.set_replica_identity('kinds') -> 'tables_analyzed';
SELECT dj_deploy.set_replica_identity('kinds_renamed') -> 'ddl';
ALTER TABLE kinds_renamed.moved SET SCHEMA public;
SELECT dj_deploy.set_replica_identity('public') -> 'ddl';
DROP TABLE public.moved;
ALTER SCHEMA kinds_renamed RENAME TO kinds_elsewhere;

-- A table whose partition key names its own schema is one table all the same.
CREATE SCHEMA kinds_key;
CREATE TABLE kinds_key.root (schema regnamespace) PARTITION BY LIST ((schema = 'kinds_key'::regnamespace));
SELECT dj_deploy.set_replica_identity('kinds_key');
DROP TABLE kinds_key.root;
DROP SCHEMA kinds_key;

-- Hidden tables start with "~"; any other sign makes no difference.
CREATE SCHEMA kinds_hidden;
CREATE TABLE kinds_hidden."~log" ();
CREATE TABLE kinds_hidden."~~jobs" ();
CREATE TABLE kinds_hidden."~" ();
CREATE TABLE kinds_hidden."not~hidden" ();
CREATE TABLE kinds_hidden."#lookup" ();
CREATE TABLE kinds_hidden._imported ();
SELECT dj_deploy.set_replica_identity('kinds_hidden');
SELECT dj_deploy.set_replica_identity('kinds_hidden."~log"'::regclass);

-- A table that belongs to an extension is left out of its schema; naming it acts on it.
CREATE TABLE kinds_hidden.member ();
ALTER EXTENSION datajoint_deploy ADD TABLE kinds_hidden.member;
SELECT dj_deploy.set_replica_identity('kinds_hidden') -> 'tables_analyzed';
SELECT dj_deploy.set_replica_identity('kinds_hidden.member'::regclass);
ALTER EXTENSION datajoint_deploy DROP TABLE kinds_hidden.member;
SELECT dj_deploy.set_replica_identity('kinds_hidden') -> 'tables_analyzed';

-- A partitioned table brings its whole tree: partitions that are partitioned, live elsewhere, are hidden or sort before
-- it. A foreign table in the tree has no replica identity.
CREATE SCHEMA kinds_tree;
CREATE TABLE kinds_tree.root (id int, kind int) PARTITION BY LIST (id);
CREATE TABLE kinds_tree.a_leaf PARTITION OF kinds_tree.root FOR VALUES IN (1);
CREATE TABLE kinds_tree."~leaf" PARTITION OF kinds_tree.root FOR VALUES IN (2);
CREATE TABLE kinds_elsewhere.leaf PARTITION OF kinds_tree.root FOR VALUES IN (3);
CREATE TABLE kinds_elsewhere.branch PARTITION OF kinds_tree.root FOR VALUES IN (4) PARTITION BY LIST (kind);
CREATE TABLE kinds_elsewhere.twig PARTITION OF kinds_elsewhere.branch DEFAULT PARTITION BY HASH (kind);
CREATE TABLE kinds_elsewhere.twig_leaf PARTITION OF kinds_elsewhere.twig FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE kinds_tree.home_leaf PARTITION OF kinds_elsewhere.twig FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE FOREIGN TABLE kinds_tree.foreign_leaf PARTITION OF kinds_tree.root FOR VALUES IN (9) SERVER kinds_server;
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('kinds_tree') -> 'ddl');
SELECT dj_deploy.set_replica_identity('kinds_tree.root'::regclass) = dj_deploy.set_replica_identity('kinds_tree');
SELECT result - 'ddl' FROM dj_deploy.set_replica_identity('kinds_tree', dry_run => false) result;
SELECT oid::regclass, relreplident
FROM pg_class WHERE relnamespace IN ('kinds_tree'::regnamespace, 'kinds_elsewhere'::regnamespace) AND relkind IN ('r', 'p', 'f')
ORDER BY relname;

-- A partition named by itself brings what is below it, never what is above or beside it.
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('kinds_elsewhere.branch'::regclass, 'default') -> 'ddl');
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('kinds_tree.a_leaf'::regclass, 'default') -> 'ddl');

-- The schema of partitions alone: these, and their own partitions, without the root.
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('kinds_elsewhere', 'default') -> 'ddl');

-- A partition made later is new: skip_unchanged finds it. A detached one stays, and is an ordinary table.
CREATE TABLE kinds_tree.later PARTITION OF kinds_tree.root FOR VALUES IN (5);
ALTER TABLE kinds_tree.root DETACH PARTITION kinds_elsewhere.leaf;
SELECT dj_deploy.set_replica_identity('kinds_tree', 'full', dry_run => false, skip_unchanged => true);

-- A visible partition of a hidden root is a table of the schema; the root is not.
CREATE SCHEMA kinds_hidden_root;
CREATE TABLE kinds_hidden_root."~root" (id int) PARTITION BY LIST (id);
CREATE TABLE kinds_hidden_root.leaf PARTITION OF kinds_hidden_root."~root" DEFAULT;
SELECT dj_deploy.set_replica_identity('kinds_hidden_root') -> 'ddl';

-- Inheritance children are tables like others: of their schema, and not brought along by their parent.
CREATE SCHEMA kinds_inherit;
CREATE TABLE kinds_inherit.parent (id int);
CREATE TABLE kinds_inherit.a_child () INHERITS (kinds_inherit.parent);
CREATE TABLE kinds_elsewhere.far_child () INHERITS (kinds_inherit.parent);
SELECT dj_deploy.set_replica_identity('kinds_inherit') -> 'ddl';
SELECT dj_deploy.set_replica_identity('kinds_inherit.parent'::regclass) -> 'ddl';

-- Strange but possible: no columns, dropped columns, as many columns as can be, row security, an owner who cannot log in.
CREATE ROLE regress_kinds_owner NOLOGIN;
CREATE SCHEMA kinds_strange;
CREATE TABLE kinds_strange.no_columns ();
CREATE TABLE kinds_strange.dropped_columns (id int PRIMARY KEY, gone int);
ALTER TABLE kinds_strange.dropped_columns DROP COLUMN gone, DROP COLUMN id;
SELECT format('CREATE TABLE kinds_strange.columns_1600 (%s)', string_agg(format('c%s bool', n), ', ')) AS create_wide
FROM generate_series(1, 1600) n \gset
:create_wide;
CREATE TABLE kinds_strange.row_security (id int);
ALTER TABLE kinds_strange.row_security ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TABLE kinds_strange.nologin (id int);
ALTER TABLE kinds_strange.nologin OWNER TO regress_kinds_owner;
SELECT result - 'ddl' FROM dj_deploy.set_replica_identity('kinds_strange', dry_run => false) result;
SELECT relname, relnatts, relreplident, relrowsecurity, relforcerowsecurity, relowner::regrole = 'regress_kinds_owner'::regrole
FROM pg_class WHERE relnamespace = 'kinds_strange'::regnamespace AND relkind = 'r' ORDER BY relname;

-- An identity that somebody chose for one table gives way, and a notice says which.
CREATE SCHEMA kinds_identity;
SET search_path = kinds_identity;
CREATE TABLE dropped_index (id int NOT NULL);
CREATE TABLE nothing (id int PRIMARY KEY);
CREATE TABLE using_index (id int PRIMARY KEY, name text NOT NULL CONSTRAINT chosen UNIQUE);
CREATE UNIQUE INDEX dropped ON dropped_index (id);
ALTER TABLE dropped_index REPLICA IDENTITY USING INDEX dropped;
ALTER TABLE nothing REPLICA IDENTITY NOTHING;
ALTER TABLE using_index REPLICA IDENTITY USING INDEX chosen;
DROP INDEX dropped;
RESET search_path;
SELECT relname, relreplident FROM pg_class WHERE relnamespace = 'kinds_identity'::regnamespace AND relkind = 'r' ORDER BY relname;
SELECT dj_deploy.set_replica_identity('kinds_identity', 'full', dry_run => true, skip_unchanged => true) -> 'tables_modified';
SELECT dj_deploy.set_replica_identity('kinds_identity', 'full', dry_run => false, skip_unchanged => true) -> 'tables_modified';
SELECT relname, relreplident FROM pg_class WHERE relnamespace = 'kinds_identity'::regnamespace AND relkind = 'r' ORDER BY relname;
SELECT count(*) FROM pg_index WHERE indisreplident AND indrelid = 'kinds_identity.using_index'::regclass;
SET search_path = kinds_identity;
CREATE UNIQUE INDEX dropped ON dropped_index (id);
ALTER TABLE dropped_index REPLICA IDENTITY USING INDEX dropped;
ALTER TABLE nothing REPLICA IDENTITY NOTHING;
ALTER TABLE using_index REPLICA IDENTITY USING INDEX chosen;
DROP INDEX dropped;
RESET search_path;
SELECT dj_deploy.set_replica_identity('kinds_identity', 'default', dry_run => false, skip_unchanged => true) -> 'tables_modified';
SELECT relname, relreplident FROM pg_class WHERE relnamespace = 'kinds_identity'::regnamespace AND relkind = 'r' ORDER BY relname;

-- A second time there is nothing to say.
SELECT dj_deploy.set_replica_identity('kinds_identity', 'default', dry_run => false) -> 'tables_modified';

SET client_min_messages = error;
DROP SCHEMA kinds, kinds_elsewhere, kinds_hidden, kinds_tree, kinds_hidden_root, kinds_inherit, kinds_strange,
    kinds_identity CASCADE;
DROP FOREIGN DATA WRAPPER kinds_wrapper CASCADE;
DROP ROLE regress_kinds_owner;
