-- What calls about roles read grows with the schema and not with what there is elsewhere: relations, memberships, and
-- grants to the roles. Counted are the rows of system catalogs that a call reads.
SET client_min_messages = warning;
CREATE SCHEMA elsewhere_lab;
CREATE ROLE regress_owner;
CREATE ROLE regress_reader;
CREATE ROLE regress_leaver;
DO $$
BEGIN
    FOR number IN 1 .. 10 LOOP
        EXECUTE format('CREATE TABLE elsewhere_lab.t%s (id serial PRIMARY KEY, note text)', number);
        EXECUTE format('ALTER TABLE elsewhere_lab.t%s OWNER TO regress_owner', number);
    END LOOP;
END
$$;
GRANT UPDATE (note) ON elsewhere_lab.t3 TO regress_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_owner IN SCHEMA elsewhere_lab GRANT SELECT ON TABLES TO regress_reader;

CREATE TABLE pg_temp.calls (name text, call text);
INSERT INTO pg_temp.calls
SELECT format('set_grants %s %s', role, access), format('dj_deploy.set_grants(%L, %L, %L)', 'elsewhere_lab', role, access)
FROM unnest(ARRAY['regress_reader', 'regress_leaver', 'public']) role, unnest(ARRAY['none', 'read', 'all']) access
UNION ALL
SELECT 'set_grants future_tables ' || role,
       format('dj_deploy.set_grants(%L, %L, %L, future_tables => true)', 'elsewhere_lab', role, 'read')
FROM unnest(ARRAY['regress_reader', 'regress_leaver']) role
UNION ALL
VALUES ('set_grants one table', $$dj_deploy.set_grants('elsewhere_lab.t3'::regclass, 'regress_reader', 'read')$$),
       ('describe', $$dj_deploy.describe('elsewhere_lab')$$),
       ('apply', $$dj_deploy.apply('{"version": 1, "schemas": {"elsewhere_lab": {
           "grants": {"regress_reader": {"access": "read", "future_tables": true}, "regress_leaver": "none"},
           "tables": {"t4": {"grants": {"regress_reader": "write"}}}}}}')$$);

CREATE FUNCTION pg_temp.rows_read() RETURNS TABLE (catalog name, rows_read bigint) LANGUAGE sql AS $$
    SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
    FROM pg_catalog.pg_stat_xact_sys_tables
    WHERE relname IN ('pg_shdepend', 'pg_class', 'pg_attribute', 'pg_auth_members', 'pg_default_acl', 'pg_policy')
$$;
CREATE TABLE pg_temp.readings (place text, name text, catalog name, rows_read bigint);
-- Twice: the first time a session reads more.
CREATE PROCEDURE pg_temp.read_all(where_from text) LANGUAGE plpgsql AS $$
DECLARE
    before pg_temp.readings[];
    one record;
BEGIN
    FOR one IN SELECT * FROM pg_temp.calls LOOP
        EXECUTE 'SELECT ' || one.call;
        before := ARRAY(SELECT (where_from, one.name, catalog, rows_read)::pg_temp.readings FROM pg_temp.rows_read());
        EXECUTE 'SELECT ' || one.call;
        INSERT INTO pg_temp.readings
        SELECT where_from, one.name, r.catalog, r.rows_read - b.rows_read
        FROM pg_temp.rows_read() r JOIN unnest(before) b USING (catalog);
    END LOOP;
END
$$;
CALL pg_temp.read_all('empty');

CREATE SCHEMA elsewhere;
DO $$
BEGIN
    FOR number IN 1 .. 2 LOOP
        EXECUTE format('CREATE TABLE elsewhere.wide%s (%s)', number,
                       (SELECT string_agg(format('c%s integer', c), ', ') FROM generate_series(1, 1000) c));
        EXECUTE format('GRANT SELECT (%s) ON elsewhere.wide%s TO regress_reader, regress_leaver',
                       (SELECT string_agg(format('c%s', c), ', ') FROM generate_series(1, 1000) c), number);
    END LOOP;
    FOR number IN 1 .. 300 LOOP
        EXECUTE format('CREATE VIEW elsewhere.v%s AS SELECT', number);
    END LOOP;
    FOR number IN 1 .. 20 LOOP
        EXECUTE format('CREATE ROLE regress_group_%s', number);
    END LOOP;
    FOR number IN 1 .. 20 LOOP
        EXECUTE format('CREATE ROLE regress_member_%s IN ROLE %s', number,
                       (SELECT string_agg('regress_group_' || g, ', ') FROM generate_series(1, 20) g));
    END LOOP;
END
$$;
CALL pg_temp.read_all('crowded');

SELECT name, catalog, max(rows_read) FILTER (WHERE place = 'empty') AS empty, max(rows_read) AS crowded
FROM pg_temp.readings
GROUP BY name, catalog
HAVING max(rows_read) FILTER (WHERE place = 'crowded') > max(rows_read) FILTER (WHERE place = 'empty') + 100
ORDER BY name, catalog;
-- All has been called, and something is read.
SELECT count(DISTINCT name), sum(rows_read) > 1000 AS is_counted
FROM pg_temp.readings WHERE place = 'empty';

SET client_min_messages = warning;
DROP SCHEMA elsewhere, elsewhere_lab CASCADE;
DO $$
BEGIN
    FOR number IN 1 .. 20 LOOP
        EXECUTE format('DROP ROLE regress_group_%1$s, regress_member_%1$s', number);
    END LOOP;
END
$$;
DROP OWNED BY regress_owner;
DROP ROLE regress_owner, regress_reader, regress_leaver;
