-- show: results of all calls as rows.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS datajoint_deploy;
CREATE SCHEMA shown;
CREATE SCHEMA "Shown ""odd""";
CREATE TABLE shown.subject (id int PRIMARY KEY, note text);
CREATE TABLE shown.session (id int PRIMARY KEY REFERENCES shown.subject, number int NOT NULL CONSTRAINT one UNIQUE);
CREATE TABLE shown."~log" (id serial);
CREATE UNLOGGED TABLE shown.scratch (id int PRIMARY KEY);
CREATE TABLE "Shown ""odd"""." ON TABLE ""x""" (id int PRIMARY KEY);
CREATE ROLE regress_shown;
CREATE ROLE "regress ""shown""";
\pset footer off

-- In the order of ddl, which has the exact text: a row for each statement, what is skipped, the sum.
SELECT * FROM dj_deploy.show(dj_deploy.set_replica_identity('shown'));
SELECT * FROM dj_deploy.show(dj_deploy.set_publication_membership('shown', 'regress_shown'));
SELECT * FROM dj_deploy.show(dj_deploy.set_publication_membership('shown', 'regress_shown', false));
SELECT * FROM dj_deploy.show(dj_deploy.set_publication_membership('shown.session'::regclass, 'regress_shown', member => false));
SELECT * FROM dj_deploy.show(dj_deploy.set_autovacuum('shown', '{"autovacuum_enabled": false, "autovacuum_vacuum_threshold": 7}'));
SELECT number, schema_name, table_name, replace(change, format('"%s"', session_user), '"owner"') AS change, lock
FROM dj_deploy.show(dj_deploy.set_grants('shown', 'regress_shown', 'read', future_tables => true));
SELECT * FROM dj_deploy.show(dj_deploy.set_grants('Shown "odd"', 'regress "shown"', 'write', dry_run => false));
SELECT * FROM dj_deploy.show(dj_deploy.set_grants('Shown "odd"', 'regress "shown"', 'read'));
SELECT * FROM dj_deploy.show(dj_deploy.set_replica_identity('Shown "odd"'));
-- At 100 columns, without the statements.
SELECT number, schema_name, table_name, change, lock FROM dj_deploy.show(dj_deploy.set_replica_identity('shown'));

-- Procedures. From 16 on VACUUM has an option and one statement more.
CALL dj_deploy.vacuum_analyze('shown') \gset
SELECT number IS NULL AS is_last, schema_name, table_name, regexp_replace(change, '\(.*\)|\d+', '...') AS change, lock
FROM dj_deploy.show(:'result') WHERE change !~ 'ONLY_DATABASE_STATS';
CALL dj_deploy.reindex('shown') \gset
SELECT * FROM dj_deploy.show(:'result');
CALL dj_deploy.reindex('shown.session'::regclass, concurrently => false) \gset
SELECT number, schema_name, table_name, change, lock FROM dj_deploy.show(:'result');
CALL dj_deploy.rollout(dj_deploy.set_replica_identity('shown', 'full'), dry_run => false) \gset
SELECT number, schema_name, table_name, change, lock FROM dj_deploy.show(:'result');

-- apply says itself what changes, also of what is no table; entries that only undo are no rows. What it refuses is told.
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_shown": {"publish": ["insert"]}, "regress_new": {}},
    "schemas": {"shown": {"replica_identity": "default", "publications": ["regress_new"], "grants": {"regress_shown": {"access": "read", "future_tables": true}},
    "autovacuum": {"autovacuum_enabled": false}, "tables": {"session": {"replica_identity": {"index": "one"}, "publications": []}}}}}') AS result \gset
SELECT number, schema_name, table_name, replace(change, format('"%s"', session_user), '"owner"') AS change, lock FROM dj_deploy.show(:'result');
SELECT array_agg(statement ORDER BY number) FILTER (WHERE number IS NOT NULL) = ARRAY(SELECT jsonb_array_elements_text(:'result'::jsonb -> 'ddl')) AS has_all
FROM dj_deploy.show(:'result');
ALTER TABLE shown.subject OWNER TO "regress ""shown""";
GRANT SELECT (note) ON shown.subject TO regress_shown;
SELECT number, schema_name, table_name, change, lock, statement FROM dj_deploy.show(dj_deploy.apply('{"version": 1, "schemas": {"shown": {"grants": {"regress_shown": "write"}}}}'))
WHERE table_name = 'subject';
SELECT schema_name, table_name, change, statement FROM dj_deploy.show(dj_deploy.apply('{"version": 1, "publications": {"regress_shown": {}},
    "schemas": {"shown": {"replica_identity": "nothing", "publications": ["regress_shown"]}}}')) WHERE number IS NULL;

-- Default privileges that are written otherwise are shown as they are.
SELECT number, schema_name, change FROM dj_deploy.show('["ALTER DEFAULT PRIVILEGES FOR ROLE \"a \"\"b\"\"\" IN SCHEMA \"shown\" REVOKE SELECT ON SEQUENCES FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE ana IN SCHEMA shown GRANT SELECT ON TABLES TO w1", "ALTER DEFAULT PRIVILEGES IN SCHEMA \"shown\" FOR ROLE \"ana\" GRANT SELECT ON TABLES TO \"w1\"",
    "ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA \"shown\" GRANT SELECT ON TABLES TO \"w1\"", "ALTER DEFAULT PRIVILEGES FOR ROLE \"ana\" GRANT SELECT ON TABLES TO \"w1\"",
    "ALTER DEFAULT PRIVILEGES FOR ROLE \"ana\" FOR ROLE \"bob\" GRANT SELECT ON TABLES TO \"w1\""]');

-- Statements alone, as those of undo; what is none of ours is shown as it is.
SELECT * FROM dj_deploy.show('["ALTER TABLE shown.session REPLICA IDENTITY NOTHING", "ALTER TABLE \"shown\".\"session\" REPLICA IDENTITY USING INDEX \"one\"",
    "DROP PUBLICATION \"regress_shown\"", "ALTER PUBLICATION \"regress_shown\" SET (publish = ''insert'')", "REINDEX INDEX CONCURRENTLY \"shown\".\"one\"",
    "VACUUM FULL \"shown\".\"session\"", "DROP TABLE \"shown\".\"session\"", "ALTER TABLE session REPLICA IDENTITY FULL", "REINDEX SCHEMA shown"]');
SELECT * FROM dj_deploy.show('[]');
SELECT * FROM dj_deploy.show('{"ddl": [], "tables_analyzed": 0, "tables_modified": 0}');
-- A change that is not that of its statement says nothing about it.
SELECT number, table_name, change FROM dj_deploy.show('{"ddl": ["ALTER TABLE \"shown\".\"session\" REPLICA IDENTITY FULL", "ALTER TABLE \"shown\".\"subject\" REPLICA IDENTITY FULL"],
    "changes": [{"ddl": null}, {"ddl": "ALTER TABLE \"shown\".\"subject\" REPLICA IDENTITY FULL", "property": "a_property.a_name", "table_name": "subject"}]}');

-- One that was kept as text, and one of an index that was skipped.
CREATE TEMPORARY TABLE migration (result text);
INSERT INTO migration SELECT dj_deploy.set_replica_identity('shown.session'::regclass, 'default', false);
SELECT s.* FROM migration, dj_deploy.show(result::jsonb) s;
SELECT * FROM dj_deploy.show('{"ddl": [], "skipped": [{"schema_name": "shown", "table_name": "session", "object": "INDEX \"shown\".\"one_ccnew\"",
    "reason": "it is not valid", "remedy": "DROP INDEX CONCURRENTLY \"shown\".\"one_ccnew\""}]}');

-- It asks nothing of the caller and looks at no table.
SET ROLE regress_shown;
BEGIN READ ONLY;
-- What this server does not know the grammar of, as of a newer one, is shown as it is.
SELECT * FROM dj_deploy.show('["GRANT SELECT ON", "ALTER TABLE \"shown\".\"session\" REPLICA IDENTITY FULL", "no SQL", "SELECT U&''\\1''"]');
SELECT number, table_name, change, lock FROM dj_deploy.show('{"ddl": ["ALTER TABLE \"shown\".\"session\" REPLICA NEWS"],
    "changes": [{"ddl": "ALTER TABLE \"shown\".\"session\" REPLICA NEWS", "property": "news", "table_name": "session", "new_value": "all"}]}');
SELECT change FROM dj_deploy.show('["ALTER TABLE \"nowhere\".\"t\" REPLICA IDENTITY FULL"]');
SELECT pg_current_xact_id_if_assigned() IS NULL AS writes_nothing;
COMMIT;
RESET ROLE;

-- What is no result.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT * FROM dj_deploy.show(NULL); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('{}'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('1'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('null'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('"[]"'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('{"ddl": {}}'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('{"ddl": [1]}'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('["SELECT 1; SELECT 2"]'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('[""]'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('{"ddl": [], "skipped": {}}'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('{"ddl": [], "skipped": [1]}'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show('{"ddl": [], "changes": ["x"]}'); \echo :SQLSTATE
SELECT * FROM dj_deploy.show(dj_deploy.describe('shown')); \echo :SQLSTATE
DROP PUBLICATION regress_shown;
DROP SCHEMA shown, "Shown ""odd""" CASCADE;
DROP ROLE regress_shown, "regress ""shown""";
