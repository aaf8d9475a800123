-- What a call is to do, told from what it means and not from how it does it: which facts become
-- which, and who is refused. Each operation has a file with the random arguments of its calls and
-- what is expected of them.

-- target is 0 for the forms by schema, caller "none" for the superuser. schemas is null but for the
-- form of several; schema is then one of them.
CREATE TYPE property.call AS (
    operation text, schema text, schemas text[], target oid, arguments jsonb, caller text, setting text, setting_value text);

CREATE FUNCTION property.schema_oids(call property.call) RETURNS oid[] LANGUAGE sql STABLE AS $$
    SELECT array(SELECT DISTINCT property.schema_oid(name) FROM unnest(coalesce(call.schemas, ARRAY[call.schema])) name)
$$;

-- refusal and dry_refusal are SQLSTATEs, skipped the tables of that key. ddl is null where only the
-- effect is specified, else the statements in any order.
CREATE TYPE property.expectation AS (
    refusal text, dry_refusal text, analyzed int, modified int, skipped text[], ddl text[], changes property.fact[]);

-- From the catalog as it is before the call.
CREATE FUNCTION property.expect(call property.call, facts property.fact[]) RETURNS property.expectation LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE call.operation
        WHEN 'set_replica_identity' THEN property.expect_replica_identity(call, facts)
        WHEN 'set_publication_membership' THEN property.expect_publication_membership(call, facts)
        WHEN 'set_autovacuum' THEN property.expect_autovacuum(call, facts)
        WHEN 'set_grants' THEN property.expect_grants(call, facts)
    END;
END $$;

-- Of an argument, whoever calls.
CREATE FUNCTION property.refused(sqlstate text) RETURNS property.expectation LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(sqlstate, sqlstate, 0, 0, '{}', '{}', '{}')::property.expectation
$$;

CREATE FUNCTION property.unless_allowed(is_allowed boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN NOT is_allowed THEN '42501' END
$$;

CREATE FUNCTION property.acts_as(caller text, owner oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT caller = 'none' OR pg_has_role(caller, owner, 'USAGE')
$$;

CREATE FUNCTION property.owns(caller text, relations oid[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM pg_class WHERE oid = ANY (relations) AND NOT property.acts_as(caller, relowner))
$$;

-- Whether the caller can name each of the relations in a statement.
CREATE FUNCTION property.reaches(caller text, relations oid[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT caller = 'none' OR NOT EXISTS (
        SELECT FROM pg_class WHERE oid = ANY (relations) AND NOT has_schema_privilege(caller, relnamespace, 'USAGE'))
$$;

-- The table of the target, or the schema's tables and partitioned tables, each with all its
-- partitions wherever they are.
CREATE FUNCTION property.tables(call property.call, with_hidden boolean) RETURNS oid[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    schemas oid[] := property.schema_oids(call);
BEGIN
    RETURN array(
        WITH RECURSIVE tree AS (
            SELECT oid FROM pg_class
            WHERE relkind IN ('r', 'p') AND CASE call.target
                WHEN 0 THEN relnamespace = ANY (schemas) AND (with_hidden OR NOT starts_with(relname, '~'))
                ELSE oid = call.target END
            UNION
            SELECT c.oid FROM tree t JOIN pg_inherits ON inhparent = t.oid JOIN pg_class c ON c.oid = inhrelid
            WHERE relispartition AND relkind IN ('r', 'p'))
        SELECT oid FROM tree);
END $$;
