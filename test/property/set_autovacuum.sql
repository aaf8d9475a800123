-- Every ordinary table, and its TOAST table, has the parameters asked for. Text of the same meaning
-- stays as it is.

CREATE FUNCTION property.random_autovacuum() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    option text;
    spelled text;
    parameters jsonb := '{}';
BEGIN
    FOREACH option IN ARRAY property.some(property.parameters(), 4) LOOP
        spelled := property.pick(property.spellings(property.parameter(option)));
        parameters := parameters || jsonb_build_object(option, CASE
            WHEN property.chance(0.25) THEN 'null'
            WHEN property.chance(0.02) THEN property.pick('{"[]","{}","\"nonsense\"","1e400"}'::text[])::jsonb
            WHEN (property.is_number(spelled) OR spelled IN ('true', 'false')) AND property.chance(0.7) THEN spelled::jsonb
            ELSE to_jsonb(spelled) END);
    END LOOP;
    RETURN jsonb_build_object('parameters', parameters
        || CASE WHEN property.chance(0.02) THEN '{"autovacuum_nonsense": 1}'::jsonb ELSE '{}' END);
END $$;

CREATE FUNCTION property.expect_autovacuum(call property.call, facts property.fact[]) RETURNS property.expectation
LANGUAGE plpgsql AS $$
DECLARE
    expected property.expectation;
    parameters jsonb := call.arguments -> 'parameters';
    tables oid[];
    planned oid[] := '{}';
    differing record;
BEGIN
    IF EXISTS (SELECT FROM jsonb_each(parameters) p WHERE NOT property.is_valid(p.key, p.value)) THEN
        RETURN property.refused('22023');
    END IF;
    tables := array(SELECT oid FROM pg_class WHERE oid = ANY (property.tables(call, with_hidden => true)) AND relkind = 'r');
    expected.ddl := '{}';
    FOR differing IN
        SELECT t.oid AS relation,
               string_agg(format('%s = %s', p.key, property.in_statement(p.value)), ', ' ORDER BY p.key COLLATE "C")
                   FILTER (WHERE p.value <> 'null') AS set_list,
               string_agg(p.key, ', ' ORDER BY p.key COLLATE "C") FILTER (WHERE p.value = 'null') AS reset_list
        FROM pg_class t
        CROSS JOIN jsonb_each(parameters) p
        JOIN pg_class holder ON holder.oid = CASE WHEN starts_with(p.key, 'toast.') THEN t.reltoastrelid ELSE t.oid END
        WHERE t.oid = ANY (tables) AND property.differs(holder.reloptions, p.key, p.value)
        GROUP BY t.oid
    LOOP
        planned := planned || differing.relation;
        expected.ddl := expected.ddl || format('ALTER TABLE %s %s', property.quoted(differing.relation),
            concat_ws(', ', 'SET (' || differing.set_list || ')', 'RESET (' || differing.reset_list || ')'));
    END LOOP;

    expected.refusal := property.unless_allowed(property.owns(call.caller, planned) AND property.reaches(call.caller, planned));
    expected.analyzed := cardinality(tables);
    expected.modified := cardinality(planned);
    expected.skipped := '{}';
    expected.changes := array(
        SELECT ROW(f.catalog, f.key, f.content || jsonb_build_object(
                   'reloptions', property.options_after(holder.reloptions, parameters, holder.relkind = 't')))::property.fact
        FROM unnest(facts) f
        JOIN pg_class holder ON f.catalog = 'pg_class' AND f.key = holder.oid::text
        WHERE holder.oid = ANY (planned) OR holder.oid IN (SELECT reltoastrelid FROM pg_class WHERE oid = ANY (planned)));
    RETURN expected;
END $$;

-- Null resets; else the text must be one that the server reads as something that the parameter may be.
CREATE FUNCTION property.is_valid(option text, value jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT property.parameter(option) IS NOT NULL AND (value = 'null'
        OR coalesce(property.meaning(option, value #>> '{}') = ANY ((property.parameter(option)).meanings), false))
$$;

CREATE FUNCTION property.meaning(option text, spelled text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT meaning FROM property.spelling s WHERE kind = (property.parameter(option)).kind AND s.text = spelled
$$;

CREATE FUNCTION property.option_value(options text[], option text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT split_part(o, '=', 2) FROM unnest(options) o WHERE starts_with(o, regexp_replace(option, '^toast[.]', '') || '=')
$$;

-- What is not set differs from any value.
CREATE FUNCTION property.differs(options text[], option text, value jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE value WHEN 'null' THEN property.option_value(options, option) IS NOT NULL
        ELSE property.meaning(option, property.option_value(options, option))
            IS DISTINCT FROM property.meaning(option, value #>> '{}') END
$$;

CREATE FUNCTION property.in_statement(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(value) WHEN 'string' THEN quote_literal(value #>> '{}') ELSE value #>> '{}' END
$$;

CREATE FUNCTION property.options_after(options text[], parameters jsonb, is_toast boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    asked record;
BEGIN
    FOR asked IN
        SELECT regexp_replace(key, '^toast[.]', '') AS option, value
        FROM jsonb_each(parameters) WHERE starts_with(key, 'toast.') = is_toast
    LOOP
        IF property.differs(options, asked.option, asked.value) THEN
            options := array(SELECT o FROM unnest(options) o WHERE NOT starts_with(o, asked.option || '='))
                || CASE WHEN asked.value <> 'null' THEN ARRAY[asked.option || '=' || (asked.value #>> '{}')] END;
        END IF;
    END LOOP;
    RETURN property.sorted(options);
END $$;
