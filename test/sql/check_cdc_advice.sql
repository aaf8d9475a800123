-- What check_cdc advises where it is easy to advise too much: a key that is none, a publication that nobody meant, a statement
-- that the server would refuse. Each table has one thing of interest.
SET client_min_messages = warning;
CREATE SCHEMA advice;

CREATE FUNCTION pg_temp.advice(consumer text, checks text, publication text DEFAULT NULL)
RETURNS TABLE (severity text, check_name text, object text, finding text, remedy text) LANGUAGE sql AS $$
    SELECT severity, check_name, COALESCE(object, concat_ws('.', quote_ident(schema_name), quote_ident(table_name))), finding, remedy
    FROM dj_deploy.check_cdc('advice', $3, $1) WHERE check_name ~ ('^(' || $2 || ')$')
$$;
CREATE FUNCTION pg_temp.remedies(consumer text, checks text)
RETURNS TABLE (object text, remedy text) LANGUAGE sql AS $$ SELECT object, remedy FROM pg_temp.advice($1, $2) $$;
\pset footer off

-- A schema of one table has no "all 1 tables": the table is named, and mended alone.
CREATE TABLE advice.alone (id int PRIMARY KEY);
CREATE PUBLICATION regress_advice FOR TABLE advice.alone WITH (publish_via_partition_root);
SELECT * FROM pg_temp.advice('lakehouse_sync', 'identity_not_full');
CREATE TABLE advice.beside (id int PRIMARY KEY);
SELECT * FROM pg_temp.advice('lakehouse_sync', 'identity_not_full');
DROP TABLE advice.alone, advice.beside;

-- A deferrable key identifies no row, whatever the table is published for.
CREATE TABLE advice.deferrable (id int PRIMARY KEY DEFERRABLE, note text);
CREATE TABLE advice.immediate (id int PRIMARY KEY, note text);
ALTER PUBLICATION regress_advice ADD TABLE advice.deferrable, advice.immediate;
SELECT severity, object, finding, remedy FROM pg_temp.advice('postgres', 'no_primary_key');
ALTER TABLE advice.deferrable REPLICA IDENTITY FULL;
ALTER TABLE advice.immediate REPLICA IDENTITY FULL;
SELECT severity, object, finding, remedy FROM pg_temp.advice('debezium', 'full_without_primary_key');
DROP TABLE advice.deferrable, advice.immediate;

-- Which unique index could be the primary key: none that a constraint has already, that is deferrable, not valid, partial,
-- descending, with NULLs, of an expression, of a generated column, with a column twice, of another collation or operator class,
-- or whose name a constraint has; of several the shortest.
CREATE TABLE advice.k01_constraint (id int NOT NULL UNIQUE);
CREATE TABLE advice.k02_deferrable (id int NOT NULL UNIQUE DEFERRABLE);
CREATE TABLE advice.k03_partial (id int NOT NULL);
CREATE UNIQUE INDEX ON advice.k03_partial (id) WHERE id > 0;
CREATE TABLE advice.k04_descending (id int NOT NULL);
CREATE UNIQUE INDEX ON advice.k04_descending (id DESC);
CREATE TABLE advice.k05_nullable (id int);
CREATE UNIQUE INDEX ON advice.k05_nullable (id);
CREATE TABLE advice.k06_expression (id int NOT NULL);
CREATE UNIQUE INDEX ON advice.k06_expression ((id + 1));
CREATE TABLE advice.k07_collation (id text NOT NULL);
CREATE UNIQUE INDEX ON advice.k07_collation (id COLLATE "C");
CREATE TABLE advice.k08_class (id text NOT NULL);
CREATE UNIQUE INDEX ON advice.k08_class (id text_pattern_ops);
CREATE TABLE advice.k09_plain (id int NOT NULL);
CREATE INDEX ON advice.k09_plain (id);
CREATE TABLE advice.k10_good (id int NOT NULL, other int NOT NULL, note text);
CREATE UNIQUE INDEX "Long" ON advice.k10_good (other, id);
CREATE UNIQUE INDEX "Short" ON advice.k10_good (id) INCLUDE (note);
CREATE TABLE advice.k11_root (id int NOT NULL) PARTITION BY RANGE (id);
CREATE UNIQUE INDEX ON advice.k11_root (id);
CREATE TABLE advice.k12_named (id int NOT NULL CONSTRAINT named CHECK (id > 0));
CREATE UNIQUE INDEX named ON advice.k12_named (id);
CREATE TABLE advice.k13_class_of_oid (id int NOT NULL);
CREATE UNIQUE INDEX ON advice.k13_class_of_oid (id oid_ops);
CREATE DOMAIN advice.number AS int;
CREATE DOMAIN advice.numbers AS advice.number;
CREATE TABLE advice.k14_class_under_domains (id advice.numbers NOT NULL);
CREATE UNIQUE INDEX ON advice.k14_class_under_domains (id oid_ops);
CREATE TABLE advice.k15_generated (id int, twice int NOT NULL GENERATED ALWAYS AS (id * 2) STORED);
CREATE UNIQUE INDEX ON advice.k15_generated (twice);
CREATE TABLE advice.k16_same_twice (id int NOT NULL);
CREATE UNIQUE INDEX ON advice.k16_same_twice (id, id);
CREATE TABLE advice.k17_class_of_bpchar (id varchar(9) NOT NULL);
CREATE UNIQUE INDEX ON advice.k17_class_of_bpchar (id bpchar_ops);
-- Those that could: foreign keys that use them, what inherits and has NOT NULL, and types without an operator class of their own.
CREATE TYPE advice.mood AS ENUM ('good');
CREATE TABLE advice.k18_types (a varchar(3) NOT NULL, b advice.numbers NOT NULL, c advice.mood NOT NULL, d int[] NOT NULL,
    e int4range NOT NULL, f regclass NOT NULL, g cidr NOT NULL, h char(3) NOT NULL, i name NOT NULL);
CREATE UNIQUE INDEX "k18 types" ON advice.k18_types (a, b, c, d, e, f, g, h, i);
CREATE TABLE advice.k19_referenced (id int NOT NULL, up int);
CREATE UNIQUE INDEX ON advice.k19_referenced (id);
CREATE TABLE advice.k20_heir () INHERITS (advice.k19_referenced);
ALTER TABLE advice.k19_referenced ADD FOREIGN KEY (up) REFERENCES advice.k19_referenced (id);
ALTER TABLE advice.k20_heir ADD FOREIGN KEY (up) REFERENCES advice.k19_referenced (id);
SELECT format('ALTER TABLE advice.%I REPLICA IDENTITY FULL', relname) FROM pg_class
WHERE relnamespace = 'advice'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname \gexec
SELECT object, finding, remedy FROM pg_temp.advice('debezium', 'full_without_primary_key');
SELECT remedy FROM pg_temp.remedies('debezium', 'full_without_primary_key') WHERE remedy IS NOT NULL \gexec
SELECT object FROM pg_temp.remedies('debezium', 'full_without_primary_key') WHERE object ~ 'k1[089]';
SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'p' AND connamespace = 'advice'::regnamespace ORDER BY conname;
DROP TABLE advice.k01_constraint, advice.k02_deferrable, advice.k03_partial, advice.k04_descending, advice.k05_nullable,
    advice.k06_expression, advice.k07_collation, advice.k08_class, advice.k09_plain, advice.k10_good, advice.k11_root,
    advice.k12_named, advice.k13_class_of_oid,
    advice.k14_class_under_domains, advice.k15_generated, advice.k16_same_twice, advice.k17_class_of_bpchar, advice.k18_types,
    advice.k19_referenced, advice.k20_heir;
DROP DOMAIN advice.numbers, advice.number;
DROP TYPE advice.mood;

-- Types without an equality of their own: xml goes to text by assignment only. To convert json is for a person to decide.
CREATE TABLE advice.plain (id int, body json, "a b" json);
CREATE TABLE advice.xml (id int, body xml);
CREATE TABLE advice.mixed (id int, body json, more xml[]);
CREATE TABLE advice.comparable (id int, "a b" varchar(3), c char(3), d name, e cidr, f jsonb, g text[]);
SELECT format('ALTER TABLE advice.%I REPLICA IDENTITY FULL', relname) FROM pg_class
WHERE relnamespace = 'advice'::regnamespace AND relkind = 'r' ORDER BY relname \gexec
SELECT * FROM pg_temp.advice('postgres', 'row_comparison');
ALTER TABLE advice.plain ADD PRIMARY KEY (id);
ALTER TABLE advice.xml ADD PRIMARY KEY (id);
SELECT * FROM pg_temp.advice('any', 'row_comparison_key');
SELECT * FROM pg_temp.advice('lakehouse_sync', 'unsupported_type');
ALTER TABLE advice.plain ALTER COLUMN body TYPE jsonb, ALTER COLUMN "a b" TYPE jsonb;
SELECT object FROM pg_temp.advice('any', 'row_comparison_key');
DROP TABLE advice.plain, advice.xml, advice.mixed, advice.comparable;

-- Unlogged tables become logged after those that they refer to; tables that refer to each other cannot.
CREATE UNLOGGED TABLE advice.egg (id int PRIMARY KEY, hen int);
CREATE UNLOGGED TABLE advice.hen (id int PRIMARY KEY, egg int REFERENCES advice.egg);
ALTER TABLE advice.egg ADD FOREIGN KEY (hen) REFERENCES advice.hen;
CREATE UNLOGGED TABLE advice.chick (id int PRIMARY KEY, egg int REFERENCES advice.egg);
CREATE UNLOGGED TABLE advice.self (id int PRIMARY KEY, self int REFERENCES advice.self);
SELECT * FROM pg_temp.advice('postgres', 'unlogged_table', 'regress_advice');
DROP TABLE advice.egg, advice.hen, advice.chick, advice.self CASCADE;

-- A table joins the publication that has most of the schema; of several that have as many the first by name; never one that
-- publishes all tables.
CREATE TABLE advice.a (id int PRIMARY KEY);
CREATE TABLE advice.b (id int PRIMARY KEY);
CREATE TABLE advice.c (id int PRIMARY KEY);
CREATE TABLE advice.d (id int PRIMARY KEY);
CREATE PUBLICATION regress_advice_few FOR TABLE advice.a;
CREATE PUBLICATION regress_advice_many FOR TABLE advice.b, advice.c;
SELECT object, finding, remedy FROM pg_temp.advice('any', 'not_member');
ALTER PUBLICATION regress_advice_few ADD TABLE advice.b;
SELECT object, finding, remedy FROM pg_temp.advice('any', 'not_member');
DROP PUBLICATION regress_advice_few, regress_advice_many;
DROP TABLE advice.a, advice.b, advice.c, advice.d;

-- A publication of deletes alone makes a table without identity fail, as one of updates alone does; one of inserts does not.
CREATE TABLE advice.bare (id int);
CREATE PUBLICATION regress_advice_delete WITH (publish = 'delete', publish_via_partition_root);
CREATE PUBLICATION regress_advice_update WITH (publish = 'update', publish_via_partition_root);
CREATE PUBLICATION regress_advice_insert WITH (publish = 'insert, truncate', publish_via_partition_root);
CREATE TABLE advice.filler (id int PRIMARY KEY);
ALTER PUBLICATION regress_advice_delete ADD TABLE advice.filler;
ALTER PUBLICATION regress_advice_update ADD TABLE advice.filler;
ALTER PUBLICATION regress_advice_insert ADD TABLE advice.filler;
\set VERBOSITY sqlstate
SELECT dj_deploy.set_publication_membership('advice.bare'::regclass, 'regress_advice_delete') -> 'ddl' AS deletes;
SELECT dj_deploy.set_publication_membership('advice.bare'::regclass, 'regress_advice_update') -> 'ddl' AS updates;
SELECT dj_deploy.set_publication_membership('advice.bare'::regclass, 'regress_advice_insert') -> 'ddl' AS inserts;
\set VERBOSITY terse
SELECT dj_deploy.set_publication_membership('advice.bare'::regclass, 'regress_advice_delete', dry_run => false) -> 'ddl' AS joined;
DELETE FROM advice.bare; \echo :SQLSTATE
SELECT severity, object, finding FROM pg_temp.advice('any', 'no_primary_key', 'regress_advice_delete');

-- What makes writes fail is asked of all that the publication has before it publishes more.
ALTER PUBLICATION regress_advice_insert ADD TABLE advice.bare;
SELECT finding, remedy FROM pg_temp.advice('any', 'publication_operations', 'regress_advice_insert');
ALTER TABLE advice.bare REPLICA IDENTITY FULL;
SELECT finding, remedy FROM pg_temp.advice('any', 'publication_operations', 'regress_advice_insert');
DROP PUBLICATION regress_advice, regress_advice_delete, regress_advice_update, regress_advice_insert;
DROP TABLE advice.bare, advice.filler;

-- A remedy is judged by all that it touches, wherever that is: what is logged with a table that references it, and what another
-- publication does with a table that joins.
CREATE SCHEMA advice_other;
CREATE UNLOGGED TABLE advice_other.rig (id int NOT NULL UNIQUE);
CREATE UNLOGGED TABLE advice.trial (id int PRIMARY KEY REFERENCES advice_other.rig (id));
CREATE PUBLICATION regress_advice FOR ALL TABLES;
SELECT finding, remedy FROM pg_temp.advice('any', 'unlogged_table');
DROP PUBLICATION regress_advice;
SELECT remedy FROM pg_temp.advice('any', 'unlogged_table');
DROP TABLE advice.trial, advice_other.rig;
CREATE TABLE advice.t (id int PRIMARY KEY, note text);
CREATE TABLE advice.u (id int PRIMARY KEY, note text);
CREATE PUBLICATION regress_advice_narrow FOR TABLE advice.t (id);
CREATE PUBLICATION regress_advice FOR TABLE advice.u;
SELECT object, finding, remedy FROM pg_temp.advice('any', 'not_member', 'regress_advice');
DROP PUBLICATION regress_advice, regress_advice_narrow;

-- Writes that fail are told of hidden tables and of what inherits from a table elsewhere, too.
CREATE TABLE advice."~log" (id int);
CREATE TABLE advice_other.heir (PRIMARY KEY (id) DEFERRABLE) INHERITS (advice.t);
CREATE PUBLICATION regress_advice FOR TABLE advice."~log", advice.t, advice.u;
SELECT check_name, object, finding, remedy FROM pg_temp.advice('any', 'write_.*|.*identity.*|no_primary_key', 'regress_advice');
DROP PUBLICATION regress_advice;

-- So is what is unlogged or foreign and inherits. No statement logs a partitioned table.
ALTER TABLE advice_other.heir SET UNLOGGED;
CREATE FOREIGN DATA WRAPPER regress_far;
CREATE SERVER regress_far FOREIGN DATA WRAPPER regress_far;
CREATE FOREIGN TABLE advice_other.far () INHERITS (advice.u) SERVER regress_far;
SELECT check_name, object, finding, remedy FROM pg_temp.advice('any', 'unlogged_table|foreign_partition');
DROP FOREIGN DATA WRAPPER regress_far CASCADE;
DROP TABLE advice."~log", advice.t, advice.u CASCADE;
DROP SCHEMA advice_other;

-- A temporary table that inherits belongs to its session: nothing is told of it, and nothing proposed.
CREATE TABLE advice.t (id int PRIMARY KEY, note text);
CREATE TEMPORARY TABLE regress_heir (PRIMARY KEY (id)) INHERITS (advice.t);
CREATE TEMPORARY TABLE regress_bare () INHERITS (regress_heir);
CREATE PUBLICATION regress_advice FOR TABLE ONLY advice.t;
SELECT consumer, check_name, object, remedy FROM unnest(ARRAY['any', 'lakehouse_sync', 'debezium', 'clickpipes', 'postgres']) AS c(consumer),
    pg_temp.advice(consumer, '.*_table|.*member|.*identity.*|.*_key|toast_not_full', 'regress_advice');
DROP PUBLICATION regress_advice;
DROP TABLE advice.t CASCADE;

-- An index whose NULLs are not distinct cannot become the primary key.
CREATE TABLE advice.k (id int NOT NULL);
CREATE UNIQUE INDEX ON advice.k (id) NULLS NOT DISTINCT;
ALTER TABLE advice.k REPLICA IDENTITY FULL;
CREATE PUBLICATION regress_advice FOR TABLE advice.k;
SELECT object, finding, remedy FROM pg_temp.advice('debezium', 'full_without_primary_key');
DROP PUBLICATION regress_advice;
DROP TABLE advice.k;

-- Partitions that are published by themselves have lists and filters of their own: a row for each.
CREATE TABLE advice.root (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE advice.leaf_1 PARTITION OF advice.root FOR VALUES FROM (0) TO (10);
CREATE TABLE advice.leaf_2 PARTITION OF advice.root FOR VALUES FROM (10) TO (20);
CREATE TABLE advice.leaf_3 PARTITION OF advice.root FOR VALUES FROM (20) TO (30);
CREATE PUBLICATION regress_advice FOR TABLE advice.leaf_1 (id) WHERE (id > 1), advice.leaf_2 WHERE (id > 12), advice.leaf_3;
SELECT schema_name, table_name, object, finding FROM dj_deploy.check_cdc('advice', 'regress_advice') WHERE check_name IN ('columns_not_listed', 'rows_filtered');
DROP PUBLICATION regress_advice;
DROP TABLE advice.root;

-- An heir of several tables holds rows of each of them.
CREATE TABLE advice.a_parent (id int PRIMARY KEY);
CREATE TABLE advice.b_parent (id int PRIMARY KEY);
CREATE TABLE advice."~heir" (PRIMARY KEY (id)) INHERITS (advice.a_parent, advice.b_parent);
CREATE PUBLICATION regress_advice FOR TABLE ONLY advice.b_parent;
SELECT schema_name, table_name, object, finding FROM dj_deploy.check_cdc('advice', 'regress_advice') WHERE check_name = 'heir_not_member';
DROP PUBLICATION regress_advice;
DROP TABLE advice.a_parent, advice.b_parent CASCADE;

-- Partitions that arrive under the name of their root have its key: it gets one before it joins, and keeps it.
CREATE TABLE advice.root (id int NOT NULL, note text) PARTITION BY LIST (id);
CREATE TABLE advice.leaf PARTITION OF advice.root (PRIMARY KEY (id)) DEFAULT;
CREATE PUBLICATION regress_advice WITH (publish_via_partition_root);
CREATE TABLE advice.listed (id int PRIMARY KEY);
ALTER PUBLICATION regress_advice ADD TABLE advice.listed;
SELECT schema_name, table_name, object, remedy FROM dj_deploy.check_cdc('advice', 'regress_advice') WHERE check_name ~ 'not_member|publication_empty';
ALTER PUBLICATION regress_advice SET (publish = 'insert');
SELECT schema_name, table_name, object, remedy FROM dj_deploy.check_cdc('advice', 'regress_advice') WHERE check_name ~ 'not_member|publication_empty';
ALTER PUBLICATION regress_advice SET (publish = 'insert, update', publish_via_partition_root = false);
SELECT schema_name, table_name, object, remedy FROM dj_deploy.check_cdc('advice', 'regress_advice') WHERE check_name ~ 'not_member|publication_empty';
ALTER PUBLICATION regress_advice SET (publish = 'insert, update, delete, truncate', publish_via_partition_root);
ALTER TABLE advice.root REPLICA IDENTITY FULL;
ALTER PUBLICATION regress_advice ADD TABLE advice.root;
SELECT dj_deploy.set_replica_identity('advice', 'default') -> 'ddl';
ALTER PUBLICATION regress_advice SET (publish_via_partition_root = false);
SELECT dj_deploy.set_replica_identity('advice', 'default') -> 'ddl';
ALTER PUBLICATION regress_advice SET (publish_via_partition_root);
CALL dj_deploy.rollout('["ALTER TABLE advice.root REPLICA IDENTITY NOTHING"]', result => NULL);
SELECT dj_deploy.apply('{"version": 1, "schemas": {"advice": {"tables": {"root": {"replica_identity": "default"}}}}}') -> 'ddl';
ALTER TABLE advice.leaf REPLICA IDENTITY FULL;
ALTER PUBLICATION regress_advice SET TABLE advice.root (id);
SELECT schema_name, table_name, object, remedy FROM dj_deploy.check_cdc('advice', 'regress_advice', 'postgres') WHERE check_name = 'write_column_list';
DROP PUBLICATION regress_advice;
DROP TABLE advice.root, advice.listed;

-- What is mended is looked at as far as the remedy goes: partitions with their root.
CREATE TABLE advice.listed (id int PRIMARY KEY);
CREATE TABLE advice.root (id int, note int, PRIMARY KEY (id, note)) PARTITION BY LIST (id);
CREATE TABLE advice.leaf PARTITION OF advice.root FOR VALUES IN (1);
SELECT dj_deploy.set_replica_identity('advice', 'full', dry_run => false) -> 'tables_modified';
CREATE PUBLICATION regress_advice FOR TABLE advice.listed, advice.root (id) WITH (publish_via_partition_root);
SELECT check_name, schema_name, table_name, object, remedy FROM dj_deploy.check_cdc('advice', 'regress_advice') WHERE severity = 'error';
CREATE TABLE advice.other PARTITION OF advice.root FOR VALUES IN (2);
ALTER TABLE advice.other REPLICA IDENTITY FULL;
ALTER TABLE advice.leaf REPLICA IDENTITY NOTHING;
SELECT check_name, schema_name, table_name, object, remedy FROM dj_deploy.check_cdc('advice', 'regress_advice') WHERE severity = 'error';
DROP PUBLICATION regress_advice;
DROP TABLE advice.root, advice.listed;

-- Of tables that one remedy is for, it does harm to one after the remedies above: it is for the others.
CREATE TABLE advice.narrow (id int PRIMARY KEY, note text);
CREATE TABLE advice.whole (id int PRIMARY KEY, note text);
CREATE PUBLICATION regress_advice FOR TABLE advice.narrow (id), advice.whole WITH (publish = 'insert');
SELECT check_name, schema_name, table_name, object, finding, remedy FROM dj_deploy.check_cdc('advice', 'regress_advice') WHERE check_name ~ 'identity|operations';
DROP PUBLICATION regress_advice;
DROP TABLE advice.narrow, advice.whole;

-- Another key than consumers get now, or no longer the whole row, is told; the same key, or a row that is whole then, is not.
CREATE TABLE advice.by_index (id int PRIMARY KEY, code int NOT NULL UNIQUE);
ALTER TABLE advice.by_index REPLICA IDENTITY USING INDEX by_index_code_key;
CREATE TABLE advice.by_key (id int PRIMARY KEY);
ALTER TABLE advice.by_key REPLICA IDENTITY USING INDEX by_key_pkey;
CREATE TABLE advice.whole (id int PRIMARY KEY);
ALTER TABLE advice.whole REPLICA IDENTITY FULL;
CREATE TABLE advice.unheard (id int PRIMARY KEY);
ALTER TABLE advice.unheard REPLICA IDENTITY FULL;
CREATE PUBLICATION regress_advice FOR TABLE advice.by_index, advice.by_key, advice.whole WITH (publish = 'insert, delete');
SELECT dj_deploy.set_replica_identity('advice', 'default') -> 'tables_modified';
SELECT dj_deploy.set_replica_identity('advice', 'full') -> 'tables_modified';
ALTER PUBLICATION regress_advice SET (publish = 'insert');
SELECT dj_deploy.set_replica_identity('advice', 'default') -> 'tables_modified';
DROP PUBLICATION regress_advice;

-- Publications that a consumer of both cannot read together: other columns, other rows.
CREATE PUBLICATION regress_advice FOR TABLE advice.by_index (id, code), advice.whole, advice.by_key WHERE (id > 1);
CREATE PUBLICATION regress_other WITH (publish_via_partition_root);
SELECT dj_deploy.set_publication_membership('advice', 'regress_other') -> 'tables_modified';
DROP PUBLICATION regress_advice, regress_other;
DROP TABLE advice.by_index, advice.by_key, advice.whole, advice.unheard;

-- Two publications that publish a table in their own ways: a row for each table. One that all partitions share is one row, too.
CREATE TABLE advice.root (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE advice.leaf_1 PARTITION OF advice.root FOR VALUES FROM (0) TO (10);
CREATE TABLE advice.leaf_2 PARTITION OF advice.root FOR VALUES FROM (10) TO (20);
CREATE TABLE advice.t (id int PRIMARY KEY);
CREATE PUBLICATION regress_advice FOR TABLE advice.root, advice.t;
CREATE PUBLICATION regress_other FOR TABLE advice.root (id), advice.t WHERE (id > 1) WITH (publish_via_partition_root);
SELECT check_name, schema_name, table_name, object, finding FROM dj_deploy.check_cdc('advice')
WHERE check_name IN ('columns_not_listed', 'rows_filtered', 'publications_differ');
DROP PUBLICATION regress_advice, regress_other;
DROP TABLE advice.root, advice.t;

-- A call for the whole schema is not advised where another table has a finding after it, nor one statement for what has to be
-- mended in two ways.
CREATE TABLE advice.by_key_1 (id int PRIMARY KEY);
CREATE TABLE advice.by_key_2 (id int PRIMARY KEY);
CREATE TABLE advice.other_index (id int NOT NULL UNIQUE);
ALTER TABLE advice.other_index REPLICA IDENTITY USING INDEX other_index_id_key;
CREATE PUBLICATION regress_advice FOR TABLE advice.by_key_1, advice.by_key_2, advice.other_index;
SELECT object, finding, remedy FROM pg_temp.advice('debezium', 'identity_not_full');
ALTER PUBLICATION regress_advice SET TABLE advice.by_key_1, advice.by_key_2 (id);
ALTER TABLE advice.by_key_1 REPLICA IDENTITY NOTHING;
ALTER TABLE advice.by_key_2 REPLICA IDENTITY NOTHING;
SELECT object, finding, remedy FROM pg_temp.advice('debezium', 'identity_nothing');
-- Nor where it would do harm to a table that is well.
ALTER PUBLICATION regress_advice SET TABLE advice.by_key_1 (id), advice.by_key_2 (id), advice.other_index;
ALTER TABLE advice.other_index ADD PRIMARY KEY (id), REPLICA IDENTITY FULL;
SELECT object, remedy FROM pg_temp.advice('debezium', 'identity_nothing');
DROP TABLE advice.by_key_1, advice.by_key_2, advice.other_index;

-- What a remedy of the rows above sets is not undone: then the finding would stay.
CREATE TABLE advice.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE advice.leaf PARTITION OF advice.root DEFAULT;
ALTER TABLE advice.leaf REPLICA IDENTITY FULL;
SELECT check_name, object, finding, remedy FROM pg_temp.advice('lakehouse_sync', 'identity_not_full|partition_differs');
DROP TABLE advice.root;

-- A publication that would hold no table is not made.
DROP PUBLICATION regress_advice;
CREATE UNLOGGED TABLE advice.unlogged (id int PRIMARY KEY);
SELECT check_name, object, finding, remedy FROM pg_temp.advice('any', 'no_publication');
DROP TABLE advice.unlogged;

-- An unlogged table joins an empty publication only where the others can follow.
CREATE TABLE advice.t (id int PRIMARY KEY);
CREATE UNLOGGED TABLE advice.unlogged (id int PRIMARY KEY);
CREATE PUBLICATION regress_advice;
CREATE PUBLICATION regress_other FOR TABLE advice.t WHERE (id > 50) WITH (publish_via_partition_root);
SELECT check_name, object, finding, remedy FROM pg_temp.advice('any', 'unlogged_table', 'regress_advice');
DROP PUBLICATION regress_other;
SELECT check_name, object, finding, remedy FROM pg_temp.advice('any', 'unlogged_table', 'regress_advice');
DROP PUBLICATION regress_advice;
DROP TABLE advice.t, advice.unlogged;

-- Who publishes a table above a partition, in another schema, publishes none of this one's.
CREATE SCHEMA advice_above;
CREATE TABLE advice_above.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE advice.leaf PARTITION OF advice_above.root DEFAULT;
CREATE TABLE advice.t (id int PRIMARY KEY);
CREATE PUBLICATION regress_above FOR TABLE advice_above.root WITH (publish_via_partition_root);
SELECT check_name, object, finding, remedy FROM pg_temp.advice('any', 'no_publication|not_member');
DROP PUBLICATION regress_above;
DROP TABLE advice.t;
DROP SCHEMA advice_above CASCADE;

-- Lakehouse Sync takes a schema without a publication: one counts only where it is named.
CREATE TABLE advice.t (id int PRIMARY KEY);
CREATE TABLE advice.u (id int PRIMARY KEY);
CREATE PUBLICATION regress_advice FOR TABLE advice.t WITH (publish = 'insert');
SELECT check_name, object, finding FROM pg_temp.advice('lakehouse_sync', 'not_member|.*publication.*');
SELECT check_name, object, finding FROM pg_temp.advice('lakehouse_sync', 'not_member|.*publication.*', 'regress_advice');
DROP PUBLICATION regress_advice;
DROP TABLE advice.t, advice.u;

-- Old rows that a consumer receives now are not to come with less of them, and writes that would fail are told before that. Those
-- of a table that joins with the rows above nobody receives yet.
CREATE TABLE advice.root (id int PRIMARY KEY, doc json, note text) PARTITION BY RANGE (id);
CREATE TABLE advice.leaf_1 PARTITION OF advice.root FOR VALUES FROM (0) TO (10);
CREATE TABLE advice.leaf_2 PARTITION OF advice.root FOR VALUES FROM (10) TO (20);
ALTER TABLE advice.root REPLICA IDENTITY FULL;
ALTER TABLE advice.leaf_1 REPLICA IDENTITY FULL;
ALTER TABLE advice.leaf_2 REPLICA IDENTITY FULL;
CREATE PUBLICATION regress_advice FOR TABLE advice.leaf_1, advice.leaf_2;
SELECT check_name, object, finding, remedy FROM pg_temp.advice('postgres', 'row_comparison_key', 'regress_advice');
ALTER PUBLICATION regress_advice SET TABLE advice.leaf_1, advice.leaf_2 WHERE (note > '');
SELECT check_name, object, finding, remedy FROM pg_temp.advice('postgres', 'row_comparison_key', 'regress_advice');
CREATE TABLE advice.json_key (id int PRIMARY KEY, doc json);
CREATE TABLE advice.t (id int PRIMARY KEY);
ALTER TABLE advice.json_key REPLICA IDENTITY FULL;
ALTER PUBLICATION regress_advice SET TABLE advice.t;
DROP TABLE advice.root;
SELECT check_name, object, finding, remedy FROM pg_temp.advice('postgres', 'not_member|row_comparison_key', 'regress_advice');

-- A remedy has to do after those of other severities, too: what publishes more makes writes fail under DEFAULT.
ALTER PUBLICATION regress_advice SET TABLE advice.t, advice.json_key WHERE (doc IS NOT NULL);
ALTER PUBLICATION regress_advice SET (publish = 'insert');
SELECT check_name, object, finding, remedy FROM pg_temp.advice('postgres', 'publication_operations|row_comparison_key', 'regress_advice');
DROP PUBLICATION regress_advice;
DROP TABLE advice.json_key, advice.t;

-- How much each finding matters to whom: a letter for any, lakehouse_sync, debezium, clickpipes and postgres.
CREATE TABLE advice.by_default (id int PRIMARY KEY, note text);
CREATE TABLE advice.blob (id int PRIMARY KEY, blob bytea);
CREATE TABLE advice.json (id int, doc json);
CREATE TABLE advice.json_key (id int PRIMARY KEY, doc json);
CREATE TABLE advice.no_key (id int);
CREATE TABLE advice.nothing (id int PRIMARY KEY);
CREATE TABLE advice.dropped (id int NOT NULL);
CREATE UNIQUE INDEX dropped_id ON advice.dropped (id);
CREATE TABLE advice.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE advice.leaf PARTITION OF advice.root FOR VALUES FROM (0) TO (10);
CREATE TABLE advice.other_leaf PARTITION OF advice.root FOR VALUES FROM (10) TO (20);
CREATE TABLE advice."~hidden" (id int PRIMARY KEY);
CREATE UNLOGGED TABLE advice.unlogged (id int PRIMARY KEY);
CREATE TABLE advice.apart (id int PRIMARY KEY);
ALTER TABLE advice.blob REPLICA IDENTITY FULL;
ALTER TABLE advice.json REPLICA IDENTITY FULL;
ALTER TABLE advice.json_key REPLICA IDENTITY FULL;
ALTER TABLE advice.leaf REPLICA IDENTITY FULL;
ALTER TABLE advice.other_leaf REPLICA IDENTITY NOTHING;
ALTER TABLE advice.nothing REPLICA IDENTITY NOTHING;
ALTER TABLE advice.dropped REPLICA IDENTITY USING INDEX dropped_id;
ALTER TABLE advice."~hidden" REPLICA IDENTITY FULL;
DROP INDEX advice.dropped_id;
CREATE PUBLICATION regress_advice FOR TABLE advice.by_default, advice.blob, advice.json, advice.json_key, advice.no_key, advice.nothing,
    advice.dropped, advice.root, advice.leaf, advice."~hidden" WITH (publish = 'insert, update, delete');
CREATE TEMPORARY TABLE shown AS
    SELECT DISTINCT c.n, r.check_name, left(r.severity, 1) AS letter
    FROM unnest(ARRAY['any', 'lakehouse_sync', 'debezium', 'clickpipes', 'postgres']) WITH ORDINALITY AS c(consumer, n),
         dj_deploy.check_cdc('advice', 'regress_advice', c.consumer) r
    WHERE r.check_name !~ '^(wal_|replication_slots_|slot_|long_|prepared_|activity_|role_)';
SELECT f.check_name, string_agg(COALESCE(s.letter, '-'), '' ORDER BY n) AS severities
FROM (SELECT DISTINCT check_name FROM shown) f CROSS JOIN generate_series(1, 5) n LEFT JOIN shown s USING (n, check_name)
GROUP BY f.check_name ORDER BY f.check_name COLLATE "C";
DROP PUBLICATION regress_advice;
DROP SCHEMA advice CASCADE;
