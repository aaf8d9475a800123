-- Where the property test lives, and its small words. Everything random is drawn from random()
-- after setseed(), in an order that depends on names alone and never on OIDs, so that a sequence
-- comes out the same whenever it is run by itself.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION datajoint_deploy;
CREATE SCHEMA property;

CREATE FUNCTION property.chance(probability float8) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT random() < probability
$$;

-- From 0 to n - 1.
CREATE FUNCTION property.below(n int) RETURNS int LANGUAGE sql VOLATILE AS $$
    SELECT floor(random() * n)::int
$$;

CREATE FUNCTION property.pick(items anyarray) RETURNS anyelement LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN items[1 + property.below(cardinality(items))];
END $$;

-- Up to so many of them, at least one, in random order.
CREATE FUNCTION property.some(items anyarray, most int) RETURNS anyarray LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    wanted int := 1 + property.below(least(most, cardinality(items)));
    chosen items%TYPE := '{}';
    at int;
BEGIN
    WHILE cardinality(chosen) < wanted LOOP
        at := 1 + property.below(cardinality(items));
        chosen := chosen || items[at];
        items := items[:at - 1] || items[at + 1:];
    END LOOP;
    RETURN chosen;
END $$;

-- Some of them as a list for a statement.
CREATE FUNCTION property.some_of(items text[], most int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT array_to_string(property.some(items, most), ', ')
$$;

-- Names as statements of the extension have them: always quoted, whatever the settings.
CREATE FUNCTION property.quoted(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '"' || replace(name, '"', '""') || '"'
$$;

CREATE FUNCTION property.quoted(schema text, name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '"' || replace(schema, '"', '""') || '"."' || replace(name, '"', '""') || '"'
$$;

CREATE FUNCTION property.quoted(relation oid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT property.quoted(nspname, relname)
            FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = relation);
END $$;

-- What an entry of skipped or changes, or a row of drift, is about.
CREATE FUNCTION property.about(entry jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(entry ->> 'object', property.quoted(entry ->> 'schema_name', entry ->> 'table_name'),
                    property.quoted(entry ->> 'schema_name'))
$$;

-- The name "public" is PUBLIC whatever the quotes; "PUBLIC" is a role like others.
CREATE FUNCTION property.grantee(role text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE role WHEN 'public' THEN 'PUBLIC' ELSE property.quoted(role) END
$$;

CREATE FUNCTION property.schema_oid(schema text) RETURNS oid LANGUAGE sql STABLE AS $$
    SELECT oid FROM pg_namespace WHERE nspname = schema
$$;

CREATE FUNCTION property.schema_of(relation oid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = relation
$$;

-- Relations of some kinds in the schemas that this sequence made, by name.
CREATE FUNCTION property.relations(VARIADIC kinds "char"[]) RETURNS oid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE age(n.xmin) <= 0 AND relkind = ANY (kinds)
        ORDER BY nspname COLLATE "C", relname COLLATE "C");
END $$;

-- Quoted names of a relation's columns, by name.
CREATE FUNCTION property.columns(relation oid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(SELECT property.quoted(attname) COLLATE "C" FROM pg_attribute
                 WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped ORDER BY 1);
END $$;

CREATE FUNCTION property.is_since(version int) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('server_version_num')::int >= version * 10000
$$;
