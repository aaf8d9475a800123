-- set_publication_membership makes a publication hold exactly a schema's user tables, on a real pipeline and on tables of
-- every kind.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixture :abs_srcdir '/fixtures/pipeline.sql'
\set ECHO none
\o /dev/null
\i :fixture
\o
\set ECHO all
\c

-- What a publication lists, with column list and row filter.
CREATE FUNCTION pg_temp.listed(publication text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s.%s%s%s', nspname, relname,
                  (SELECT ' (' || string_agg(attname, ', ' ORDER BY attnum) || ')' FROM pg_attribute
                   WHERE attrelid = prrelid AND attnum = ANY (prattrs)),
                  ' WHERE ' || pg_get_expr(prqual, prrelid))
    FROM pg_publication p JOIN pg_publication_rel ON prpubid = p.oid JOIN pg_class c ON c.oid = prrelid
    JOIN pg_namespace n ON n.oid = relnamespace WHERE pubname = $1
    ORDER BY nspname COLLATE "C", relname COLLATE "C"
$$;
PREPARE show_traces AS
    SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS has_xid, count(*) FILTER (WHERE relation >= 16384) AS user_locks
    FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid();

-- A real pipeline: what the dry run shows is what a run does, the second plan is empty and a second run leaves no trace.
SELECT jsonb_pretty(dj_deploy.set_publication_membership('analysis', 'regress_cdc'));
SELECT count(*) FROM pg_publication WHERE pubname = 'regress_cdc';
SELECT dj_deploy.set_publication_membership('analysis', 'regress_cdc') -> 'ddl' AS planned \gset
SELECT result - 'ddl', result -> 'ddl' = :'planned'
FROM dj_deploy.set_publication_membership('analysis', 'regress_cdc', dry_run => false) result;
SELECT pg_temp.listed('regress_cdc');
SELECT dj_deploy.set_publication_membership('analysis', 'regress_cdc');
BEGIN;
SELECT dj_deploy.set_publication_membership('analysis', 'regress_cdc', dry_run => false);
EXECUTE show_traces;
COMMIT;
BEGIN;
SELECT dj_deploy.set_publication_membership('lab', 'regress_cdc') -> 'tables_analyzed';
EXECUTE show_traces;
COMMIT;

-- The other schemas join it, and nothing else of it changes. The statements of a dry run do the same as a run.
SELECT dj_deploy.set_publication_membership('ephys', 'regress_cdc', dry_run => false) - 'ddl';
SELECT jsonb_array_elements_text(dj_deploy.set_publication_membership('lab', 'regress_cdc') -> 'ddl') \gexec
SELECT dj_deploy.set_publication_membership('lab', 'regress_cdc', dry_run => false);
SELECT split_part(listed, '.', 1), count(*) FROM pg_temp.listed('regress_cdc') GROUP BY 1 ORDER BY 1;
SELECT pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot FROM pg_publication WHERE pubname = 'regress_cdc';

-- A publication emptied by DROP SCHEMA is reported.
SELECT dj_deploy.set_publication_membership('behavior', 'regress_other', dry_run => false) -> 'tables_modified';
SET client_min_messages = error;
DROP SCHEMA behavior CASCADE;
RESET client_min_messages;
SELECT dj_deploy.set_publication_membership('lab', 'regress_other') -> 'tables_analyzed';
SELECT dj_deploy.set_publication_membership('lab', 'regress_other', dry_run => false) -> 'tables_modified';
SELECT dj_deploy.set_publication_membership('lab', 'regress_other', false, false) -> 'tables_modified';
SELECT dj_deploy.set_publication_membership('lab', 'regress_other', false, false);

SET client_min_messages = error;
DROP PUBLICATION regress_cdc, regress_other;
DROP SCHEMA lab, ephys, analysis CASCADE;

-- Tables of every kind.
CREATE SCHEMA member;
CREATE SCHEMA member_other;
CREATE TABLE member.session (id int PRIMARY KEY, note text);
CREATE TABLE member.session__trial (id int PRIMARY KEY REFERENCES member.session);
CREATE TABLE member.a (id int PRIMARY KEY, note text);
CREATE TABLE member."~log" (id int PRIMARY KEY);
CREATE UNLOGGED TABLE member.scratch (id int PRIMARY KEY);
CREATE TABLE member.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE member.leaf PARTITION OF member.root FOR VALUES FROM (0) TO (10);
CREATE TABLE member.branch PARTITION OF member.root FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE member_other.leaf PARTITION OF member.branch FOR VALUES FROM (10) TO (20);
CREATE TABLE member_other.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE member.guest PARTITION OF member_other.root DEFAULT;
CREATE TABLE member.parent (id int PRIMARY KEY);
CREATE TABLE member.child (PRIMARY KEY (id)) INHERITS (member.parent);
CREATE TABLE member_other."~hidden" (PRIMARY KEY (id)) INHERITS (member.parent);
CREATE VIEW member.view AS SELECT 1 AS one;
CREATE FOREIGN DATA WRAPPER regress_member;
CREATE SERVER regress_member FOREIGN DATA WRAPPER regress_member;
CREATE FOREIGN TABLE member.foreign_table (id int) SERVER regress_member;
CREATE TEMPORARY TABLE temporary (id int);
RESET client_min_messages;

-- Each user table once, an inheritance parent without its children, nothing hidden; an unlogged table is skipped.
SELECT jsonb_pretty(dj_deploy.set_publication_membership('member', 'regress_member', dry_run => false));
SELECT pg_temp.listed('regress_member');
SELECT dj_deploy.set_publication_membership('member', 'regress_member', dry_run => false);

-- Members that do not belong go; those of other schemas, column lists and row filters stay, byte for byte.
DROP PUBLICATION regress_member;
SET client_min_messages = error;
CREATE PUBLICATION regress_member FOR TABLE
    member.session (id), member.a WHERE (id > 1), ONLY member."~log", member.leaf, member.branch WHERE (id > 11), member_other.leaf,
    member.guest, ONLY member_other."~hidden", member_other.root (id) WHERE (id < 100)
    WITH (publish = 'insert', publish_via_partition_root);
RESET client_min_messages;
CREATE TEMPORARY TABLE before AS SELECT r.* FROM pg_publication p JOIN pg_publication_rel r ON prpubid = p.oid
WHERE pubname = 'regress_member';
SELECT jsonb_pretty(dj_deploy.set_publication_membership('member', 'regress_member', dry_run => false));
SELECT pg_temp.listed('regress_member');
SELECT prrelid::regclass FROM before b WHERE NOT EXISTS (SELECT FROM pg_publication_rel r WHERE r::text = b::text)
ORDER BY prrelid::regclass::text COLLATE "C";
SELECT dj_deploy.set_publication_membership('member', 'regress_member') -> 'ddl';
SELECT pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot FROM pg_publication WHERE pubname = 'regress_member';

-- A table that is new joins.
CREATE TABLE member.b (id int PRIMARY KEY REFERENCES member.a);
SELECT dj_deploy.set_publication_membership('member', 'regress_member', dry_run => false) -> 'ddl';

-- One table, also a hidden one or a partition; a partition of a member is published already.
SELECT dj_deploy.set_publication_membership('member.session'::regclass, 'regress_member');
SELECT dj_deploy.set_publication_membership('member.session'::regclass, 'regress_member', false, false);
SELECT dj_deploy.set_publication_membership('member.session'::regclass, 'regress_member', false, false);
SELECT dj_deploy.set_publication_membership('member.session'::regclass, 'regress_member', dry_run => false);
SELECT dj_deploy.set_publication_membership('member."~log"'::regclass, 'regress_member', dry_run => false);
SELECT dj_deploy.set_publication_membership('member.leaf'::regclass, 'regress_member');
SELECT dj_deploy.set_publication_membership('member_other.leaf'::regclass, 'regress_single');
SELECT dj_deploy.set_publication_membership('member.parent'::regclass, 'regress_single');
SELECT dj_deploy.set_publication_membership('member.scratch'::regclass, 'regress_single');

SELECT dj_deploy.set_publication_membership('member.branch'::regclass, 'regress_member', false, false);
SELECT dj_deploy.set_publication_membership('member.root'::regclass, 'regress_member', dry_run => false) -> 'ddl';
SELECT dj_deploy.set_publication_membership('member.leaf'::regclass, 'regress_member', false, false);
SELECT dj_deploy.set_publication_membership('member', 'regress_member', dry_run => false) -> 'ddl';

-- Where partitions are published as themselves, the filter of one goes on to count: the root joins.
SET client_min_messages = error;
CREATE PUBLICATION regress_leaves FOR TABLE member.leaf WHERE (id > 1), member_other.leaf;
RESET client_min_messages;
SELECT dj_deploy.set_publication_membership('member', 'regress_leaves', dry_run => false) -> 'ddl';
SELECT pg_temp.listed('regress_leaves');
DROP PUBLICATION regress_leaves;

-- member => false takes the schema out, hidden tables and filters too, and leaves the rest.
SELECT dj_deploy.set_publication_membership('member', 'regress_member', false, false);
SELECT pg_temp.listed('regress_member');
SELECT dj_deploy.set_publication_membership('member', 'regress_member', false, false);

-- An empty schema makes an empty publication.
CREATE SCHEMA member_empty;
SELECT dj_deploy.set_publication_membership('member_empty', 'regress_empty', dry_run => false);
SELECT dj_deploy.set_publication_membership('member_empty', 'regress_empty', dry_run => false);

-- Tables on which UPDATE and DELETE would fail from then on, also a leaf of one, are warned of; where they do.
CREATE SCHEMA broken;
CREATE TABLE broken.no_key (id int);
CREATE TABLE broken.deferrable_key (id int PRIMARY KEY DEFERRABLE);
CREATE TABLE broken.identity_nothing (id int PRIMARY KEY);
ALTER TABLE broken.identity_nothing REPLICA IDENTITY NOTHING;
CREATE TABLE broken.identity_full (id int);
ALTER TABLE broken.identity_full REPLICA IDENTITY FULL;
CREATE TABLE broken.identity_index (id int NOT NULL UNIQUE);
ALTER TABLE broken.identity_index REPLICA IDENTITY USING INDEX identity_index_id_key;
CREATE TABLE broken.index_dropped (id int NOT NULL UNIQUE);
ALTER TABLE broken.index_dropped REPLICA IDENTITY USING INDEX index_dropped_id_key;
ALTER TABLE broken.index_dropped DROP CONSTRAINT index_dropped_id_key;
CREATE TABLE broken.root (id int) PARTITION BY RANGE (id);
CREATE TABLE broken.leaf PARTITION OF broken.root FOR VALUES FROM (0) TO (10);
CREATE TABLE broken.leaf_with_key PARTITION OF broken.root (PRIMARY KEY (id)) DEFAULT;
SELECT dj_deploy.set_publication_membership('broken', 'regress_broken', dry_run => false) -> 'tables_modified';
DO $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = 'broken'::regnamespace AND relkind = 'r' ORDER BY relname LOOP
        BEGIN
            EXECUTE format('DELETE FROM %s', relation);
            RAISE NOTICE '% works', relation;
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
            RAISE NOTICE '% fails', relation;
        END;
    END LOOP;
END $$;
DROP PUBLICATION regress_broken;
SET client_min_messages = error;
CREATE PUBLICATION regress_broken FOR TABLE member.a WITH (publish = 'insert');
RESET client_min_messages;
SELECT dj_deploy.set_publication_membership('broken', 'regress_broken', dry_run => false) -> 'tables_modified';

-- Publications that list no tables.
SET client_min_messages = error;
CREATE PUBLICATION regress_all FOR ALL TABLES;
CREATE PUBLICATION "regress ""schema" FOR TABLES IN SCHEMA member, TABLE member_other.leaf;
RESET client_min_messages;
SELECT dj_deploy.set_publication_membership('member', 'regress_all', dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member.a'::regclass, 'regress_all', member => false); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member', 'regress "schema'); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member.a'::regclass, 'regress "schema', member => false); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member_other', 'regress "schema') -> 'ddl';

-- Refusals.
SELECT dj_deploy.set_publication_membership('member', 'nowhere', member => false); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('nowhere', 'regress_member'); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member.view'::regclass, 'regress_member'); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('pg_catalog', 'regress_member'); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member', ''); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member', repeat('x', 64)); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member', NULL); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member', 'regress_member', member => NULL); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member', 'regress_member', dry_run => NULL); \echo :SQLSTATE
BEGIN READ ONLY;
SELECT dj_deploy.set_publication_membership('member', 'regress_member') -> 'tables_analyzed';
SELECT dj_deploy.set_publication_membership('member', 'regress_member', dry_run => false); \echo :SQLSTATE
ROLLBACK;

-- A role that owns some of the tables, and not the publication.
CREATE ROLE regress_owner;
GRANT USAGE ON SCHEMA member TO regress_owner;
ALTER TABLE member.a OWNER TO regress_owner;
SET ROLE regress_owner;
SELECT dj_deploy.set_publication_membership('member', 'regress_new') -> 'tables_modified';
SELECT dj_deploy.set_publication_membership('member', 'regress_new', dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member', 'regress_member', dry_run => false); \echo :SQLSTATE
RESET ROLE;
GRANT CREATE ON DATABASE :DBNAME TO regress_owner;
SET ROLE regress_owner;
SELECT dj_deploy.set_publication_membership('member', 'regress_new', dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_publication_membership('member.a'::regclass, 'regress_new', dry_run => false) -> 'ddl';
RESET ROLE;
-- Taking tables out needs the publication only, and a run that has nothing to do needs nothing.
ALTER PUBLICATION regress_new ADD TABLE member.session;
SET ROLE regress_owner;
SELECT dj_deploy.set_publication_membership('member', 'regress_member', false, false) -> 'ddl';
SELECT dj_deploy.set_publication_membership('member', 'regress_new', false, false) -> 'ddl';
RESET ROLE;
SELECT pubname FROM pg_publication WHERE pubname LIKE 'regress%' ORDER BY pubname;

SET client_min_messages = error;
DROP PUBLICATION regress_member, regress_empty, regress_broken, regress_all, "regress ""schema", regress_new;
DROP SCHEMA member, member_other, member_empty, broken CASCADE;
DROP FOREIGN DATA WRAPPER regress_member CASCADE;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_owner;
DROP ROLE regress_owner;
