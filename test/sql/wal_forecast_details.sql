-- What wal_forecast knows, and what it does not: the limits between types, statistics, pages and nothing. Where bytes depend on the
-- machine's alignment, it is only asked how they compare.
SET client_min_messages = error;
CREATE SCHEMA details;
SET search_path = details;
CREATE FUNCTION flush() RETURNS void LANGUAGE sql AS 'SELECT pg_stat_force_next_flush()';
CREATE FUNCTION create_table(name text, columns text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('CREATE TABLE %I (%s) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false)', name, columns); END $$;
CREATE VIEW forecast AS SELECT * FROM dj_deploy.wal_forecast('details');
\pset null (null)

-- The statistics of a parent are those of its own rows; its children's are not.
SELECT create_table('parent', 'id int PRIMARY KEY, note text');
CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent) WITH (autovacuum_enabled = false);
INSERT INTO parent SELECT i, 'short' FROM generate_series(1, 100) i;
INSERT INTO child SELECT i, repeat('long', 200) FROM generate_series(1, 300) i;
ANALYZE parent, child;
SELECT table_name, row_bytes BETWEEN 10 AND 60 AS is_short, row_bytes BETWEEN 800 AND 900 AS is_long, exposed_columns, basis
FROM forecast ORDER BY 1;
DROP TABLE parent CASCADE;

-- Without statistics a column is known by its type where it has a fixed length and no NULLs; else it takes two pages of rows.
SELECT create_table('known', 'id int PRIMARY KEY, value int NOT NULL');
SELECT create_table('nullable', 'id int PRIMARY KEY, value int');
SELECT create_table('varying', 'id int PRIMARY KEY, value text NOT NULL');
SELECT create_table('one_page', 'id int PRIMARY KEY, value text NOT NULL');
SELECT create_table('two_pages', 'id int PRIMARY KEY, value text NOT NULL');
ALTER TABLE one_page ALTER value SET STORAGE plain;
ALTER TABLE two_pages ALTER value SET STORAGE plain;
INSERT INTO known VALUES (1, 1);
INSERT INTO nullable VALUES (1, 1);
INSERT INTO varying VALUES (1, 1);
INSERT INTO one_page SELECT i, repeat('x', 3900) FROM generate_series(1, 2) i;
INSERT INTO two_pages SELECT i, repeat('x', 3900) FROM generate_series(1, 3) i;
SELECT flush();
SELECT table_name, basis, row_bytes IS NOT NULL AS has_bytes FROM forecast ORDER BY 1;

-- The last page counts half: three rows in one page and a half are two rows a page.
SELECT row_bytes BETWEEN 3900 AND 4100 AS is_as_long FROM forecast WHERE table_name = 'two_pages';

-- Rows that are dead fill pages, too, and ANALYZE knows better than what was counted since.
DELETE FROM two_pages WHERE id > 1;
SELECT flush();
SELECT row_bytes BETWEEN 3900 AND 4100 AS is_as_long FROM forecast WHERE table_name = 'two_pages';
DROP TABLE known, nullable, varying, one_page, two_pages;

-- A column that is null throughout weighs nothing, one that is half of the time half of it, and rows with a NULL have a bitmap.
SELECT create_table('t_full', 'id int PRIMARY KEY, a int, b int, c int, d int, e int, f int, g int, h int');
SELECT create_table('t_half', 'id int PRIMARY KEY, a int, b int, c int, d int, e int, f int, g int, h int');
SELECT create_table('t_none', 'id int PRIMARY KEY, a int, b int, c int, d int, e int, f int, g int, h int');
INSERT INTO t_full SELECT i, i, i, i, i, i, i, i, i FROM generate_series(1, 100) i;
INSERT INTO t_half SELECT i, v, v, v, v, v, v, v, v FROM generate_series(1, 100) i, NULLIF(i % 2, 0) v;
INSERT INTO t_none SELECT i FROM generate_series(1, 100) i;
ANALYZE t_full, t_half, t_none;
SELECT (SELECT row_bytes FROM forecast WHERE table_name = 't_full') - (SELECT row_bytes FROM forecast WHERE table_name = 't_none')
           BETWEEN 24 AND 32 AS difference,
       (SELECT row_bytes FROM forecast WHERE table_name = 't_half') - (SELECT row_bytes FROM forecast WHERE table_name = 't_none')
           BETWEEN 12 AND 16 AS half_of_it,
       (SELECT basis FROM forecast WHERE table_name = 't_none') AS basis;

-- Columns that are gone are not exposed and weigh nothing; a column of the key that is nullable elsewhere is of the key.
ALTER TABLE t_full DROP COLUMN a, DROP COLUMN h;
ANALYZE t_full;
SELECT exposed_columns, basis FROM forecast WHERE table_name = 't_full';
DROP TABLE t_full, t_half, t_none;

-- A varlena of up to 126 bytes is not aligned, a longer one is, and a fixed column always is.
SELECT create_table('short', 'id int PRIMARY KEY, a text NOT NULL, b text NOT NULL, c text NOT NULL, d text NOT NULL');
SELECT create_table('long', 'id int PRIMARY KEY, a text NOT NULL, b text NOT NULL, c text NOT NULL, d text NOT NULL');
ALTER TABLE long ALTER a SET STORAGE external, ALTER b SET STORAGE external, ALTER c SET STORAGE external, ALTER d SET STORAGE external;
INSERT INTO short SELECT i, t, t, t, t FROM generate_series(1, 50) i, repeat('x', 125) t;
INSERT INTO long SELECT i, t, t, t, t FROM generate_series(1, 50) i, repeat('x', 127) t;
ANALYZE short, long;
SELECT (SELECT row_bytes FROM forecast WHERE table_name = 'long') - (SELECT row_bytes FROM forecast WHERE table_name = 'short')
           BETWEEN 4 * (2 + 3) AND 4 * (2 + 3) + 8 AS is_aligned;
DROP TABLE short, long;

-- A TOAST table that rows have used and that was emptied tells nothing; one that none has used tells that there is nothing.
SELECT create_table('emptied', 'id int PRIMARY KEY, value text NOT NULL');
SELECT create_table('unused', 'id int PRIMARY KEY, value text NOT NULL');
ALTER TABLE emptied ALTER value SET STORAGE external;
INSERT INTO emptied SELECT i, repeat('x', 10000) FROM generate_series(1, 20) i;
INSERT INTO unused SELECT i, 'x' FROM generate_series(1, 20) i;
SELECT flush();
ANALYZE emptied, unused;
SELECT table_name, basis, row_bytes > 9000 AS is_long FROM forecast ORDER BY 1;
DELETE FROM emptied;
SELECT flush();
VACUUM emptied;
SELECT table_name, basis, row_bytes IS NULL AS is_unknown FROM forecast ORDER BY 1;
DROP TABLE emptied, unused;

-- With the eight bytes of its own data a DELETE of 248 bytes has a longer header than one of 246.
SELECT create_table('below', string_agg(format('c%s bigint NOT NULL', i), ', ')) FROM generate_series(1, 30) i;
SELECT create_table('above', string_agg(format('c%s bigint NOT NULL', i), ', ') || ', last smallint NOT NULL') FROM generate_series(1, 30) i;
SELECT format('INSERT INTO %I SELECT %s FROM generate_series(1, 100)', t, (SELECT string_agg('1', ', ') FROM generate_series(1, c)))
FROM (VALUES ('below', 30), ('above', 31)) AS v(t, c) \gexec
DELETE FROM below;
DELETE FROM above;
SELECT flush();
SELECT table_name, deletes, row_bytes, full_bytes BETWEEN 100 * row_bytes AND 100 * (row_bytes + 2) AS is_short,
       full_bytes >= 100 * (row_bytes + 3) AS is_long FROM forecast ORDER BY 1;
DROP TABLE below, above;

-- Equal costs come by name.
SELECT create_table('b', 'id int PRIMARY KEY');
SELECT create_table('a', 'id int PRIMARY KEY');
SELECT create_table('c', 'id int PRIMARY KEY, value int NOT NULL');
INSERT INTO c VALUES (1, 1);
UPDATE c SET value = 2;
SELECT flush();
SELECT table_name, full_bytes > 0 AS costs FROM forecast;
DROP TABLE a, b, c;

-- After a reset of the statistics a table has the rows that VACUUM has counted, as many as its pages hold now; and the rates begin
-- with the reset.
SELECT create_table('kept', 'id int PRIMARY KEY, value text NOT NULL');
ALTER TABLE kept ALTER value SET STORAGE external;
INSERT INTO kept SELECT i, repeat('x', 10000) FROM generate_series(1, 20) i;
SELECT flush();
VACUUM ANALYZE kept;
SELECT clock_timestamp() AS before, pg_stat_reset() \gset
SELECT basis, row_bytes BETWEEN 9000 AND 12000 AS is_as_long, since >= :'before' AS is_since_then FROM forecast;
RESET search_path;
DROP SCHEMA details CASCADE;
