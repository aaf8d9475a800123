-- What an environment document comes down to in its corners: which index may be an identity, which writes may begin to fail,
-- which options a publication cannot have, and an undo that names columns of any name.
SET client_min_messages = warning;
\pset footer off
CREATE ROLE regress_details;
CREATE SCHEMA details;

-- An index that is the identity must be unique, immediate, valid, of all rows and plain columns without NULLs, and the table's
-- own. What it includes besides its key may be null.
CREATE TABLE details.root (id int NOT NULL, at int, note text) PARTITION BY RANGE (id);
CREATE TABLE details.leaf PARTITION OF details.root FOR VALUES FROM (0) TO (10);
CREATE UNIQUE INDEX not_valid ON ONLY details.root (id);
CREATE TABLE details.indexed (id int NOT NULL, other int NOT NULL, at int, note text, CONSTRAINT later UNIQUE (other) DEFERRABLE);
CREATE UNIQUE INDEX includes_nullable ON details.indexed (id) INCLUDE (at, note);
CREATE UNIQUE INDEX last_is_nullable ON details.indexed (id, at);
CREATE UNIQUE INDEX of_expression ON details.indexed ((id + 1));
CREATE UNIQUE INDEX of_some ON details.indexed (id) WHERE id > 0;
CREATE INDEX of_many ON details.indexed (id);
CREATE FUNCTION pg_temp.with_index(name text, index text) RETURNS jsonb RETURN
    jsonb_build_object('version', 1, 'schemas', jsonb_build_object('details', jsonb_build_object('tables', jsonb_build_object(
        name, jsonb_build_object('replica_identity', jsonb_build_object('index', index))))));
\set VERBOSITY terse
SELECT dj_deploy.apply(pg_temp.with_index('root', 'not_valid')); \echo :SQLSTATE
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'later'));
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'last_is_nullable'));
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'of_expression'));
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'of_some'));
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'of_many'));
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'not_valid'));
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'root')); \echo :SQLSTATE
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'nowhere')); \echo :SQLSTATE
SELECT dj_deploy.apply(pg_temp.with_index('indexed', 'includes_nullable'), false) -> 'ddl' AS ddl;
DROP TABLE details.root, details.indexed;

-- Writes that begin to fail are refused, with their SQLSTATE. Allowed at the root, they are of its partitions, too; allowed at
-- another table, they are not.
CREATE TABLE details.root (id int) PARTITION BY RANGE (id);
CREATE TABLE details.branch PARTITION OF details.root FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE details.leaf PARTITION OF details.branch FOR VALUES FROM (0) TO (10);
CREATE TABLE details.other (id int PRIMARY KEY);
SELECT dj_deploy.set_replica_identity('details', 'full', false) -> 'tables_modified' AS modified;
CREATE PUBLICATION regress_details FOR TABLE details.root WITH (publish_via_partition_root);
CREATE FUNCTION pg_temp.breaking(at text) RETURNS jsonb RETURN
    jsonb_build_object('version', 1, 'schemas', jsonb_build_object('details', jsonb_build_object('replica_identity', 'default',
        'tables', jsonb_build_object(at, '{"allow_breaking_writes": true}'::jsonb))));
\set VERBOSITY sqlstate
SELECT dj_deploy.apply(pg_temp.breaking('other')) -> 'refused' AS refused;
\set VERBOSITY terse
SELECT dj_deploy.apply(pg_temp.breaking('other'), false); \echo :SQLSTATE
SELECT dj_deploy.apply(pg_temp.breaking('branch')) -> 'refused' AS refused;
BEGIN;
\set VERBOSITY sqlstate
SELECT dj_deploy.apply(pg_temp.breaking('root'), false) -> 'ddl' AS ddl;
\set VERBOSITY terse
UPDATE details.leaf SET id = 1; \echo :SQLSTATE
ROLLBACK;
DROP PUBLICATION regress_details;
DROP TABLE details.root, details.other;

-- A column list or row filter of a partition would no longer count under publish_via_partition_root, and that of a partitioned
-- table needs it.
CREATE TABLE details.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details.leaf PARTITION OF details.root FOR VALUES FROM (0) TO (10);
CREATE PUBLICATION regress_details FOR TABLE details.root, details.leaf WHERE (id > 5);
CREATE FUNCTION pg_temp.via_root(is_via_root boolean, tables jsonb DEFAULT '{}') RETURNS jsonb RETURN
    jsonb_build_object('version', 1,
        'publications', jsonb_build_object('regress_details', jsonb_build_object('publish_via_partition_root', is_via_root)),
        'schemas', jsonb_build_object('details', jsonb_build_object('tables', tables)));
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT dj_deploy.apply(pg_temp.via_root(true)); \echo :SQLSTATE
-- It can be had where the partition leaves, and where its entry has neither.
SELECT dj_deploy.apply(pg_temp.via_root(true, '{"leaf": {"publications": []}}')) -> 'ddl' AS ddl;
ALTER PUBLICATION regress_details SET TABLE details.root, details.leaf;
SELECT dj_deploy.apply(pg_temp.via_root(true)) -> 'ddl' AS ddl;
ALTER PUBLICATION regress_details SET (publish_via_partition_root);
ALTER PUBLICATION regress_details SET TABLE details.root WHERE (id > 5);
SELECT dj_deploy.apply(pg_temp.via_root(false)); \echo :SQLSTATE
SELECT dj_deploy.apply(pg_temp.via_root(false, '{"root": {"publications": []}}')) -> 'ddl' AS ddl;
DROP PUBLICATION regress_details;
DROP TABLE details.root;

-- What leaves a publication does so from the bottom of a tree: what a table above says of a
-- partition counts while both are listed.
CREATE TABLE details.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details.branch PARTITION OF details.root FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE details.leaf PARTITION OF details.branch FOR VALUES FROM (0) TO (5);
CREATE PUBLICATION regress_details FOR TABLE details.root, details.branch, details.leaf WITH (publish_via_partition_root);
SELECT dj_deploy.apply(pg_temp.via_root(true, '{"root": {"publications": []}, "branch": {"publications": []}, "leaf": {"publications": []}}')) -> 'ddl' AS ddl;
-- What is said of a partition counts as the tables above it will be: a root that joins, is there, or leaves.
CREATE FUNCTION pg_temp.looked_at(schema jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT dj_deploy.apply(jsonb_build_object('version', 1, 'publications', '{"regress_details": {}}'::jsonb, 'schemas', jsonb_build_object('details', schema)))
        - '{changes,fingerprint,tables_analyzed,tables_modified}'::text[]
$$;
SET client_min_messages = error;
ALTER PUBLICATION regress_details DROP TABLE details.root, details.branch, details.leaf;
SELECT pg_temp.looked_at('{"tables": {"root": {"publications": ["regress_details"]}, "leaf": {"publications": []}}}');
ALTER PUBLICATION regress_details ADD TABLE details.root;
SELECT pg_temp.looked_at('{"tables": {"leaf": {"publications": []}}}');
SELECT pg_temp.looked_at('{"publications": [], "tables": {"leaf": {"publications": ["regress_details"]}}}');
SET client_min_messages = warning;
-- A publication of another schema as a whole is not empty.
CREATE SCHEMA details_whole;
CREATE PUBLICATION regress_whole FOR TABLES IN SCHEMA details_whole;
CREATE PUBLICATION regress_empty;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"tables": {"root": {"publications": ["regress_empty", "regress_whole"]}}}}}') -> 'ddl' AS ddl;
DROP PUBLICATION regress_details, regress_whole, regress_empty;
DROP SCHEMA details_whole;
DROP TABLE details.root;

-- What a table was listed with, and what a role held in its columns, comes back under the names of the columns.
CREATE TABLE details."t""1" (id int PRIMARY KEY, "a""b" int, "Ab" int, "; --" text);
CREATE PUBLICATION regress_details FOR TABLE details."t""1" (id, "a""b", "; --") WHERE (id > 5) WITH (publish = 'insert');
GRANT SELECT ("a""b", "Ab"), UPDATE ("; --"), INSERT (id) ON details."t""1" TO regress_details;
GRANT REFERENCES ("a""b") ON details."t""1" TO regress_details WITH GRANT OPTION;
CREATE VIEW pg_temp.held AS
    SELECT 'listed' AS what, pg_get_expr(prqual, prrelid) AS detail, (SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = prrelid AND attnum = ANY (prattrs)) AS names FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid
    WHERE pubname = 'regress_details'
    UNION ALL
    SELECT attname, string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ' ' ORDER BY privilege_type), NULL
    FROM pg_attribute, aclexplode(attacl) WHERE attrelid = 'details."t""1"'::regclass AND grantee = (SELECT oid FROM pg_roles WHERE rolname = 'regress_details')
    GROUP BY attname;
SELECT * FROM pg_temp.held ORDER BY what COLLATE "C";
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"grants": {"regress_details": "none"},
    "tables": {"t\"1": {"publications": []}}}}, "publications": {"regress_details": {}}}', false) AS run \gset
SELECT c ->> 'ddl' AS ddl, c ->> 'undo' AS undo FROM jsonb_array_elements(:'run'::jsonb -> 'changes') c;
SELECT * FROM pg_temp.held;
SELECT c ->> 'undo' FROM jsonb_array_elements(:'run'::jsonb -> 'changes') WITH ORDINALITY AS t(c, n) ORDER BY n DESC \gexec
SELECT * FROM pg_temp.held ORDER BY what COLLATE "C";
DROP PUBLICATION regress_details;
DROP VIEW pg_temp.held;
DROP TABLE details."t""1";

-- A write that fails already does not begin to fail, and only what begins is told.
CREATE TABLE details.fails (id int);
CREATE PUBLICATION regress_details_update FOR TABLE details.fails WITH (publish = 'update');
CREATE PUBLICATION regress_details_delete WITH (publish = 'delete');
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"tables": {"fails": {"replica_identity": "nothing"}}}}}', false) -> 'ddl' AS ddl;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"tables": {"fails": {"publications":
    ["regress_details_update", "regress_details_delete"]}}}}}', false); \echo :SQLSTATE
DROP PUBLICATION regress_details_update, regress_details_delete;
DROP TABLE details.fails;

-- A document has a version, whatever else it has; a name that is no plain word stands in quotes where a path names it.
SELECT dj_deploy.apply('{"schemas": {"details": {}}}'); \echo :SQLSTATE
SELECT dj_deploy.apply('{"version": 1, "schemas": {"a.b": {"": 1}}}'); \echo :SQLSTATE
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"tables": {"a b": {"publications": [1]}}}}}'); \echo :SQLSTATE

-- An error of somebody's own ends a run at once, also one that looks like the server's: it is tried once.
CREATE TABLE details.tried (id int PRIMARY KEY);
CREATE SEQUENCE details.tries;
CREATE FUNCTION details.fail() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('details.tries');
    RAISE EXCEPTION 'not about any tuple' USING ERRCODE = current_setting('regress.errcode');
END $$;
CREATE EVENT TRIGGER regress_fail ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION details.fail();
SET regress.errcode = 'XX000';
SELECT dj_deploy.set_replica_identity('details.tried'::regclass, 'full', false); \echo :SQLSTATE
SET regress.errcode = '23505';
SELECT dj_deploy.set_replica_identity('details.tried'::regclass, 'full', false); \echo :SQLSTATE
DROP EVENT TRIGGER regress_fail;
SELECT nextval('details.tries') - 1 AS tries;
DROP TABLE details.tried;

-- A table with two statements is one table that was modified.
CREATE TABLE details.twice (id int PRIMARY KEY);
SELECT result -> 'tables_modified' AS modified, jsonb_array_length(result -> 'ddl') AS statements
FROM dj_deploy.apply('{"version": 1, "schemas": {"details": {"tables": {"twice": {"replica_identity": "full",
    "autovacuum": {"autovacuum_enabled": false}}}}}}', false) result;
-- And one that is somebody else's.
GRANT USAGE ON SCHEMA details TO regress_details;
SET ROLE regress_details;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"tables": {"twice": {"replica_identity": "default",
    "autovacuum": {"autovacuum_enabled": true}}}}}}', false); \echo :SQLSTATE
RESET ROLE;
DROP TABLE details.twice;

-- A value has a hundred bytes at most.
CREATE TABLE details.tuned (id int PRIMARY KEY);
SELECT length(dj_deploy.set_autovacuum('details.tuned'::regclass, jsonb_build_object('autovacuum_vacuum_scale_factor',
    rpad('0.', 100, '0'))) ->> 'ddl') > 100 AS is_planned;
SELECT dj_deploy.set_autovacuum('details.tuned'::regclass, jsonb_build_object('autovacuum_vacuum_scale_factor', rpad('0.', 101, '0')));
DROP TABLE details.tuned;

-- A parameter of indexes is none of a table, and is refused as any other that is not known: with a hint.
DO $$
DECLARE hint text;
BEGIN
    PERFORM dj_deploy.set_autovacuum('details', '{"vacuum_cleanup_index_scale_factor": 0.1}');
EXCEPTION WHEN invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RAISE WARNING '%, with a hint: %', SQLERRM, hint <> '';
END $$;

-- What is said of a schema holds for the partitions of its tables, wherever they live, but of its hidden tables for nothing.
CREATE SCHEMA details_other;
CREATE TABLE details."~hidden" (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details_other.of_hidden PARTITION OF details."~hidden" DEFAULT;
CREATE TABLE details.root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE details_other.of_root PARTITION OF details.root DEFAULT;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"replica_identity": "full"}}}') -> 'ddl' AS ddl;

-- A warning that concerns several schemas comes once, and so does a denial.
CREATE TABLE details_other.apart (id int PRIMARY KEY);
CREATE PUBLICATION regress_details;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"publications": ["regress_details"]},
    "details_other": {"publications": ["regress_details"]}}}') -> 'ddl' AS ddl;
GRANT USAGE ON SCHEMA details, details_other TO regress_details;
ALTER TABLE details.root OWNER TO regress_details;
ALTER TABLE details_other.apart OWNER TO regress_details;
SET ROLE regress_details;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"details": {"publications": ["regress_details"]},
    "details_other": {"publications": ["regress_details"]}}}') -> 'tables_analyzed' AS analyzed;
RESET ROLE;
DROP PUBLICATION regress_details;
DROP SCHEMA details, details_other CASCADE;
DROP ROLE regress_details;
