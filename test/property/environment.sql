-- Runs a sequence: a random database is described, a random document is applied to it, a copy is
-- made from the description of the outcome, and all is undone. It takes place in a subtransaction
-- that always ends with an exception.

-- Returns how often what occurred, or what went wrong as "failure". Markers tell environment.pl
-- which messages belong to which call.
CREATE FUNCTION property.environment(seed int, number int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    tally jsonb;
    failure text;
    context text;
BEGIN
    PERFORM pg_current_xact_id(); -- age() counts from here
    PERFORM setseed((seed::bigint * 7919 + number::bigint * 104729) % 1000003 / 1000003.0);
    BEGIN
        tally := property.check_environment();
        PERFORM property.require_equal('catalogs that lack rows from before the sequence', NULL, property.robbed_catalogs());
        RAISE SQLSTATE 'DJEND';
    EXCEPTION
    WHEN SQLSTATE 'DJEND' THEN
        RETURN tally;
    WHEN SQLSTATE 'DJBAD' THEN
        failure := SQLERRM;
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
        failure := format(E'the test itself: %s %s\n%s', SQLSTATE, SQLERRM, context);
    END;
    RETURN jsonb_build_object('failure', failure);
END $$;

CREATE FUNCTION property.check_environment() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    roles text[] := property.some(array(SELECT name FROM property.role ORDER BY name), 5);
    schemas text[] := property.generate(roles);
    caller text := CASE WHEN property.chance(0.75) THEN 'none' ELSE property.pick(roles) END;
    original jsonb;
    applied property.applied;
    before property.fact[];
    counted text[];
BEGIN
    PERFORM property.complicate(schemas, roles);
    before := property.catalog();
    original := property.describe(schemas, before);
    counted := property.kinds(schemas) || property.require_settled('what was described', original, before, '[]')
        || CASE WHEN jsonb_path_exists(original, '$.schemas.*.grants.*.future_tables') THEN 'described: future tables' END;

    applied := property.check_apply(property.random_document(schemas, roles), caller, before);
    counted := counted || applied.verdicts;
    IF applied.result IS NOT NULL THEN
        counted := counted || property.check_copy(schemas, applied.facts);
        IF property.is_passed_on(property.plain(applied.document)) THEN
            counted := counted || 'left as it is: privileges passed on in columns'::text;
        ELSE
            PERFORM property.undo(applied.result -> 'changes', caller);
            PERFORM property.require_same('after the undo', property.undoable(before), property.undoable(property.catalog()));
            counted := counted || 'undone'::text;
        END IF;
    END IF;
    RETURN (SELECT jsonb_object_agg(word, times)
            FROM (SELECT word, count(*) FROM unnest(counted) word WHERE word IS NOT NULL GROUP BY 1) t(word, times));
END $$;

CREATE FUNCTION property.trace(text text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('property.trace', true) = 'on' THEN
        RAISE NOTICE USING MESSAGE = text;
    END IF;
END $$;

CREATE FUNCTION property.require_same(title text, expected property.fact[], actual property.fact[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    differences text := property.differences(expected, actual);
BEGIN
    IF differences IS NOT NULL THEN
        PERFORM property.fail(title, differences);
    END IF;
END $$;

-- The server tells the client what it has to say between these two; environment.pl looks at it.
CREATE FUNCTION property.listen() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('client_min_messages', 'notice', true);
    RAISE NOTICE 'property: listen';
END $$;

CREATE FUNCTION property.heard(what text, expected text DEFAULT '') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('client_min_messages', 'notice', true);
    RAISE NOTICE 'property: heard % %', what, expected;
    IF current_setting('property.trace', true) IS DISTINCT FROM 'on' THEN
        PERFORM set_config('client_min_messages', 'error', true);
    END IF;
END $$;

CREATE FUNCTION property.call_environment(text text, caller text) RETURNS property.outcome LANGUAGE plpgsql AS $$
BEGIN
    PERFORM property.trace(concat('SET ROLE ' || property.quoted(nullif(caller, 'none')) || '; ', text, ';'));
    RETURN property.perform(text, caller, 'extra_float_digits', '1');
END $$;

CREATE FUNCTION property.apply_statement(document jsonb, is_dry boolean, fingerprint text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT format('SELECT dj_deploy.apply(%L, %L%s)', document, is_dry, ', ' || quote_literal(fingerprint))
$$;

CREATE FUNCTION property.describe(schemas text[], facts property.fact[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    outcome property.outcome;
    document jsonb;
BEGIN
    PERFORM property.listen();
    outcome := property.call_environment(format('SELECT dj_deploy.describe(VARIADIC %L)', schemas), 'none');
    PERFORM property.require_outcome('describe', NULL, outcome);
    PERFORM property.heard('left out', to_jsonb(property.left_out(schemas, outcome.result))::text);
    PERFORM property.require_unchanged('after describe', facts, outcome);
    -- Anybody may describe anything.
    IF property.chance(0.2) THEN
        document := outcome.result;
        outcome := property.call_environment(format('SELECT dj_deploy.describe(VARIADIC %L)', schemas),
                                             property.pick(array(SELECT name FROM property.role ORDER BY name)));
        PERFORM property.require_equal('describe by a role', document, outcome.result);
    END IF;
    RETURN outcome.result;
END $$;

-- The row of drift about what apply skips.
CREATE FUNCTION property.drift_of(skipped jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT '{"object": null, "property": "skipped", "old_value": null, "new_value": null}' || skipped
        || CASE skipped ->> 'reason' WHEN 'not covered by the environment'
           THEN '{"property": "coverage", "new_value": "an entry or a pattern", "reason": null}'::jsonb ELSE '{}' END
$$;

CREATE FUNCTION property.without_globals(skipped jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(s ORDER BY n), '[]') FROM jsonb_array_elements(skipped) WITH ORDINALITY s(s, n)
    WHERE s ->> 'reason' !~ 'without IN SCHEMA'
$$;

-- Nothing is planned or drifts but for what is skipped; a run changes nothing. Who may create in a
-- schema for the first time may have default privileges without IN SCHEMA, which nobody was told of
-- before.
CREATE FUNCTION property.require_settled(title text, document jsonb, facts property.fact[], skipped jsonb,
                                         is_creating boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    outcome property.outcome;
BEGIN
    outcome := property.call_environment(property.apply_statement(document, property.chance(0.5)), 'none');
    PERFORM property.require_outcome(title || ' is applied', NULL, outcome);
    PERFORM property.require_equal(title || ' is applied', '{"ddl": [], "changes": [], "tables_modified": 0}'::jsonb,
                                   outcome.result - '{skipped,fingerprint,tables_analyzed}'::text[]);
    PERFORM property.require_equal(title || ' is applied, skipping',
                                   CASE WHEN is_creating THEN property.without_globals(skipped) ELSE skipped END,
                                   CASE WHEN is_creating THEN property.without_globals(outcome.result -> 'skipped')
                                        ELSE coalesce(outcome.result -> 'skipped', '[]') END);
    skipped := coalesce(outcome.result -> 'skipped', '[]');
    PERFORM property.require_unchanged(title || ' is applied', facts, outcome);
    IF property.chance(0.5) THEN
        outcome := property.call_environment(
            format('SELECT coalesce(jsonb_agg(d), ''[]'') FROM dj_deploy.drift(%L) d', document), 'none');
        PERFORM property.require_outcome(title || ', drift', NULL, outcome);
        PERFORM property.require_equal(title || ', drift', (
            SELECT coalesce(jsonb_agg(property.drift_of(s)), '[]') FROM jsonb_array_elements(skipped) s), outcome.result);
    ELSE
        outcome := property.call_environment(
            format('SELECT to_jsonb(count(*)) FROM dj_deploy.assert_converged(%L) c', document), 'none');
        PERFORM property.require_outcome(title || ', assert_converged', CASE WHEN skipped <> '[]' THEN '55000' END, outcome);
    END IF;
    RETURN title || CASE skipped WHEN '[]' THEN ': settled' ELSE ': skipped' END;
END $$;
