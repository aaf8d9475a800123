-- Any name works as it is, and only the object of exactly that name is acted on. Names outside ASCII: encodings.sql.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE SCHEMA names_test;
SET search_path = names_test;
CREATE TABLE canary (id int PRIMARY KEY);

-- What the parser makes of a text: a cursor refuses both several statements and one ALTER TABLE, and says which it was.
CREATE FUNCTION parsed(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result record;
BEGIN
    FOR result IN EXECUTE statement LOOP NULL; END LOOP;
EXCEPTION WHEN invalid_cursor_definition THEN
    RETURN substring(SQLERRM FROM 'cannot open (.*)');
END $$;

-- The tables that are not DEFAULT, anywhere.
CREATE FUNCTION changed() RETURNS oid[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(oid ORDER BY oid), '{}') FROM pg_class WHERE relkind IN ('r', 'p') AND relreplident <> 'd'
    AND relnamespace >= 16384
$$;

-- Plans and runs both forms for a table of that name in a schema of that name; returns what went wrong.
CREATE FUNCTION fault(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
    target oid;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name);
    EXECUTE format('CREATE TABLE %I.%I (id int PRIMARY KEY)', name, name);
    target := (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
               WHERE relname = name AND nspname = name AND relkind = 'r');
    plan := dj_deploy.set_replica_identity(target::regclass) -> 'ddl';

    IF jsonb_array_length(plan) <> 1 THEN RETURN 'not one statement planned'; END IF;
    IF parsed(plan ->> 0) <> 'ALTER TABLE query as cursor' THEN RETURN 'does not parse as one ALTER TABLE'; END IF;
    EXECUTE plan ->> 0;
    IF changed() <> ARRAY[target] THEN RETURN 'the planned text changes something else'; END IF;
    IF dj_deploy.set_replica_identity(target::regclass, 'default', false) ->> 'tables_modified' <> '1'
       OR changed() <> '{}' THEN RETURN 'the table form changes something else'; END IF;

    IF name LIKE '~%' THEN
        IF dj_deploy.set_replica_identity(name) -> 'ddl' <> '[]' THEN RETURN 'hidden table planned'; END IF;
    ELSE
        IF dj_deploy.set_replica_identity(name) -> 'ddl' <> plan THEN RETURN 'the schema form plans something else'; END IF;
        IF dj_deploy.set_replica_identity(name, dry_run => false) -> 'ddl' <> plan
           OR changed() <> ARRAY[target] THEN RETURN 'the schema form changes something else'; END IF;
    END IF;
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
    RETURN NULL;
END $$;

CREATE TABLE name (label text, name text COLLATE "C");
INSERT INTO name (name) VALUES
    ('#lookup'), ('_imp'), ('__comp'), ('__comp__part'), ('~log'), ('~~jobs'), ('m__part'), ('__'), ('____'),
    ('a"b'), ('"'), ('""'), ('"quoted"'), ('a''b'), (E'a\\b'), (E'a\\'), (E'\\"'), (E'\\'''),
    (E'a\nb'), (E'a\rb'), (E'a\tb'), (' '), (' a'), ('a '), ('a.b'),
    ('x; DROP TABLE canary--'), ('x"; DROP TABLE canary--'), ('x" REPLICA IDENTITY NOTHING; DROP TABLE canary; --'),
    ('--'), ('/*'), ('*/'), ('/* x */'), ('$$'), ('$x$'), ('$1'), (':name'), ('?'),
    ('%'), ('%s%n%I'), ('{}'), ('[]'), (','), (';'),
    ('select'), ('table'), ('user'), ('null'), ('FULL'), ('CamelCase'), ('UPPER'), ('1st'), ('007'),
    (E'U&"\\0041"'), (E'\\x41'), ('NaN');
INSERT INTO name VALUES
    ('bytes 0x01 to 0x1F and 0x7F', (SELECT string_agg(chr(n), '') FROM generate_series(1, 31) n) || chr(127)),
    ('63 bytes', repeat('x', 63)),
    ('63 double quotes', repeat('"', 63));

-- Each name, and its fault if there is one.
SELECT coalesce(label, to_jsonb(name)::text) || coalesce(': ' || fault(name), '') FROM name ORDER BY name;

-- The same with backslashes as escapes in ordinary literals; PostgreSQL 19 no longer has that.
SELECT current_setting('server_version_num')::int < 190000 AS has_escapes \gset
\if :has_escapes
SET standard_conforming_strings = off;
SET escape_string_warning = off;
\endif
SELECT * FROM (SELECT fault(name) FROM name OFFSET 0) result(fault) WHERE fault IS NOT NULL;
RESET standard_conforming_strings;

-- Nothing else came to harm.
SELECT relname FROM pg_class WHERE relnamespace = 'names_test'::regnamespace AND relkind = 'r' ORDER BY relname;

-- What the quoting looks like.
CREATE SCHEMA "a""b";
CREATE TABLE "a""b"."x'; DROP TABLE canary--" ();
CREATE TABLE "a""b".plain ();
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('a"b') -> 'ddl');
DROP SCHEMA "a""b" CASCADE;

-- A name longer than 63 bytes is refused, although the server would cut it to that of an existing schema.
SELECT format('CREATE SCHEMA %I', repeat('x', 63)) \gexec
SELECT format('CREATE TABLE %I.t ()', repeat('x', 63)) \gexec
SELECT dj_deploy.set_replica_identity(repeat('x', 64), dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(repeat('x', 1000), dry_run => false); \echo :SQLSTATE
SELECT changed();
SELECT format('DROP SCHEMA %I CASCADE', repeat('x', 63)) \gexec

-- The name is no pattern and is never folded, trimmed, split or unquoted.
CREATE SCHEMA "labXa";
CREATE TABLE "labXa".session ();
CREATE SCHEMA lab_a;
CREATE TABLE lab_a.session ();
SELECT dj_deploy.set_replica_identity('lab_a') -> 'ddl';
SELECT dj_deploy.set_replica_identity('labXa') -> 'ddl';
SELECT dj_deploy.set_replica_identity('labxa'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab%'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a '); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('"labXa"'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a.session'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a, labXa'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('*'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('%s%n%I'); \echo :SQLSTATE

-- No schema means an error, never all schemas.
SELECT dj_deploy.set_replica_identity(''); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(NULL); \echo :SQLSTATE

-- NULL is refused for every argument of both forms, by name.
SELECT dj_deploy.set_replica_identity(schema => NULL::text); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a', mode => NULL); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a', dry_run => NULL); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a', 'full', dry_run => true, skip_unchanged => NULL); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(target => NULL::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a.session'::regclass, mode => NULL); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a.session'::regclass, dry_run => NULL); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('lab_a.session'::regclass, 'full', dry_run => true, skip_unchanged => NULL); \echo :SQLSTATE

-- Format characters come out of every message as they went in.
CREATE SCHEMA "%s%n%I";
CREATE TABLE "%s%n%I"."%d%s" (id int NOT NULL);
CREATE UNIQUE INDEX "%x%s" ON "%s%n%I"."%d%s" (id);
ALTER TABLE "%s%n%I"."%d%s" REPLICA IDENTITY USING INDEX "%x%s";
CREATE VIEW "%s%n%I"."%v%s" AS SELECT 1;
CREATE PUBLICATION "%p%s" FOR TABLE "%s%n%I"."%d%s";
CREATE ROLE regress_names_other;
RESET client_min_messages;
SELECT dj_deploy.set_replica_identity('%s%n%I', '%s%n%I'); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('"%s%n%I"."%v%s"'::regclass); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity('%s%n%I', 'default') -> 'ddl';
SET ROLE regress_names_other;
SELECT dj_deploy.set_replica_identity('%s%n%I', 'default') -> 'ddl';
SELECT dj_deploy.set_replica_identity('%s%n%I', dry_run => false); \echo :SQLSTATE
RESET ROLE;

SELECT changed() = ARRAY['"%s%n%I"."%d%s"'::regclass::oid];
SET client_min_messages = error;
DROP PUBLICATION "%p%s";
DROP SCHEMA "%s%n%I", "labXa", lab_a, names_test CASCADE;
DROP ROLE regress_names_other;
