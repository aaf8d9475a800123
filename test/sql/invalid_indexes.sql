-- Indexes that are not valid: reindex names each of them, with the statement that removes it, and leaves it alone; tables() shows
-- them. The rest of what they come from is in test/t/leftovers.pl.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE SCHEMA cut_short;
CREATE TABLE cut_short.session (id int PRIMARY KEY, note text, other int);
CREATE INDEX session_other ON cut_short.session (other);
-- As a rebuild that was cut short leaves it, and a build; half dropped; of the TOAST table.
CREATE INDEX "session_other_ccnew" ON cut_short.session (other);
CREATE INDEX "a ""failed"" build" ON cut_short.session (other);
CREATE INDEX "session_pkey_ccold1" ON cut_short.session (id);
CREATE TABLE cut_short.only_invalid (id int);
CREATE INDEX only_invalid_ccnew ON cut_short.only_invalid (id);
CREATE TABLE cut_short.only_excludes (span int4range, EXCLUDE USING gist (span WITH &&));
CREATE TABLE cut_short.toasted (id int PRIMARY KEY, note text);
CREATE TABLE cut_short.identified (id int NOT NULL);
CREATE UNIQUE INDEX identity_ccnew ON cut_short.identified (id);
ALTER TABLE cut_short.identified REPLICA IDENTITY USING INDEX identity_ccnew;
CREATE MATERIALIZED VIEW cut_short.view AS SELECT 1 AS one;
CREATE INDEX view_one ON cut_short.view (one);
CREATE INDEX view_one_ccnew ON cut_short.view (one);
CREATE TABLE cut_short.root (id int) PARTITION BY RANGE (id);
CREATE TABLE cut_short.leaf PARTITION OF cut_short.root FOR VALUES FROM (0) TO (10);
CREATE INDEX root_id ON cut_short.root (id);
CREATE INDEX root_unfinished ON ONLY cut_short.root (id);
CREATE UNIQUE INDEX referenced_ccnew ON cut_short.only_invalid (id);
CREATE TABLE cut_short.refers (id int REFERENCES cut_short.only_invalid (id));
UPDATE pg_index SET indisvalid = false, indisready = indexrelid::regclass::text !~ 'failed', indislive = indexrelid::regclass::text !~ 'ccold'
WHERE indexrelid::regclass::text ~ 'cc(new|old)|failed|leaf_id';
UPDATE pg_index SET indisvalid = false WHERE indrelid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'cut_short.toasted'::regclass);
RESET client_min_messages;
SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indexrelid > 16383;

SELECT table_name, regexp_replace(invalid_indexes::text, '\d{4,}', 'N') FROM dj_deploy.tables('cut_short') WHERE invalid_indexes <> '{}';
SELECT pg_typeof(invalid_indexes), count(*) FROM dj_deploy.tables('cut_short') GROUP BY 1;

-- Said before anything runs, in both modes, by a dry run too. A table is modified only where an index is rebuilt.
CREATE FUNCTION public.without_numbers(result jsonb) RETURNS text RETURN regexp_replace(jsonb_pretty(result), 'pg_toast_\d+', 'pg_toast_N', 'g');
SET client_min_messages = error;
CALL dj_deploy.reindex('cut_short', dry_run => true) \gset concurrent_
CALL dj_deploy.reindex('cut_short', dry_run => true, concurrently => false) \gset plain_
RESET client_min_messages;
SELECT public.without_numbers(:'concurrent_result');
SELECT public.without_numbers(:'plain_result');
CREATE TABLE public.files AS SELECT oid, pg_relation_filenode(oid) AS file FROM pg_class WHERE relkind = 'i';
CALL dj_deploy.reindex('cut_short.session'::regclass, false, concurrently => false) \gset
SELECT public.without_numbers(:'result'::jsonb - 'skipped');
-- The server warns of them, too, in words that differ by version.
SET client_min_messages = error;
CALL dj_deploy.reindex('cut_short.session'::regclass, false);
RESET client_min_messages;
CALL dj_deploy.reindex('cut_short.only_invalid'::regclass, false);
CALL dj_deploy.reindex('cut_short.only_invalid'::regclass, false, concurrently => false);
CALL dj_deploy.reindex('cut_short.only_excludes'::regclass, false);
CALL dj_deploy.reindex('cut_short.view'::regclass, false, concurrently => false, jobs => 2);
SET client_min_messages = error;
CALL dj_deploy.reindex('cut_short', false, concurrently => false, jobs => 2) \gset
RESET client_min_messages;
SELECT :'result'::jsonb - 'ddl' - 'skipped', :'result'::jsonb -> 'ddl' = :'plain_result'::jsonb -> 'ddl';
-- None of them is valid now, or has been built; the others have.
SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indexrelid > 16383;
SELECT string_agg(c.relname, ', ' ORDER BY c.relname COLLATE "C") FROM public.files f JOIN pg_class c USING (oid)
WHERE c.relnamespace = 'cut_short'::regnamespace AND f.file = pg_relation_filenode(c.oid);

-- Each statement does what it says. The index of a TOAST table that is no leftover has none.
SELECT skip ->> 'remedy' FROM jsonb_array_elements(:'plain_result'::jsonb -> 'skipped') skip WHERE skip ? 'remedy' \gexec
SELECT table_name, invalid_indexes FROM dj_deploy.tables('cut_short') WHERE invalid_indexes <> '{}' AND table_name <> 'toasted';
CALL dj_deploy.reindex('cut_short.session'::regclass, true, concurrently => false);

-- An owner who is no superuser cannot name the index of a TOAST table: it is named as left out, in a dry run too, and no error. The
-- index of an exclusion constraint cannot be rebuilt concurrently.
SET client_min_messages = error;
DROP SCHEMA cut_short CASCADE;
CREATE ROLE regress_cut_short;
CREATE SCHEMA cut_short AUTHORIZATION regress_cut_short;
SET ROLE regress_cut_short;
CREATE TABLE cut_short.toasted (id int PRIMARY KEY, note text, span int4range, EXCLUDE USING gist (span WITH &&));
CREATE INDEX failed ON cut_short.toasted (note);
RESET ROLE;
UPDATE pg_index SET indisvalid = false WHERE indrelid = 'cut_short.toasted'::regclass AND NOT indisprimary;
SET ROLE regress_cut_short;
CALL dj_deploy.reindex('cut_short', dry_run => true, concurrently => false) \gset
SELECT public.without_numbers(:'result');
CALL dj_deploy.reindex('cut_short', dry_run => false, concurrently => false) \gset
SELECT public.without_numbers(:'result'::jsonb - 'skipped');
SELECT skip ->> 'remedy' FROM jsonb_array_elements(:'result'::jsonb -> 'skipped') skip WHERE skip ? 'remedy' \gexec
CALL dj_deploy.reindex('cut_short', dry_run => false, concurrently => false);
RESET ROLE;

DROP SCHEMA cut_short CASCADE;
DROP ROLE regress_cut_short;
DROP TABLE public.files;
DROP FUNCTION public.without_numbers;
