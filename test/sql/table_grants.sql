-- Grants of the environment document that are said of one table.
SET client_min_messages = warning;
CREATE ROLE regress_writer;
CREATE ROLE regress_reader;
CREATE SCHEMA grants;
CREATE SCHEMA grants_other;
CREATE TABLE grants.session (id serial PRIMARY KEY);
CREATE TABLE grants.trial (id int PRIMARY KEY);
CREATE TABLE grants.migrations (id serial PRIMARY KEY);
CREATE TABLE grants."~log" (id int PRIMARY KEY);
CREATE SEQUENCE grants.free;
CREATE VIEW grants.good AS SELECT * FROM grants.session;
CREATE TABLE grants.scan (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE grants.scan_1 PARTITION OF grants.scan FOR VALUES IN (1) PARTITION BY RANGE (id);
CREATE TABLE grants.scan_1_a PARTITION OF grants.scan_1 FOR VALUES FROM (0) TO (10);
CREATE TABLE grants_other.scan_2 PARTITION OF grants.scan FOR VALUES IN (2);
PREPARE plan AS SELECT jsonb_array_elements_text(dj_deploy.apply($1) -> 'ddl') AS ddl;
CREATE FUNCTION pg_temp.described(VARIADIC schemas text[] DEFAULT '{grants}') RETURNS text LANGUAGE sql AS $$
    SELECT jsonb_pretty(dj_deploy.describe(VARIADIC schemas) #- '{schemas,grants,replica_identity}' #- '{schemas,grants_other,replica_identity}' -> 'schemas') $$;

-- A role that writes everywhere and only reads the table of migrations: exact on that table and the sequence of its column.
\set document '{"version": 1, "schemas": {"grants": {"grants": {"regress_writer": "write"}, "tables": {"migrations": {"grants": {"regress_writer": "read"}}}}}}'
EXECUTE plan(:'document');
SELECT dj_deploy.apply(:'document', false) AS result \gset
SELECT jsonb_array_length(:'result'::jsonb -> 'ddl') AS executed;
SELECT dj_deploy.assert_converged(:'document');
SELECT pg_temp.described();
SELECT dj_deploy.apply(dj_deploy.describe('grants')) -> 'ddl' AS ddl;
-- It stays so on every release: set_grants of the schema would not leave it.
SELECT jsonb_array_elements_text(dj_deploy.set_grants('grants', 'regress_writer', 'write') -> 'ddl') AS ddl;
SELECT dj_deploy.apply(:'document', false) -> 'ddl' AS ddl;
-- What goes beyond it is taken away, in columns too.
GRANT INSERT, UPDATE (id) ON grants.migrations TO regress_writer;
SELECT table_name, property, old_value, new_value FROM dj_deploy.drift(:'document');
EXECUTE plan(:'document');
REVOKE INSERT, UPDATE (id) ON grants.migrations FROM regress_writer;

-- A table alone; one role beside another; an object for the access. Without a say of the schema nothing happens to the rest.
EXECUTE plan('{"version": 1, "schemas": {"grants": {"tables": {"trial": {"grants": {"regress_writer": "none"}}, "migrations": {"grants": {"regress_reader": {"access": "all"}, "public": "read"}}}}}}');
EXECUTE plan('{"version": 1, "schemas": {"grants": {"grants": {"regress_reader": "read"}, "tables": {"session": {"grants": {"regress_writer": "read"}}}}}}');
-- A role whose USAGE goes, comes or is missing.
SET client_min_messages = notice;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"grants": {"tables": {"trial": {"grants": {"regress_reader": "read"}}}}}}') -> 'ddl' AS ddl;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"grants": {"grants": {"regress_reader": "read"}, "tables": {"trial": {"grants": {"regress_reader": "write"}}}}}}') -> 'ddl' -> 0 AS ddl;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"grants": {"grants": {"regress_reader": "none"}, "tables": {"trial": {"grants": {"regress_reader": "write"}}}}}}') -> 'ddl' AS ddl;
SET client_min_messages = warning;

-- A partitioned table brings its partitions along, wherever they live; what is said of a partition counts for it and those below it.
EXECUTE plan('{"version": 1, "schemas": {"grants": {"tables": {"scan": {"grants": {"regress_reader": "read"}}}}}}');
EXECUTE plan('{"version": 1, "schemas": {"grants": {"tables": {"scan": {"grants": {"regress_reader": "read"}}, "scan_1": {"grants": {"regress_reader": "write"}}, "scan_1_a": {"grants": {"regress_reader": "all"}}}}}}');
EXECUTE plan('{"version": 1, "schemas": {"grants_other": {"grants": {"regress_reader": "write"}}, "grants": {"tables": {"scan": {"grants": {"regress_reader": "read"}}}}}}');
EXECUTE plan('{"version": 1, "schemas": {"grants_other": {"grants": {"regress_reader": "write"}, "tables": {"scan_2": {"grants": {"regress_reader": "none"}}}}, "grants": {"tables": {"scan": {"grants": {"regress_reader": "read"}}}}}}');
-- In a pattern, of the tables of that name; under what the entry says, role by role.
EXECUTE plan('{"version": 1, "schema_patterns": {"gran*": {"tables": {"trial": {"grants": {"regress_reader": "read", "regress_writer": "read"}}}}}, "schemas": {"grants": {"tables": {"trial": {"grants": {"regress_reader": "all"}}}}}}');

-- Refused.
EXECUTE plan('{"version": 1, "schemas": {"grants": {"tables": {"trial": {"grants": {"regress_reader": {"access": "read", "future_tables": true}}}}}}}');
EXECUTE plan('{"version": 1, "schemas": {"grants": {"tables": {"trial": {"grants": {"regress_reader": {}}}}}}}');
EXECUTE plan('{"version": 1, "schemas": {"grants": {"tables": {"trial": {"grants": {"regress_reader": "rw"}}}}}}');
EXECUTE plan('{"version": 1, "schemas": {"grants": {"tables": {"trial": {"grants": {"regress_nobody": "read"}}}}}}');
EXECUTE plan('{"version": 1, "schemas": {"grants": {"tables": {"good": {"grants": {"regress_reader": "read"}}}}}}');

-- Undo brings back what was.
CREATE FUNCTION pg_temp.acls() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(a::text, ' ' ORDER BY a::text COLLATE "C") FROM (
        SELECT relname, x.* FROM pg_class, aclexplode(relacl) x WHERE relnamespace IN ('grants'::regnamespace, 'grants_other'::regnamespace) AND grantee <> relowner) a $$;
SELECT pg_temp.acls() AS before \gset
SELECT dj_deploy.apply('{"version": 1, "schemas": {"grants": {"tables": {"scan": {"grants": {"regress_reader": "read"}}, "session": {"grants": {"regress_writer": "none"}}, "migrations": {"grants": {"regress_writer": "all"}}}}}}', false) -> 'changes' AS changes \gset
SELECT pg_temp.acls() <> :'before' AS is_changed;
SELECT format('%s;', c ->> 'undo') FROM jsonb_array_elements(:'changes'::jsonb) WITH ORDINALITY t(c, n) ORDER BY n DESC \gexec
SELECT pg_temp.acls() = :'before' AS is_back;

-- describe says of tables what makes the access of the schema hold for all others; with future tables, too.
SELECT dj_deploy.apply('{"version": 1, "schemas": {"grants": {"grants": {"regress_writer": {"access": "read", "future_tables": true}}, "tables": {"trial": {"grants": {"regress_writer": "write"}}, "session": {"grants": {"regress_writer": "all"}}}}}}', false) -> 'tables_modified' AS modified;
SELECT pg_temp.described();
-- Of a tree at its top, where that holds for all of it; else of partitions.
SELECT dj_deploy.set_grants('grants.scan'::regclass, 'regress_writer', 'write', false) -> 'tables_modified' AS modified;
SELECT pg_temp.described('grants', 'grants_other');
SELECT dj_deploy.apply(dj_deploy.describe('grants', 'grants_other')) -> 'ddl' AS ddl;
SELECT dj_deploy.set_grants('grants.scan'::regclass, 'regress_writer', 'read', false) -> 'tables_modified' AS modified;
SELECT dj_deploy.set_grants('grants.scan_1'::regclass, 'regress_writer', 'none', false) -> 'tables_modified' AS modified;
SELECT pg_temp.described('grants', 'grants_other');
SELECT dj_deploy.apply(dj_deploy.describe('grants', 'grants_other')) -> 'ddl' AS ddl;
-- A role that has nothing but some tables.
SELECT dj_deploy.set_grants('grants', 'regress_writer', 'none', false) -> 'tables_modified' AS modified;
SELECT dj_deploy.set_grants('grants.trial'::regclass, 'regress_writer', 'read', false) -> 'tables_modified' AS modified;
SELECT pg_temp.described();
-- Left out: more exceptions than other tables, a table that is like no access, a view or a sequence of no table that differs.
SET client_min_messages = notice;
GRANT USAGE ON SCHEMA grants TO regress_writer;
SELECT pg_temp.described();
REVOKE USAGE ON SCHEMA grants FROM regress_writer;
GRANT INSERT ON grants.session TO regress_writer;
SELECT pg_temp.described();
REVOKE INSERT ON grants.session FROM regress_writer;
GRANT SELECT ON grants.good TO regress_writer;
SELECT pg_temp.described();
REVOKE SELECT ON grants.good FROM regress_writer;
GRANT USAGE ON SEQUENCE grants.free TO regress_writer;
SELECT pg_temp.described();
REVOKE USAGE ON SEQUENCE grants.free FROM regress_writer;
GRANT USAGE ON SEQUENCE grants.session_id_seq TO regress_writer;
SELECT pg_temp.described();
REVOKE USAGE ON SEQUENCE grants.session_id_seq FROM regress_writer;
SELECT pg_temp.described();


-- Of two accesses with as many exceptions the lesser; several roles at one table; a role that owns all tables of a schema.
CREATE SCHEMA grants_half;
CREATE TABLE grants_half.a (id int PRIMARY KEY);
CREATE TABLE grants_half.b (id int PRIMARY KEY);
CREATE TABLE grants_half.c (id int PRIMARY KEY);
CREATE TABLE grants_half.d (id int PRIMARY KEY);
GRANT USAGE ON SCHEMA grants_half TO regress_reader, regress_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA grants_half TO regress_reader, regress_writer;
GRANT INSERT, UPDATE, DELETE ON grants_half.a, grants_half.b TO regress_reader;
REVOKE SELECT ON grants_half.b FROM regress_writer;
SELECT dj_deploy.describe('grants_half') #> '{schemas,grants_half}' AS described;
SELECT dj_deploy.apply(dj_deploy.describe('grants_half')) -> 'ddl' AS ddl;
DROP TABLE grants_half.b, grants_half.c, grants_half.d;
ALTER TABLE grants_half.a OWNER TO regress_writer;
SELECT dj_deploy.describe('grants_half') #> '{schemas,grants_half,grants}' AS described;

SET client_min_messages = warning;
DROP SCHEMA grants, grants_other, grants_half CASCADE;
DROP ROLE regress_writer, regress_reader;
