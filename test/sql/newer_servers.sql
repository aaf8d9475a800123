-- What only newer servers have: since 18 a replica identity must not hold generated columns that are not published, and
-- foreign keys may be not enforced; 19 can publish all tables except some. Three expected outputs: 19, 18 and before.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SELECT current_setting('server_version_num')::int >= 180000 AS is_18,
       current_setting('server_version_num')::int >= 190000 AS is_19 \gset
SET client_min_messages = error;
CREATE SCHEMA newer;
SET search_path = newer;
CREATE TABLE stored (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE stored_key (id int, twice int GENERATED ALWAYS AS (id * 2) STORED PRIMARY KEY);
CREATE PUBLICATION regress_newer FOR TABLE stored, stored_key;
RESET client_min_messages;

-- A generated column that is not published: before 18 no matter.
SELECT dj_deploy.set_replica_identity('newer', 'full', false) -> 'tables_modified';
UPDATE stored SET id = id; \echo :SQLSTATE
DELETE FROM stored_key; \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('newer', 'default', false) -> 'tables_modified';
UPDATE stored SET id = id; \echo :SQLSTATE
DELETE FROM stored_key; \echo :SQLSTATE

\if :is_18
-- Published stored columns do no harm, in both modes; virtual ones are never published.
ALTER PUBLICATION regress_newer SET (publish_generated_columns = stored);
CREATE TABLE virtual (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL);
SET client_min_messages = error;
ALTER PUBLICATION regress_newer ADD TABLE virtual;
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('newer', 'full', false) -> 'tables_modified';
UPDATE stored SET id = id; \echo :SQLSTATE
DELETE FROM stored_key; \echo :SQLSTATE
UPDATE virtual SET id = id; \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('newer', 'default', false) -> 'tables_modified';
DELETE FROM stored_key; \echo :SQLSTATE
UPDATE virtual SET id = id; \echo :SQLSTATE

-- A column list says by itself which are published.
SET client_min_messages = error;
DROP PUBLICATION regress_newer;
CREATE PUBLICATION regress_newer FOR TABLE stored_key (twice);
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('newer.stored_key'::regclass, 'default', false) -> 'tables_modified';
DELETE FROM stored_key; \echo :SQLSTATE

-- A foreign key that is not enforced counts for the order like any other.
CREATE SCHEMA newer_order;
CREATE TABLE newer_order.z (id int PRIMARY KEY);
CREATE TABLE newer_order.a (id int REFERENCES newer_order.z NOT ENFORCED);
SELECT dj_deploy.set_replica_identity('newer_order') -> 'ddl';
DROP TABLE newer_order.a, newer_order.z;
DROP SCHEMA newer_order;
\endif

\if :is_19
-- A table that FOR ALL TABLES leaves out, also by its root, is not warned of.
SET client_min_messages = error;
DROP PUBLICATION regress_newer;
DROP TABLE stored, stored_key, virtual;
CREATE TABLE no_key (id int);
CREATE TABLE excepted (id int);
CREATE TABLE root (id int) PARTITION BY RANGE (id);
CREATE TABLE root_leaf PARTITION OF root DEFAULT;
CREATE PUBLICATION regress_newer FOR ALL TABLES EXCEPT (TABLE excepted, root);
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('newer', 'default', false) -> 'tables_modified';
UPDATE no_key SET id = id; \echo :SQLSTATE
UPDATE excepted SET id = id; \echo :SQLSTATE
UPDATE root_leaf SET id = id; \echo :SQLSTATE
\endif

SET client_min_messages = error;
DROP PUBLICATION regress_newer;
DROP SCHEMA newer CASCADE;
