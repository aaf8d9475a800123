-- Names outside ASCII, in a database of each kind of encoding.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\set main :DBNAME

-- Makes a table of that name in a schema of that name and acts on it; says whether only that table changed.
SELECT $check$
    CREATE FUNCTION pg_temp.is_exact(name text) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE
        planned jsonb;
        changed oid[];
    BEGIN
        EXECUTE format('CREATE SCHEMA %I; CREATE TABLE %I.%I (id int)', name, name, name);
        planned := dj_deploy.set_replica_identity(name) -> 'ddl';
        PERFORM dj_deploy.set_replica_identity(name, dry_run => false);
        changed := ARRAY(SELECT oid FROM pg_class WHERE relkind = 'r' AND relreplident = 'f');
        PERFORM dj_deploy.set_replica_identity(format('%I.%I', name, name)::regclass, 'default', dry_run => false);
        RETURN planned = jsonb_build_array(
                   replace('ALTER TABLE "name"."name" REPLICA IDENTITY FULL', 'name', replace(name, '"', '""')))
           AND changed = ARRAY[format('%I.%I', name, name)::regclass::oid];
    END $$;
$check$ AS make_check \gset

SET client_min_messages = error;
CREATE DATABASE regress_encoding TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C';
\c regress_encoding
SET client_encoding = 'UTF8';
CREATE EXTENSION datajoint_deploy;
:make_check

-- UTF-8: twins that look the same are two names, and every letter keeps its place.
SELECT label, octet_length(name), pg_temp.is_exact(name) FROM (VALUES
    (1, 'composed', U&'caf\00E9'),
    (2, 'decomposed', U&'cafe\0301'),
    (3, 'emoji', U&'lab_\+01F9EA'),
    (4, 'right-to-left override', U&'lab_\202Egnp'),
    (5, 'zero-width space', U&'lab\200B'),
    (6, 'no-break space', U&'\00A0'),
    (7, 'fullwidth quote', U&'a\FF02b'),
    (8, '63 bytes', repeat(U&'\00E9', 31) || 'x'),
    (9, '63 bytes of 3 each', repeat(U&'\5B9F', 21))) name (number, label, name) ORDER BY number;

-- One character too long, where the server would cut inside or before a character: refused, shown up to a whole one.
SELECT dj_deploy.set_replica_identity(repeat(U&'\00E9', 32), dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(repeat(U&'\00E9', 31) || 'xy', dry_run => false); \echo :SQLSTATE
SELECT dj_deploy.set_replica_identity(repeat(U&'\5B9F', 21) || 'x', dry_run => false); \echo :SQLSTATE
SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relreplident = 'f';

-- Only the twin that is named.
SELECT count(*), bool_and(dj_deploy.set_replica_identity(nspname, dry_run => false) ->> 'tables_modified' = '1')
FROM pg_namespace WHERE nspname = U&'caf\00E9';
SELECT nspname = U&'caf\00E9' FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND relreplident = 'f';

-- LATIN1: one byte per letter.
\c :main
SET client_min_messages = error;
DROP DATABASE regress_encoding;
CREATE DATABASE regress_encoding TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C';
\c regress_encoding
SET client_encoding = 'LATIN1';
CREATE EXTENSION datajoint_deploy;
:make_check
SELECT octet_length(name), pg_temp.is_exact(name)
FROM (VALUES (chr(233)), (repeat(chr(233), 63)), (chr(255) || '"' || chr(160))) name (name);

-- EUC_JP: letters of two and three bytes.
\c :main
SET client_min_messages = error;
DROP DATABASE regress_encoding;
CREATE DATABASE regress_encoding TEMPLATE template0 ENCODING 'EUC_JP' LOCALE_PROVIDER libc LOCALE 'C';
\c regress_encoding
SET client_encoding = 'EUC_JP';
CREATE EXTENSION datajoint_deploy;
:make_check
SELECT octet_length(name), pg_temp.is_exact(name)
FROM (VALUES (convert_from('\xbcc2b8b3', 'EUC_JP')), (repeat(convert_from('\xbcc2', 'EUC_JP'), 31)),
             (convert_from('\x8fb0a122', 'EUC_JP'))) name (name);

-- SQL_ASCII: bytes that are valid in no encoding.
\c :main
SET client_min_messages = error;
DROP DATABASE regress_encoding;
CREATE DATABASE regress_encoding TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C';
\c regress_encoding
CREATE EXTENSION datajoint_deploy;
:make_check
SELECT octet_length(name), pg_temp.is_exact(name)
FROM (VALUES (convert_from('\xff80c3', 'SQL_ASCII')), (convert_from('\xc322', 'SQL_ASCII')),
             (repeat(convert_from('\xe9', 'SQL_ASCII'), 63))) name (name);

\c :main
DROP DATABASE regress_encoding;
