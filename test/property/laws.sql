-- What the test of the laws does in the server: rows that fit each table, and writes that are
-- really tried. There are no tables here, since FOR ALL TABLES would publish them. See
-- test/t/laws.pl.

CREATE SCHEMA laws;

-- The schemas that a test has made.
CREATE FUNCTION laws.schemas() RETURNS SETOF name LANGUAGE sql STABLE AS $$
    SELECT nspname FROM pg_namespace
    WHERE nspname NOT IN ('public', 'laws', 'dj_deploy', 'information_schema') AND nspname !~ '^pg_' ORDER BY nspname
$$;

-- A value of a column in the first row of a table, which filters call low, or in the second, which
-- they call high. The second has long texts, which are stored out of line.
CREATE FUNCTION laws.value_of(type regtype, length int, number int) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN type IN ('int2'::regtype, 'int4', 'int8', 'numeric', 'float8') THEN ('{1,61}'::text[])[number]
        WHEN type IN ('text'::regtype, 'varchar') AND number = 2 AND (length < 0 OR length > 3600)
            THEN (SELECT 'zeta' || string_agg(md5(n::text), '') FROM generate_series(1, 100) n)
        WHEN type IN ('text'::regtype, 'varchar') THEN ('{alpha,zeta}'::text[])[number]
        WHEN type IN ('json'::regtype, 'jsonb') THEN format('{"n": %s}', number)
        WHEN type = 'point'::regtype THEN format('(%s,0)', number)
        WHEN type = 'bytea'::regtype THEN format('\x0%s', number)
        WHEN type = 'uuid'::regtype THEN md5(number::text)
        WHEN type = 'timestamptz'::regtype THEN format('2020-01-0%s 00:00:00+00', number)
    END
$$;

-- Numbers for the integer columns of a table that its partition constraint accepts; null if there
-- are none among those tried.
CREATE FUNCTION laws.fitting_numbers(relation regclass, number int) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    names text[] := array(
        SELECT quote_ident(attname) FROM pg_attribute
        WHERE attrelid = relation AND atttypid = 'int4'::regtype AND attnum > 0 AND attgenerated = '' AND NOT attisdropped
        ORDER BY attname IN ('id', 'd', 'e') DESC, attnum LIMIT 3);
    tried text := ('{"{1,61,2,62,101,161,201}","{61,1,62,2,161,101,201}"}'::text[])[number];
    sources text;
    answer jsonb;
BEGIN
    IF names = '{}' THEN
        RETURN '{}';
    END IF;
    SELECT string_agg(format('unnest(%L::int[]) WITH ORDINALITY AS t%s(%s, n%s)', tried, n, name, n), ', ' ORDER BY n)
    INTO sources FROM unnest(names) WITH ORDINALITY c(name, n);
    EXECUTE format('SELECT jsonb_object(%L, ARRAY[%s]::text[]) FROM %s WHERE %s ORDER BY %s LIMIT 1',
                   names, array_to_string(names, ','), sources, COALESCE(pg_get_partition_constraintdef(relation), 'true'),
                   (SELECT string_agg('n' || n, '+') FROM generate_series(1, cardinality(names)) n))
    INTO answer;
    RETURN answer;
END $$;

CREATE FUNCTION laws.insertion(relation regclass, number int) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT format('INSERT INTO %s (%s) VALUES (%s)', relation,
                  string_agg(quote_ident(attname), ', ' ORDER BY attnum),
                  string_agg(quote_nullable(COALESCE(numbers ->> quote_ident(attname),
                                                     laws.value_of(atttypid, atttypmod - 4, number))), ', ' ORDER BY attnum))
    FROM pg_attribute, laws.fitting_numbers(relation, number) numbers
    WHERE attrelid = relation AND attnum > 0 AND attgenerated = '' AND NOT attisdropped AND numbers IS NOT NULL
    HAVING count(*) > 0
$$;

-- What a table is a partition or child of, near and far.
CREATE FUNCTION laws.ancestors(relation regclass) RETURNS SETOF oid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE above(id) AS (
        SELECT inhparent FROM pg_inherits WHERE inhrelid = relation
        UNION
        SELECT inhparent FROM above JOIN pg_inherits ON inhrelid = id)
    SELECT id FROM above
$$;

CREATE FUNCTION laws.name_of(relation oid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = relation
$$;

-- All tables with rows of their own, in the schemas that a test makes.
CREATE FUNCTION laws.tables() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT COALESCE(jsonb_agg(jsonb_build_object(
        'name', laws.name_of(c.oid),
        'plain', nspname || '.' || relname,
        'schema', nspname,
        'is_partition', relispartition,
        'is_hidden', starts_with((SELECT relname FROM pg_class WHERE oid = COALESCE(pg_partition_root(c.oid), c.oid)), '~'),
        'ancestors', (SELECT COALESCE(jsonb_agg(jsonb_build_object(
                          'name', laws.name_of(a.oid), 'plain', m.nspname || '.' || a.relname, 'schema', m.nspname)), '[]')
                      FROM laws.ancestors(c.oid) above JOIN pg_class a ON a.oid = above
                      JOIN pg_namespace m ON m.oid = a.relnamespace),
        'root_schema', (SELECT m.nspname FROM pg_class a JOIN pg_namespace m ON m.oid = a.relnamespace
                        WHERE a.oid = COALESCE(pg_partition_root(c.oid), c.oid)),
        'columns', columns, 'generated', generated,
        'inserts', jsonb_build_array(laws.insertion(c.oid, 1), laws.insertion(c.oid, 2)),
        'update', format('UPDATE ONLY %1$s SET %2$I = %2$I', laws.name_of(c.oid), columns ->> 0)) ORDER BY nspname, relname), '[]')
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace,
         LATERAL (SELECT COALESCE(jsonb_agg(attname ORDER BY attnum) FILTER (WHERE attgenerated = ''), '[]'),
                         COALESCE(jsonb_agg(attname ORDER BY attnum) FILTER (WHERE attgenerated <> ''), '[]')
                  FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) k(columns, generated)
    WHERE relkind = 'r' AND nspname IN (SELECT laws.schemas())
      AND laws.insertion(c.oid, 1) IS NOT NULL AND laws.insertion(c.oid, 2) IS NOT NULL
$$;

-- Everything that a test has made goes.
CREATE PROCEDURE laws.clear() LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots;
    FOR name IN SELECT quote_ident(pubname) FROM pg_publication LOOP
        EXECUTE 'DROP PUBLICATION ' || name;
    END LOOP;
    FOR name IN SELECT quote_ident(schema) FROM laws.schemas() schema LOOP
        EXECUTE format('DROP SCHEMA %s CASCADE', name);
    END LOOP;
END $$;

-- A slot for each publication that has none; its name is the publication's in hexadecimal digits.
CREATE FUNCTION laws.slot_of(publication name) RETURNS name LANGUAGE sql IMMUTABLE AS $$
    SELECT 's' || left(encode(convert_to(publication, 'UTF8'), 'hex'), 62)
$$;
CREATE FUNCTION laws.make_slots() RETURNS void LANGUAGE sql AS $$
    SELECT count(pg_create_logical_replication_slot(laws.slot_of(pubname), 'pgoutput'))
    FROM pg_publication WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = laws.slot_of(pubname))
$$;

-- Runs a statement: the transaction that did it, or the error.
CREATE FUNCTION laws.attempt(statement text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN jsonb_build_object('xid', pg_current_xact_id()::xid::text);
EXCEPTION WHEN OTHERS THEN
    RETURN jsonb_build_object('error', SQLSTATE || ' ' || SQLERRM);
END $$;

-- Inserts, updates and deletes both rows of each table, each in a transaction of its own. A row
-- that cannot be deleted is truncated.
CREATE PROCEDURE laws.write(tables jsonb, INOUT results jsonb DEFAULT '[]') LANGUAGE plpgsql AS $$
DECLARE
    item jsonb;
    writes text[];
    result jsonb;
    operations text[] := '{insert,update,delete}';
BEGIN
    FOR item IN SELECT * FROM jsonb_array_elements(tables) LOOP
        FOR number IN 1 .. 2 LOOP
            writes := ARRAY[item -> 'inserts' ->> (number - 1), item ->> 'update', 'DELETE FROM ONLY ' || (item ->> 'name')];
            FOR operation IN 1 .. 3 LOOP
                result := laws.attempt(writes[operation]);
                COMMIT;
                results := results || (result || jsonb_build_object(
                    'table', item ->> 'name', 'operation', operations[operation], 'row', ('{low,high}'::text[])[number]));
            END LOOP;
            IF result ? 'error' THEN
                EXECUTE format('TRUNCATE ONLY %s CASCADE', item ->> 'name');
                COMMIT;
            END IF;
        END LOOP;
    END LOOP;
END $$;
