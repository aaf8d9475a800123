-- apply, drift, assert_converged and describe: one document for publications and schemas.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_analyst;
CREATE ROLE regress_pipeline;
CREATE ROLE regress_owner;
CREATE SCHEMA lab;
CREATE TABLE lab.subject (subject_id int PRIMARY KEY, species text);
CREATE TABLE lab.session (subject_id int REFERENCES lab.subject, session int, note text, PRIMARY KEY (subject_id, session));
CREATE TABLE lab.session__trial (subject_id int, session int, trial int, outcome text, PRIMARY KEY (subject_id, session, trial),
                                 FOREIGN KEY (subject_id, session) REFERENCES lab.session);
CREATE TABLE lab."#rig" (rig text PRIMARY KEY);
CREATE TABLE lab."~lineage" (name text);
CREATE SEQUENCE lab.counter;
SET client_min_messages = notice;
PREPARE changes(jsonb) AS
    SELECT c.schema_name, c.table_name, c.object, c.property, c.old_value, c.new_value, c.ddl, c.lock, c.undo
    FROM jsonb_to_recordset($1 -> 'changes') AS c(schema_name text, table_name text, object text, property text, old_value text, new_value text, ddl text, lock text, undo text);
PREPARE ddl(jsonb) AS SELECT jsonb_array_elements_text($1 -> 'ddl') AS ddl;
-- What an environment is made of, by name.
CREATE VIEW facts AS
    SELECT format('%s identity %s', relname, relreplident) AS fact FROM pg_class
    WHERE relnamespace = 'lab'::regnamespace AND relkind IN ('r', 'p')
    UNION ALL SELECT format('%s has %s', relname, o) FROM pg_class, unnest(reloptions) o WHERE relnamespace = 'lab'::regnamespace
    UNION ALL SELECT format('%s lists %s%s %s', pubname, prrelid::regclass, prattrs, pg_get_expr(prqual, prrelid))
    FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid
    UNION ALL SELECT format('%s %s%s%s%s%s', pubname, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot) FROM pg_publication
    UNION ALL SELECT format('%s %s to %s%s', relname, privilege_type, grantee::regrole, CASE WHEN is_grantable THEN '*' END)
    FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'lab'::regnamespace AND grantee <> relowner
    UNION ALL SELECT format('%s.%s %s to %s%s', attrelid::regclass, attname, privilege_type, grantee::regrole,
                            CASE WHEN is_grantable THEN '*' END)
    FROM pg_attribute, aclexplode(attacl) WHERE attrelid::regclass::text LIKE 'lab.%'
    UNION ALL SELECT format('%s %s to %s', nspname, privilege_type, grantee::regrole)
    FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'lab' AND grantee <> nspowner
    UNION ALL SELECT format('future %s %s to %s', defaclobjtype, privilege_type, grantee::regrole)
    FROM pg_default_acl, aclexplode(defaclacl) WHERE grantee <> defaclrole;
-- What 18 and later say beyond.
CREATE FUNCTION described(VARIADIC schemas text[]) RETURNS jsonb LANGUAGE sql AS
    $$ SELECT replace(dj_deploy.describe(VARIADIC schemas)::text, '"publish_generated_columns": "none", ', '')::jsonb $$;
CREATE TABLE before AS SELECT * FROM facts;
PREPARE unlike_before AS
    (SELECT '-' AS side, * FROM before EXCEPT SELECT '-', * FROM facts) UNION ALL
    (SELECT '+', * FROM facts EXCEPT SELECT '+', * FROM before) ORDER BY 1, 2;
-- Executes the undo of each change, the last one first.
CREATE PROCEDURE undo(result jsonb) LANGUAGE plpgsql AS $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT c ->> 'undo' FROM jsonb_array_elements(result -> 'changes') WITH ORDINALITY AS t(c, n) ORDER BY n DESC LOOP
        EXECUTE statement;
    END LOOP;
END $$;

\set environment '{"version": 1, "publications": {"regress_cdc": {"publish": ["insert", "update", "delete"], "publish_via_partition_root": true}}, "schemas": {"lab": {"replica_identity": "full", "publications": ["regress_cdc"], "autovacuum": {"autovacuum_vacuum_insert_scale_factor": 0.05}, "grants": {"regress_analyst": "read", "regress_pipeline": "write"}, "tables": {"session": {"replica_identity": "default", "autovacuum": {"autovacuum_vacuum_insert_scale_factor": null}}}}}}'

-- What differs, shown three ways.
EXECUTE ddl(dj_deploy.apply(:'environment'));
SELECT dj_deploy.apply(:'environment') AS dry \gset
SELECT dj_deploy.apply(:'environment') ->> 'fingerprint' AS fingerprint \gset
SELECT c.schema_name, c.table_name, c.object, c.property, c.old_value, c.new_value, c.lock, c.undo
FROM jsonb_to_recordset(:'dry'::jsonb -> 'changes') AS c(schema_name text, table_name text, object text, property text, old_value text, new_value text, ddl text, lock text, undo text);
SELECT * FROM dj_deploy.drift(:'environment');
SELECT dj_deploy.assert_converged(:'environment'); \echo :SQLSTATE
SELECT array_agg(k ORDER BY k) AS keys FROM jsonb_object_keys(:'dry') k;
SELECT jsonb_agg(c -> 'ddl') = :'dry'::jsonb -> 'ddl' AS one_change_each, bool_and(c ->> 'undo' IS NOT NULL) AS all_undo
FROM jsonb_array_elements(:'dry'::jsonb -> 'changes') c;

-- A run makes what was shown, and then there is nothing left.
SELECT dj_deploy.apply(:'environment', false, :'fingerprint') AS run \gset
SELECT (:'run'::jsonb || '{"tables_modified": 0}') = :'dry'::jsonb AS as_shown, :'run'::jsonb -> 'tables_modified' AS modified;
SELECT * FROM dj_deploy.drift(:'environment');
SELECT dj_deploy.assert_converged(:'environment');
SELECT dj_deploy.apply(:'environment', false) - 'fingerprint' AS again;
SELECT dj_deploy.apply(:'environment', false, :'fingerprint'); \echo :SQLSTATE

-- describe says it, and undo takes it back.
SELECT jsonb_pretty(described('lab'));
SELECT dj_deploy.apply(described('lab')) -> 'ddl' AS of_describe;
CALL undo(:'run');
EXECUTE unlike_before;

-- The same through rollout, there and back.
CALL dj_deploy.rollout(dj_deploy.apply(:'environment'), dry_run => false) \gset
SELECT dj_deploy.assert_converged(:'environment');
SELECT jsonb_agg(c -> 'undo' ORDER BY n DESC) AS undo FROM jsonb_array_elements(:'run'::jsonb -> 'changes') WITH ORDINALITY AS t(c, n) \gset
CALL dj_deploy.rollout(:'undo', dry_run => false) \gset
EXECUTE unlike_before;

-- Undo brings back what no document says: lists and filters of a publication, old values, grants of columns and options.
CREATE PUBLICATION regress_cdc FOR TABLE lab.subject (subject_id) WHERE (subject_id > 7), lab."~lineage" WITH (publish = 'insert');
ALTER TABLE lab.subject SET (autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_enabled = off, toast.autovacuum_enabled = off);
ALTER TABLE lab.session__trial REPLICA IDENTITY NOTHING;
CREATE UNIQUE INDEX rig ON lab."#rig" (rig);
ALTER TABLE lab."#rig" REPLICA IDENTITY USING INDEX rig;
GRANT SELECT (species), UPDATE (species), INSERT (subject_id, species) ON lab.subject TO regress_analyst;
GRANT SELECT ON lab.session TO regress_analyst WITH GRANT OPTION;
GRANT UPDATE, DELETE ON lab.session TO regress_analyst;
GRANT TRUNCATE ON lab.session TO regress_analyst WITH GRANT OPTION;
GRANT UPDATE (note) ON lab.session TO regress_analyst WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA lab GRANT INSERT ON TABLES TO regress_analyst;
TRUNCATE before;
INSERT INTO before SELECT * FROM facts;
\set thorough '{"version": 1, "publications": {"regress_cdc": {"publish": ["insert", "update"], "publish_via_partition_root": true}}, "schemas": {"lab": {"replica_identity": "full", "publications": [], "autovacuum": {"autovacuum_vacuum_insert_scale_factor": 0.05, "toast.autovacuum_enabled": null}, "grants": {"regress_analyst": "read"}, "tables": {"~lineage": {"replica_identity": "full", "publications": ["regress_cdc"]}}}}}'
SELECT dj_deploy.apply(:'thorough', false) AS run \gset
EXECUTE changes(:'run');
SELECT * FROM dj_deploy.drift(:'thorough');
CALL undo(:'run');
EXECUTE unlike_before;
-- Beside what can be said there are privileges that cannot.
SELECT jsonb_pretty(described('lab'));
SELECT dj_deploy.apply(described('lab')) -> 'ddl' AS of_describe;
-- An index that is gone has no words, but does not come back as something else.
DROP INDEX lab.rig;
SELECT described('lab') #> '{schemas,lab,tables,#rig}' AS rig;
SELECT dj_deploy.apply(described('lab')) -> 'ddl' AS of_describe;
SELECT c ->> 'old_value' AS old_value, c ->> 'undo' AS undo
FROM jsonb_array_elements(dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"#rig": {"replica_identity": "full"}}}}}') -> 'changes') c;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"#rig": {"replica_identity": {"index": "rig"}}}}}}'); \echo :SQLSTATE
CREATE UNIQUE INDEX partial ON lab.session (subject_id, session) WHERE session > 0;
CREATE INDEX plain ON lab.session (subject_id);
CREATE UNIQUE INDEX nullable ON lab.session (note);
SELECT dj_deploy.apply(format('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {"index": "%s"}}}}}}', name)::jsonb)
FROM (VALUES ('partial')) v(name); \echo :SQLSTATE
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {"index": "plain"}}}}}}');
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {"index": "nullable"}}}}}}');
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {"index": "subject_pkey"}}}}}}');
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {"index": "session"}}}}}}');
DROP INDEX lab.partial, lab.plain, lab.nullable;
EXECUTE ddl(dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {"index": "session_pkey"}}}}}}', false));
EXECUTE ddl(dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {"index": "session_pkey"}}}}}}', false));
REVOKE ALL ON ALL TABLES IN SCHEMA lab FROM regress_analyst;
REVOKE ALL (species, subject_id) ON lab.subject FROM regress_analyst;
ALTER DEFAULT PRIVILEGES IN SCHEMA lab REVOKE INSERT ON TABLES FROM regress_analyst;
DROP PUBLICATION regress_cdc;

-- The fingerprint is of the effects: it stays as long as they do.
SELECT dj_deploy.apply(:'environment') ->> 'fingerprint' AS fingerprint \gset
SELECT dj_deploy.apply(:'environment') ->> 'fingerprint' = :'fingerprint' AS same;
ALTER TABLE lab.subject SET (autovacuum_vacuum_insert_scale_factor = 0.4);
SELECT dj_deploy.apply(:'environment') ->> 'fingerprint' = :'fingerprint' AS same;
\set VERBOSITY terse
SELECT dj_deploy.apply(:'environment', false, :'fingerprint'); \echo :SQLSTATE
SELECT dj_deploy.apply(:'environment', true, 'nonsense'); \echo :SQLSTATE
\set VERBOSITY default
SELECT count(*) AS publications FROM pg_publication WHERE pubname = 'regress_cdc';

-- Future tables; roles that hold what cannot be taken; PUBLIC.
EXECUTE ddl(dj_deploy.apply('{"version": 1, "schemas": {"lab": {"grants": {"regress_analyst": {"access": "read", "future_tables": true}, "public": "NONE"}}}}', false));
SELECT described('lab') #> '{schemas,lab,grants}' AS grants;
GRANT USAGE ON SCHEMA lab TO regress_owner WITH GRANT OPTION;
SET ROLE regress_owner;
GRANT USAGE ON SCHEMA lab TO regress_pipeline;
RESET ROLE;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"grants": {"regress_pipeline": "none"}}}}', false) -> 'skipped' AS skipped;
SELECT * FROM dj_deploy.drift('{"version": 1, "schemas": {"lab": {"grants": {"regress_pipeline": "none"}}}}');
SELECT dj_deploy.assert_converged('{"version": 1, "schemas": {"lab": {"grants": {"regress_pipeline": "none"}}}}'); \echo :SQLSTATE
REVOKE USAGE ON SCHEMA lab FROM regress_owner CASCADE;

-- Partitions follow what is said above them; what is said of themselves counts more. Leaves may live elsewhere.
CREATE SCHEMA attic;
CREATE TABLE lab.log (day int, note text, PRIMARY KEY (day)) PARTITION BY RANGE (day);
CREATE TABLE lab.log_1 PARTITION OF lab.log FOR VALUES FROM (0) TO (10);
CREATE TABLE attic.log_2 PARTITION OF lab.log FOR VALUES FROM (10) TO (20);
PREPARE logs AS SELECT oid::regclass, relreplident, reloptions FROM pg_class WHERE relname LIKE 'log__' OR relname = 'log' ORDER BY relname;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"log": {"replica_identity": "full", "autovacuum": {"autovacuum_enabled": false}}, "log_1": {"autovacuum": {"autovacuum_enabled": true}}}}}}', false) -> 'ddl' AS ddl;
EXECUTE logs;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"attic": {"replica_identity": "default"}, "lab": {"replica_identity": "full"}}}') -> 'ddl' AS own_schema_counts_more;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"attic": {"tables": {"log_2": {"replica_identity": "nothing"}}}, "lab": {"tables": {"log": {"replica_identity": "full"}}}}}', false) -> 'ddl' AS ddl;
SELECT described('lab') #> '{schemas,attic}' AS elsewhere, dj_deploy.apply(described('lab', 'attic')) -> 'ddl' AS both,
       dj_deploy.apply(described('lab')) -> 'ddl' AS one;
-- A partition's column list and row filter do not silently stop to count, and those of a partitioned table stay possible.
CREATE PUBLICATION regress_cdc FOR TABLE lab.log_1 (day) WHERE (day > 5);
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {"publish_via_partition_root": true}}, "schemas": {"lab": {"tables": {"log": {"publications": ["regress_cdc"]}}}}}', false); \echo :SQLSTATE
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {"publish_via_partition_root": true}}, "schemas": {"lab": {"tables": {"log": {"publications": ["regress_cdc"]}, "log_1": {"publications": []}}}}}') -> 'ddl' AS ddl;
ALTER PUBLICATION regress_cdc SET (publish_via_partition_root = true);
ALTER PUBLICATION regress_cdc SET TABLE lab.log WHERE (day > 5);
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {"publish_via_partition_root": false}}}'); \echo :SQLSTATE
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {"publish_via_partition_root": false}}, "schemas": {"lab": {"tables": {"log": {"publications": []}, "log_1": {"publications": ["regress_cdc"]}}}}}', false) -> 'ddl' AS ddl;
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {"publish_via_partition_root": false}}, "schemas": {"lab": {"tables": {"log": {"publications": []}, "log_1": {"publications": ["regress_cdc"]}}}}}', false) -> 'ddl' AS again;
DROP PUBLICATION regress_cdc;
DROP TABLE lab.log;

-- Writes that would begin to fail are refused, unless that is wanted; one part may mend what another one breaks.
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"replica_identity": "default"}}}', false) -> 'tables_modified' AS modified;
CREATE TABLE lab.nokey (note text);
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"publications": ["regress_cdc"]}}}', false); \echo :SQLSTATE
-- A refused plan says so, and rollout takes it as little.
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"publications": ["regress_new"]}}}') AS refused \gset
SELECT :'refused'::jsonb -> 'refused' AS refused;
CALL dj_deploy.rollout(:'refused', dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"publications": ["regress_cdc"]}}}') -> 'tables_modified' AS dry;
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {"publish": ["insert"]}}, "schemas": {"lab": {"publications": ["regress_cdc"]}}}', false) -> 'tables_modified' AS modified;
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {"publish": ["update"]}}}', false); \echo :SQLSTATE
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {"publish": ["update"]}}, "schemas": {"lab": {"tables": {"nokey": {"replica_identity": "full"}}}}}', false) -> 'ddl' AS ddl;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"nokey": {"replica_identity": "nothing"}}}}}', false); \echo :SQLSTATE
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_cdc": {}}, "schemas": {"lab": {"tables": {"nokey": {"replica_identity": "nothing", "publications": []}}}}}', false) -> 'ddl' AS ddl;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"tables": {"nokey": {"publications": ["regress_cdc"], "allow_breaking_writes": true}}}}}', false) -> 'ddl' AS ddl;
UPDATE lab.nokey SET note = note; \echo :SQLSTATE
DELETE FROM lab.nokey;
DROP TABLE lab.nokey;
DROP PUBLICATION regress_cdc;

-- Nothing tells what a role may do in a schema without tables.
CREATE SCHEMA bare;
GRANT USAGE ON SCHEMA bare TO regress_analyst;
SELECT described('bare');
DROP SCHEMA bare;
-- A publication first stops and at the end begins, with the tables' changes between.
CREATE PUBLICATION regress_mixed FOR TABLE lab.subject WITH (publish = 'update, delete');
SELECT c.old_value, c.new_value, c.ddl, c.undo
FROM jsonb_to_recordset(dj_deploy.apply('{"version": 1, "publications": {"regress_mixed": {"publish": ["insert", "delete"]}}, "schemas": {"lab": {"tables": {"subject": {"replica_identity": "full"}}}}}') -> 'changes')
     AS c(old_value text, new_value text, ddl text, undo text);
SELECT * FROM dj_deploy.drift('{"version": 1, "publications": {"regress_mixed": {"publish": ["insert", "delete"]}}}');
DROP PUBLICATION regress_mixed;
-- What the document does not name is not touched.
CREATE PUBLICATION regress_other FOR TABLE lab.subject;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"publications": []}}}') -> 'ddl' AS ddl;
SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_other": {}}, "schemas": {"lab": {"publications": []}}}') -> 'ddl' AS ddl;
SELECT dj_deploy.apply('{"version": 1}') - 'fingerprint' AS nothing;
SELECT dj_deploy.apply('{"version": 1, "publications": {}, "schemas": {"lab": {}}}') - 'fingerprint' AS nothing;
DROP PUBLICATION regress_other;
-- The fingerprint also knows what only undo knows: lists and filters. They read alike whatever the session's settings.
CREATE TABLE lab.dated (id int, day date, at timestamptz, span interval, PRIMARY KEY (id, day, at, span));
CREATE PUBLICATION regress_other FOR TABLE lab.dated;
CREATE VIEW taken_out AS
    SELECT dj_deploy.apply('{"version": 1, "publications": {"regress_other": {}}, "schemas": {"lab": {"publications": []}}}') AS result;
CREATE TABLE prints AS TABLE taken_out;
ALTER PUBLICATION regress_other SET TABLE lab.dated WHERE (day > '2024-03-04' AND at > '2024-03-04 05:06:07+00' AND span > '-1 day 2 hours');
INSERT INTO prints TABLE taken_out;
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Tokyo';
SET intervalstyle = 'sql_standard';
INSERT INTO prints TABLE taken_out;
RESET datestyle;
RESET timezone;
RESET intervalstyle;
SELECT result #>> '{changes,0,old_value}' AS old_value, result #>> '{changes,0,undo}' AS undo, count(*), count(DISTINCT result -> 'fingerprint')
FROM prints GROUP BY 1, 2 ORDER BY count(*);
SELECT count(DISTINCT result -> 'fingerprint') AS prints FROM prints;
DROP VIEW taken_out;
DROP TABLE prints, lab.dated;
DROP PUBLICATION regress_other;
-- A grant option is a difference.
GRANT USAGE ON SCHEMA lab TO regress_pipeline WITH GRANT OPTION;
GRANT SELECT ON ALL TABLES IN SCHEMA lab TO regress_pipeline;
GRANT SELECT ON lab.counter TO regress_pipeline;
SELECT * FROM dj_deploy.drift('{"version": 1.0, "schemas": {"lab": {"grants": {"regress_pipeline": "READ"}}}}');
REVOKE ALL ON ALL TABLES IN SCHEMA lab FROM regress_pipeline;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA lab FROM regress_pipeline;
REVOKE USAGE ON SCHEMA lab FROM regress_pipeline;
CREATE PUBLICATION regress_all FOR ALL TABLES;
SELECT described('lab') -> 'publications' AS publications;
SELECT dj_deploy.apply('{"version": 1, "schemas": {"lab": {"publications": ["regress_all"]}}}'); \echo :SQLSTATE
SELECT * FROM dj_deploy.drift('{"version": 1, "publications": {"regress_all": {"publish": ["INSERT", "Update", "delete", "truncate"]}}, "schemas": {"lab": {"publications": []}}}');
DROP PUBLICATION regress_all;

-- Refusals.
PREPARE refused(jsonb) AS SELECT dj_deploy.apply($1);
EXECUTE refused('[]'); \echo :SQLSTATE
EXECUTE refused('1');
EXECUTE refused('{}');
EXECUTE refused('{"version": 2}');
EXECUTE refused('{"version": 1, "schema": {}}'); \echo :SQLSTATE
EXECUTE refused('{"version": 1, "schemas": []}');
EXECUTE refused('{"version": 1, "schemas": {"lab": null}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"replica_identty": "full"}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"replica_identity": "index"}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"replica_identity": {"index": "rig"}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"publications": "cdc"}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"publications": ["cdc", 1]}}}');
\set SHOW_CONTEXT errors
EXECUTE refused('{"version": 1, "schemas": {"lab": {"publications": [""]}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"tables": {"": {}}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"grants": {"regress_nobody": "read"}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"autovacuum": {"autovacuum_enabled": "perhaps"}}}}');
EXECUTE refused('{"version": 1, "schemas": {"nowhere": {}}}');
\set SHOW_CONTEXT never
EXECUTE refused('{"version": 1, "schemas": {"lab": {"autovacuum": {"autovacuum_enable": true}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"autovacuum": {"autovacuum_enabled": "perhaps"}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"autovacuum": {"autovacuum_enabled": []}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"autovacuum": []}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"grants": {"regress_analyst": "reed"}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"grants": {"regress_analyst": {"future_tables": true}}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"grants": {"regress_analyst": {"acess": "read"}}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"grants": {"regress_nobody": "read"}}}}'); \echo :SQLSTATE
EXECUTE refused('{"version": 1, "schemas": {"lab": {"tables": {"~lineage": {"x": 1}}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"tables": {"session": {"allow_breaking_writes": 1}}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {"index": 1}}}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"tables": {"session": {"replica_identity": {}}}}}}');
EXECUTE refused('{"version": 1, "schemas": {"lab": {"tables": {"sesion": {}}}}}'); \echo :SQLSTATE
EXECUTE refused('{"version": 1, "schemas": {"lab": {"tables": {"counter": {}}}}}'); \echo :SQLSTATE
EXECUTE refused('{"version": 1, "schemas": {"nowhere": {}}}'); \echo :SQLSTATE
EXECUTE refused('{"version": 1, "schemas": {"pg_catalog": {}}}'); \echo :SQLSTATE
EXECUTE refused('{"version": 1, "schemas": {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": {}}}'); \echo :SQLSTATE
EXECUTE refused('{"version": 1, "publications": {"cdc": {"publish": ["upsert"]}}}');
EXECUTE refused('{"version": 1, "publications": {"cdc": {"publsh": true}}}');
EXECUTE refused('{"version": 1, "publications": {"cdc": {"publish_via_partition_root": 1}}}');
EXECUTE refused(NULL); \echo :SQLSTATE
SELECT dj_deploy.describe(NULL); \echo :SQLSTATE
SELECT dj_deploy.describe('lab', NULL); \echo :SQLSTATE
SELECT dj_deploy.describe('nowhere'); \echo :SQLSTATE
SELECT dj_deploy.describe('information_schema'); \echo :SQLSTATE
SELECT dj_deploy.describe(VARIADIC '{}'); \echo :SQLSTATE
SELECT described('lab', 'lab') = described('lab') AS once;
SELECT * FROM dj_deploy.drift('{}'); \echo :SQLSTATE
SELECT * FROM dj_deploy.drift(NULL); \echo :SQLSTATE
SELECT dj_deploy.assert_converged(NULL); \echo :SQLSTATE

-- A role without rights sees all of it and may do nothing; refused before the first statement.
SET ROLE regress_owner;
SELECT jsonb_array_length(dj_deploy.apply(:'environment') -> 'ddl') AS statements;
SELECT count(*) AS differences FROM dj_deploy.drift(:'environment');
SELECT dj_deploy.apply(:'environment', false); \echo :SQLSTATE
RESET ROLE;
SELECT count(*) AS publications FROM pg_publication WHERE pubname = 'regress_cdc';
-- READ ONLY.
BEGIN READ ONLY;
SELECT jsonb_array_length(dj_deploy.apply(:'environment') -> 'ddl') AS statements, count(*) AS differences FROM dj_deploy.drift(:'environment');
SAVEPOINT before_the_run;
SELECT dj_deploy.apply(:'environment', false); \echo :SQLSTATE
ROLLBACK TO before_the_run;
SELECT described('lab') -> 'version' AS version;
COMMIT;

-- Hostile names go through describe and apply as they are.
CREATE SCHEMA "a""b'; --";
CREATE TABLE "a""b'; --"."%s%n""; DROP TABLE before; --" (id int PRIMARY KEY);
CREATE TABLE "a""b'; --"."~x\n" (id int PRIMARY KEY);
ALTER TABLE "a""b'; --"."~x\n" REPLICA IDENTITY FULL;
CREATE ROLE "regress ""odd' role";
GRANT USAGE ON SCHEMA "a""b'; --" TO "regress ""odd' role";
GRANT SELECT ON ALL TABLES IN SCHEMA "a""b'; --" TO "regress ""odd' role";
CREATE PUBLICATION "regress ""odd' cdc" FOR TABLE "a""b'; --"."%s%n""; DROP TABLE before; --";
SELECT described('a"b''; --');
SELECT dj_deploy.apply(described('a"b''; --')) -> 'ddl' AS of_describe;
SELECT described('a"b''; --') AS odd \gset
DROP PUBLICATION "regress ""odd' cdc";
REVOKE SELECT ON ALL TABLES IN SCHEMA "a""b'; --" FROM "regress ""odd' role";
ALTER TABLE "a""b'; --"."~x\n" REPLICA IDENTITY DEFAULT;
EXECUTE ddl(dj_deploy.apply(:'odd', false));
SELECT dj_deploy.assert_converged(:'odd');
SELECT count(*) > 0 AS canary FROM before;

SET client_min_messages = warning;
DROP PUBLICATION "regress ""odd' cdc";
DROP VIEW facts;
DROP SCHEMA lab, attic, "a""b'; --" CASCADE;
DROP TABLE before;
DROP PROCEDURE undo;
DROP FUNCTION described;
DROP OWNED BY regress_analyst, regress_pipeline, regress_owner, "regress ""odd' role";
DROP ROLE regress_analyst, regress_pipeline, regress_owner, "regress ""odd' role";
