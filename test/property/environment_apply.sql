-- Applies a document, dry and for real, and compares with the oracle, with the dry run, and with
-- what writes say.

-- document is what was applied in the end, facts what it led to; result is null where it was refused.
CREATE TYPE property.applied AS (document jsonb, result jsonb, facts property.fact[], verdicts text[]);

CREATE FUNCTION property.check_apply(document jsonb, caller text, before property.fact[]) RETURNS property.applied
LANGUAGE plpgsql AS $$
DECLARE
    dry property.outcome;
    run property.outcome;
    failing property.failing_write[] := property.failing_writes();
    broken oid[];
    expected property.fact[];
    verdicts text[] := '{}';
    fingerprint text;
    plain jsonb;
BEGIN
    IF property.is_contradictory(document) THEN
        RETURN property.check_contradictory(document, caller, before);
    END IF;
    FOR attempt IN 1..2 LOOP
        plain := property.plain(document);
        expected := property.expected_facts(plain, caller, before);
        PERFORM property.listen();
        dry := property.call_environment(property.apply_statement(document, true), caller);
        PERFORM property.require_unchanged('after the dry run', before, dry);
        IF dry.error IS NULL THEN
            fingerprint := CASE WHEN property.chance(0.5) THEN dry.result ->> 'fingerprint' END;
        END IF;
        IF dry.error IS NULL AND property.chance(0.3) THEN
            PERFORM property.require_drift(document, caller, dry.result);
        END IF;
        IF dry.error IS NULL AND caller = 'none' AND property.chance(0.3) AND NOT property.is_narrowed(plain) THEN
            PERFORM property.require_steps('a write that fails meanwhile', dry.result -> 'ddl', failing);
        END IF;
        run := property.call_environment(property.apply_statement(document, false, fingerprint), caller);
        PERFORM property.heard(CASE WHEN dry.error IS NULL AND run.error IS NOT NULL THEN 'warning' ELSE 'anything' END);
        EXIT WHEN run.error IS NULL;
        PERFORM property.require_unchanged('after the refused run', before, run);
        IF dry.error IS NOT NULL THEN
            PERFORM property.require_outcome('the dry run of what is refused', run.error, dry);
            IF NOT (property.is_refused(plain) OR property.is_narrowed(plain)) OR dry.error <> '55000' THEN
                PERFORM property.fail('refused without a reason', dry.error, dry.message, document::text);
            END IF;
            RETURN ROW(document, NULL, before, verdicts || 'refused: publication'::text)::property.applied;
        ELSIF run.error = '42501' AND caller <> 'none' THEN
            RETURN ROW(document, NULL, before, verdicts || 'refused: rights'::text)::property.applied;
        ELSIF run.error IN ('55000', '22023') AND property.is_narrowed(plain) THEN
            RETURN ROW(document, NULL, before, verdicts || 'refused: narrowed root'::text)::property.applied;
        ELSIF run.error <> '55000' OR attempt = 2 OR run.message !~ '^writes on' THEN
            PERFORM property.fail('the run', run.error, run.message, document::text);
        END IF;
        verdicts := verdicts || 'refused: breaking writes'::text;
        broken := property.would_break(document, failing);
        PERFORM property.require_equal('tables whose writes begin to fail',
                                       format('writes on %s table%s would begin to fail', cardinality(broken),
                                              CASE WHEN cardinality(broken) <> 1 THEN 's' END), run.message);
        run := property.call_environment(property.apply_statement(property.allowing(document, broken[2:]), false), 'none');
        PERFORM property.require_outcome('all breaking writes but one are allowed', '55000', run);
        document := property.allowing(document, broken);
    END LOOP;
    IF property.is_refused(plain) THEN
        PERFORM property.fail('not refused', document::text);
    END IF;
    IF caller = 'none' AND property.chance(0.2) AND NOT property.is_passed_on(plain) THEN
        PERFORM property.require_steps('a write that fails while this is undone', property.undo_list(run.result -> 'changes'),
                                       property.failing_writes());
    END IF;
    PERFORM property.require_equal('the result of the run', (dry.result - 'tables_modified'), (run.result - 'tables_modified'));
    PERFORM property.require_same('after the run', expected, property.catalog());
    PERFORM property.require_list('schemas that are not covered', property.uncovered(document),
        array(SELECT s ->> 'schema_name' FROM jsonb_array_elements(run.result -> 'skipped') s
              WHERE s ->> 'reason' = 'not covered by the environment'));
    broken := property.broken_tables(failing, property.failing_writes());
    PERFORM property.require_list('tables whose writes fail unasked', '{}',
        array(SELECT property.quoted(b) FROM unnest(broken) b WHERE NOT property.is_allowed(property.plain(document), b)));
    IF broken <> '{}' THEN
        verdicts := verdicts || 'writes broken'::text;
    END IF;
    verdicts := verdicts || CASE run.result -> 'ddl' WHEN '[]' THEN 'applied: nothing' ELSE 'applied' END
        || property.require_settled('what was applied', document, expected, coalesce(run.result -> 'skipped', '[]'),
                                    run.result ->> 'ddl' ~ '(GRANT|REVOKE) [A-Z, ]*(CREATE|ALL) ON SCHEMA')
        || CASE WHEN caller <> 'none' THEN 'applied by a role' END
        || property.kinds_of_patterns(document)
        || CASE WHEN run.result #>> '{skipped}' ~ 'without IN SCHEMA' THEN 'skipped: default privileges in all schemas' END
        || array(SELECT 'identity: ' || split_part(c ->> 'new_value', ' ', 1) FROM jsonb_array_elements(run.result -> 'changes') c
                 WHERE c ->> 'property' = 'replica_identity')
        || array(SELECT 'changed: ' || CASE WHEN c ->> 'property' ~ '^(grants|publications)[.]'
                                       THEN split_part(c ->> 'property', '.', 1) ELSE c ->> 'property' END
                 FROM jsonb_array_elements(run.result -> 'changes') c);
    IF (run.result ->> 'ddl') <> '[]' THEN
        run.message := run.result ->> 'fingerprint';
        dry := property.call_environment(property.apply_statement(document, property.chance(0.5), run.message), 'none');
        PERFORM property.require_outcome('the fingerprint of what is done', '55000', dry);
    END IF;
    RETURN ROW(document, run.result, expected, verdicts)::property.applied;
END $$;

-- What patterns contradict each other is refused, in whatever call.
CREATE FUNCTION property.check_contradictory(document jsonb, caller text, before property.fact[]) RETURNS property.applied
LANGUAGE plpgsql AS $$
DECLARE
    outcome property.outcome;
    statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY[property.apply_statement(document, true), property.apply_statement(document, false),
                                     format('SELECT count(*) FROM dj_deploy.drift(%L)', document)] LOOP
        outcome := property.call_environment(statement, caller);
        PERFORM property.require_outcome('patterns that contradict each other', '22023', outcome);
        IF outcome.message !~ 'schema patterns .* contradict each other about schema' THEN
            PERFORM property.fail('patterns that contradict each other', outcome.message, document::text);
        END IF;
        PERFORM property.require_unchanged('after the refusal', before, outcome);
    END LOOP;
    RETURN ROW(document, NULL, before, ARRAY['refused: patterns'])::property.applied;
END $$;

CREATE FUNCTION property.kinds_of_patterns(document jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT kind FROM (
            SELECT unnest(ARRAY['said: pattern',
                CASE WHEN count(*) > 1 THEN 'said: pattern of several schemas' END,
                CASE WHEN bool_or(document -> 'schemas' ? s) THEN 'said: pattern under an entry' END])
            FROM jsonb_object_keys(document -> 'schema_patterns') pattern, property.coverable_schemas() s
            WHERE property.matches(pattern, s) GROUP BY pattern
            UNION ALL
            SELECT 'said: coverage' WHERE document ? 'require_coverage'
            UNION ALL
            SELECT 'said: grants of a table' WHERE EXISTS (SELECT FROM property.table_grants(property.plain(document)))
            UNION ALL
            SELECT 'not covered' FROM unnest(property.uncovered(document))) k(kind)
        WHERE kind IS NOT NULL);
END $$;

-- What is to be changed is what drifts, each property of an object once, from what it is to what it
-- becomes in the end.
CREATE FUNCTION property.require_drift(document jsonb, caller text, result jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    outcome property.outcome := property.call_environment(
        format('SELECT coalesce(jsonb_agg(d), ''[]'') FROM dj_deploy.drift(%L) d', document), caller);
BEGIN
    PERFORM property.require_outcome('drift', NULL, outcome);
    PERFORM property.require_list('drift',
        array(SELECT concat_ws(' ', property.about(c), c ->> 'property', (array_agg(c ->> 'old_value' ORDER BY n))[1], '->',
                               (array_agg(c ->> 'new_value' ORDER BY n DESC))[1])
              FROM jsonb_array_elements(result -> 'changes') WITH ORDINALITY t(c, n)
              GROUP BY property.about(c), c ->> 'property'
              UNION ALL
              SELECT concat_ws(' ', property.about(s), d ->> 'property', '->', d ->> 'new_value', d ->> 'reason')
              FROM jsonb_array_elements(result -> 'skipped') s, property.drift_of(s) d),
        array(SELECT concat_ws(' ', property.about(d), d ->> 'property', d ->> 'old_value', '->', d ->> 'new_value', d ->> 'reason')
              FROM jsonb_array_elements(outcome.result) d));
END $$;

CREATE FUNCTION property.is_allowed(document jsonb, relation oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM (SELECT relation UNION SELECT relid FROM pg_partition_ancestors(relation)) u(oid) JOIN pg_class USING (oid)
        WHERE document #> ARRAY['schemas', property.schema_of(pg_class.oid), 'tables', relname, 'allow_breaking_writes'] = 'true')
$$;

-- The tables whose writes begin to fail when the document may break whatever it likes.
CREATE FUNCTION property.would_break(document jsonb, failing property.failing_write[]) RETURNS oid[] LANGUAGE plpgsql AS $$
DECLARE
    run property.outcome;
    broken oid[];
BEGIN
    run := property.call_environment(
        property.apply_statement(property.allowing(document, property.relations('r')), false), 'none');
    PERFORM property.require_outcome('all breaking writes are allowed', NULL, run);
    broken := property.broken_tables(failing, property.failing_writes());
    RAISE SQLSTATE 'DJEND';
EXCEPTION WHEN SQLSTATE 'DJEND' THEN
    RETURN array(SELECT b FROM unnest(broken) b WHERE NOT property.is_allowed(property.plain(document), b));
END $$;

-- Whether a publication of all tables is to list some, or the document decides what one lists of a
-- schema that it publishes as a whole.
CREATE FUNCTION property.is_refused(document jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_publication p, jsonb_each(document -> 'schemas') s(schema, settings),
            LATERAL (SELECT settings -> 'publications'
                     UNION ALL SELECT value -> 'publications' FROM jsonb_each(settings -> 'tables')) l(list)
        WHERE list IS NOT NULL AND pubname = ANY (property.named_publications(document)) AND CASE
            WHEN puballtables OR coalesce((to_jsonb(p) ->> 'puballsequences')::boolean, false) THEN list ? pubname
            ELSE EXISTS (SELECT FROM pg_publication_namespace
                         WHERE pnpubid = p.oid AND pnnspid = property.schema_oid(schema)) END);
END $$;

-- Whether publish_via_partition_root changes where a column list or row filter would lose its
-- meaning: of a partitioned table whose partitions are no longer published as their root, or of a
-- partition below a table that is to be listed.
CREATE FUNCTION property.is_narrowed(document jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_publication p JOIN pg_publication_rel ON prpubid = p.oid JOIN pg_class c ON c.oid = prrelid
        CROSS JOIN LATERAL (SELECT document #>> ARRAY['publications', pubname, 'publish_via_partition_root']) d(is_via_root)
        WHERE is_via_root::boolean <> pubviaroot AND (prattrs IS NOT NULL OR prqual IS NOT NULL)
          AND CASE WHEN pubviaroot THEN relkind = 'p' ELSE relispartition END);
END $$;
