-- Which writes fail, found out by trying: an UPDATE or DELETE that touches no row is refused like any other.

CREATE TYPE property.failing_write AS (relation oid, command text);

CREATE FUNCTION property.failing_writes() RETURNS property.failing_write[] LANGUAGE plpgsql AS $$
DECLARE
    relation oid;
    failing property.failing_write[] := '{}';
    columns text[];
BEGIN
    FOR relation IN SELECT r FROM unnest(property.relations('r')) r LOOP
        columns := property.columns(relation);
        IF property.fails(format('DELETE FROM ONLY %s WHERE false', property.quoted(relation))) THEN
            failing := failing || ROW(relation, 'DELETE')::property.failing_write;
        END IF;
        IF (CASE columns WHEN '{}' THEN property.fails_with_column(relation)
            ELSE property.fails(format('UPDATE ONLY %s SET %s = DEFAULT WHERE false', property.quoted(relation), columns[1]))
            END) THEN
            failing := failing || ROW(relation, 'UPDATE')::property.failing_write;
        END IF;
    END LOOP;
    RETURN failing;
END $$;

CREATE FUNCTION property.fails(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN false;
EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_column_reference THEN
    RETURN true;
END $$;

-- An UPDATE needs a column.
CREATE FUNCTION property.fails_with_column(relation oid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    fails boolean;
BEGIN
    EXECUTE format('ALTER TABLE %s ADD COLUMN tried int', property.quoted(relation));
    fails := property.fails(format('UPDATE ONLY %s SET tried = DEFAULT WHERE false', property.quoted(relation)));
    RAISE SQLSTATE 'DJEND';
EXCEPTION WHEN SQLSTATE 'DJEND' THEN
    RETURN fails;
END $$;

-- Tables with a write that fails now and did not then.
CREATE FUNCTION property.broken_tables(before property.failing_write[], after property.failing_write[]) RETURNS oid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT DISTINCT relation FROM (SELECT * FROM unnest(after) EXCEPT SELECT * FROM unnest(before)) f ORDER BY relation);
END $$;

-- Statement by statement no write fails meanwhile that works before and afterwards. Undoes them.
CREATE FUNCTION property.require_steps(title text, statements jsonb, failing property.failing_write[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    now property.failing_write[];
    meanwhile text[] := '{}';
    failure text;
BEGIN
    FOR statement IN SELECT jsonb_array_elements_text(statements) LOOP
        EXECUTE statement;
        now := property.failing_writes();
        meanwhile := meanwhile || array(SELECT format('%s on %s after %s', command, property.quoted(relation), statement)
                                        FROM (SELECT * FROM unnest(now) EXCEPT SELECT * FROM unnest(failing)) f);
    END LOOP;
    failure := (SELECT string_agg(m, E'\n') FROM unnest(meanwhile) m
                WHERE NOT EXISTS (SELECT FROM unnest(now) n
                                  WHERE starts_with(m, format('%s on %s ', n.command, property.quoted(n.relation)))));
    RAISE SQLSTATE 'DJEND';
EXCEPTION WHEN SQLSTATE 'DJEND' THEN
    IF failure IS NOT NULL THEN
        PERFORM property.fail(title, failure, statements::text);
    END IF;
END $$;
