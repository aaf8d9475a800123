-- Writes that would fail on published tables: what is warned of does fail, and nothing else does. Each table is named for
-- its case. What needs a newer server: generated_columns.sql.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error; -- wal_level does not matter here
CREATE SCHEMA published;
SET search_path = published;

-- Runs for real, tries UPDATE and DELETE on each table, and undoes it all; returns the tables where they fail.
CREATE FUNCTION failing_writes(mode text) RETURNS SETOF text LANGUAGE plpgsql SET client_min_messages = error AS $$
DECLARE
    target regclass;
    write text;
    failures text[] := '{}';
BEGIN
    PERFORM dj_deploy.set_replica_identity('published', mode, false);
    FOR target IN SELECT oid FROM pg_class WHERE relnamespace = 'published'::regnamespace AND relkind = 'r' ORDER BY relname LOOP
        FOREACH write IN ARRAY ARRAY['UPDATE %s SET id = id', 'DELETE FROM %s'] LOOP
            BEGIN
                EXECUTE format(write, target);
                RAISE SQLSTATE 'OKAY0';
            EXCEPTION WHEN SQLSTATE 'OKAY0' THEN NULL;
            WHEN OTHERS THEN
                failures := failures || format('%s on %s: %s', split_part(write, ' ', 1), target, SQLSTATE);
            END;
        END LOOP;
    END LOOP;
    RAISE SQLSTATE 'UNDO0';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
    RETURN QUERY SELECT unnest(failures);
END $$;

-- Without any publication nothing fails.
CREATE TABLE not_published (id int, note text);
SELECT failing_writes('default');

-- Keys.
CREATE TABLE key (id int PRIMARY KEY, note text);
CREATE TABLE key_deferrable (id int PRIMARY KEY DEFERRABLE, note text);
CREATE TABLE key_missing (id int, note text);
CREATE TABLE key_only_unique (id int NOT NULL UNIQUE, note text);
CREATE UNLOGGED TABLE key_missing_unlogged (id int, note text);
CREATE PUBLICATION regress_keys FOR TABLE key, key_deferrable, key_missing, key_only_unique;

-- Column lists.
CREATE TABLE list_all (id int PRIMARY KEY, note text);
CREATE TABLE list_key (id int PRIMARY KEY, note text);
CREATE TABLE list_key_includes (id int, note text, PRIMARY KEY (id) INCLUDE (note));
CREATE TABLE list_without_key (id int PRIMARY KEY, note text);
CREATE TABLE list_half_key (id int, part int, PRIMARY KEY (id, part));
CREATE PUBLICATION regress_lists FOR TABLE list_all (id, note), list_key (id), list_key_includes (id),
    list_without_key (note), list_half_key (id);

-- Row filters.
CREATE TABLE filter_constant (id int PRIMARY KEY, note text);
CREATE TABLE filter_key (id int PRIMARY KEY, note text);
CREATE TABLE filter_included (id int, note text, PRIMARY KEY (id) INCLUDE (note));
CREATE TABLE filter_note (id int PRIMARY KEY, note text);
CREATE TABLE filter_note_10 (c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, id int, note text,
    PRIMARY KEY (c1, id));
CREATE PUBLICATION regress_filters FOR TABLE filter_constant WHERE (true), filter_key WHERE (id > 0),
    filter_included WHERE (note <> ''), filter_note WHERE (id > 0 AND note <> ''), filter_note_10 WHERE (note <> '');

-- What is published, and how often.
CREATE TABLE some_deletes (id int);
CREATE TABLE some_updates (id int);
CREATE TABLE some_inserts (id int);
CREATE TABLE twice_bad (id int);
CREATE TABLE twice_once_bad (id int PRIMARY KEY, note text);
CREATE PUBLICATION regress_deletes FOR TABLE some_deletes WITH (publish = 'insert, delete');
CREATE PUBLICATION regress_updates FOR TABLE some_updates, twice_bad WITH (publish = 'update');
CREATE PUBLICATION regress_inserts FOR TABLE some_inserts, key_missing WITH (publish = 'insert, truncate');
CREATE PUBLICATION regress_twice FOR TABLE twice_bad, twice_once_bad;
CREATE PUBLICATION regress_twice_list FOR TABLE twice_once_bad (id);

-- Partitions published through their root have the root's list and filter, whose columns may have other numbers; else they
-- have their own.
CREATE TABLE root (gone int, id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
ALTER TABLE root DROP COLUMN gone;
CREATE TABLE root_leaf PARTITION OF root FOR VALUES FROM (0) TO (10);
CREATE TABLE root_leaf_attached (note text, gone int, id int PRIMARY KEY);
ALTER TABLE root_leaf_attached DROP COLUMN gone;
ALTER TABLE root ATTACH PARTITION root_leaf_attached FOR VALUES FROM (10) TO (20);
CREATE TABLE root_list (LIKE root INCLUDING INDEXES) PARTITION BY RANGE (id);
CREATE TABLE root_list_leaf PARTITION OF root_list DEFAULT;
CREATE TABLE root_list_leaf_attached (note text, id int PRIMARY KEY);
ALTER TABLE root_list ATTACH PARTITION root_list_leaf_attached FOR VALUES FROM (0) TO (10);
CREATE TABLE root_own (LIKE root INCLUDING INDEXES) PARTITION BY RANGE (id);
CREATE TABLE root_own_leaf PARTITION OF root_own DEFAULT;
CREATE TABLE root_no_key (id int) PARTITION BY RANGE (id);
CREATE TABLE root_no_key_leaf PARTITION OF root_no_key DEFAULT;
CREATE PUBLICATION regress_root FOR TABLE root WHERE (note <> ''), root_list (id) WITH (publish_via_partition_root);
CREATE PUBLICATION regress_own FOR TABLE root_own, root_own_leaf WHERE (note <> ''), root_no_key;

-- Mode full.
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('published', 'full') - 'ddl';
SELECT failing_writes('full');

-- Mode default.
SELECT dj_deploy.set_replica_identity('published', 'default') - 'ddl';
-- A call warns of ten and counts the rest; of those by themselves:
SELECT dj_deploy.set_replica_identity(t, 'default') - 'ddl' AS warned FROM unnest(
    '{published.root_no_key_leaf, published.root_own_leaf, published.some_deletes, published.some_updates, published.twice_bad}'::regclass[]) t;
SELECT failing_writes('default');

-- A run warns just as its dry run does, and is not kept from running.
SELECT dj_deploy.set_replica_identity('published.key_missing'::regclass, 'default');
SELECT dj_deploy.set_replica_identity('published.key_missing'::regclass, 'default', false);

-- No warning where nothing would change.
SELECT dj_deploy.set_replica_identity('published.key_missing'::regclass, 'default', dry_run => true, skip_unchanged => true) -> 'ddl';

SET client_min_messages = error;
DROP PUBLICATION regress_keys, regress_lists, regress_filters, regress_deletes, regress_updates, regress_inserts,
    regress_twice, regress_twice_list, regress_root, regress_own;

-- FOR ALL TABLES: all but unlogged ones.
DROP TABLE key_deferrable, key_only_unique, twice_bad, some_deletes, some_updates, some_inserts, not_published;
CREATE PUBLICATION regress_all FOR ALL TABLES;
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('published', 'default') - 'ddl';
SELECT failing_writes('default');
DROP PUBLICATION regress_all;

-- TABLES IN SCHEMA, also that of a partition's root.
CREATE SCHEMA published_root;
ALTER TABLE root_no_key SET SCHEMA published_root;
SET client_min_messages = error;
CREATE PUBLICATION regress_schema FOR TABLES IN SCHEMA published_root;
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('published', 'default') - 'ddl';
SELECT failing_writes('default');
SET client_min_messages = error;
ALTER PUBLICATION regress_schema ADD TABLES IN SCHEMA published;
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('published', 'default') - 'ddl';
SELECT failing_writes('default');

SET client_min_messages = error;
DROP PUBLICATION regress_schema;
DROP SCHEMA published, published_root CASCADE;
