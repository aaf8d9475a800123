-- The identity of every table, partitions included, is the one asked for; an index that was chosen
-- no longer is.

CREATE FUNCTION property.random_replica_identity() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_build_object(
            'mode', CASE WHEN property.chance(0.03) THEN 'nothing' ELSE property.pick('{full,default,FULL,Default}'::text[]) END)
        || CASE WHEN property.chance(0.7) THEN jsonb_build_object('skip_unchanged', property.chance(0.7)) ELSE '{}' END
$$;

CREATE FUNCTION property.expect_replica_identity(call property.call, facts property.fact[]) RETURNS property.expectation
LANGUAGE plpgsql AS $$
DECLARE
    expected property.expectation;
    mode text := lower(call.arguments ->> 'mode');
    letter "char" := CASE mode WHEN 'full' THEN 'f' WHEN 'default' THEN 'd' END;
    tables oid[] := property.tables(call, with_hidden => false);
    planned oid[] := array(
        SELECT oid FROM pg_class
        WHERE oid = ANY (tables) AND NOT (relreplident = letter AND COALESCE((call.arguments ->> 'skip_unchanged')::boolean, false)));
BEGIN
    IF letter IS NULL THEN
        RETURN property.refused('22023');
    END IF;
    expected.refusal := property.unless_allowed(property.owns(call.caller, planned) AND property.reaches(call.caller, planned));
    expected.analyzed := cardinality(tables);
    expected.modified := cardinality(planned);
    expected.skipped := '{}';
    expected.ddl := array(
        SELECT format('ALTER TABLE %s REPLICA IDENTITY %s', property.quoted(t), upper(mode)) FROM unnest(planned) t);
    expected.changes := array(
        SELECT ROW(f.catalog, f.key, f.content || jsonb_build_object('relreplident', letter))::property.fact
        FROM unnest(facts) f JOIN unnest(planned) t ON f.catalog = 'pg_class' AND f.key = t::text
        UNION ALL
        SELECT ROW(f.catalog, f.key, f.content || '{"indisreplident": false}')::property.fact
        FROM unnest(facts) f JOIN unnest(planned) t ON f.catalog = 'pg_index' AND f.content ->> 'indrelid' = t::text);
    RETURN expected;
END $$;
