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
           ELSE property.fails(format('UPDATE ONLY %s SET %s = DEFAULT WHERE false', property.quoted(relation), columns[1])) END) THEN
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
