-- Runs a sequence: a random database is described, a random document is applied to it, a copy is made from the description
-- of the outcome, and all is undone. It takes place in a subtransaction that always ends with an exception.

-- Returns how often what occurred, or what went wrong as "failure". Markers tell environment.pl which messages belong to
-- which call.
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
    counted := ARRAY[property.require_settled('what was described', original, before, '[]')];

    applied := property.check_apply(property.random_document(schemas, roles), caller, before);
    counted := counted || applied.verdicts;
    IF applied.result IS NOT NULL THEN
        counted := counted || property.check_copy(schemas, applied.facts);
        IF property.is_passed_on(applied.document) THEN
            counted := counted || 'left as it is: privileges passed on in columns'::text;
        ELSE
            PERFORM property.undo(applied.result -> 'changes', caller);
            PERFORM property.require_same('after the undo', property.undoable(before), property.undoable(property.catalog()));
            counted := counted || 'undone'::text;
        END IF;
    END IF;
    RETURN (SELECT jsonb_object_agg(word, times) FROM (SELECT word, count(*) FROM unnest(counted) word GROUP BY 1) t(word, times));
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
BEGIN
    PERFORM property.listen();
    outcome := property.call_environment(format('SELECT dj_deploy.describe(VARIADIC %L)', schemas), 'none');
    PERFORM property.require_outcome('describe', NULL, outcome);
    PERFORM property.heard('left out', to_jsonb(property.left_out(schemas, outcome.result))::text);
    PERFORM property.require_unchanged('after describe', facts, outcome);
    RETURN outcome.result;
END $$;

-- Nothing is planned or drifts but for what is skipped; a run changes nothing.
CREATE FUNCTION property.require_settled(title text, document jsonb, facts property.fact[], skipped jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    outcome property.outcome;
BEGIN
    outcome := property.call_environment(property.apply_statement(document, property.chance(0.5)), 'none');
    PERFORM property.require_outcome(title || ' is applied', NULL, outcome);
    PERFORM property.require_equal(title || ' is applied', '{"ddl": [], "changes": [], "tables_modified": 0}'::jsonb,
                                   outcome.result - '{skipped,fingerprint,tables_analyzed}'::text[]);
    PERFORM property.require_equal(title || ' is applied, skipping', skipped, coalesce(outcome.result -> 'skipped', '[]'));
    PERFORM property.require_unchanged(title || ' is applied', facts, outcome);
    IF property.chance(0.5) THEN
        outcome := property.call_environment(
            format('SELECT coalesce(jsonb_agg(d), ''[]'') FROM dj_deploy.drift(%L) d', document), 'none');
        PERFORM property.require_outcome(title || ', drift', NULL, outcome);
        PERFORM property.require_equal(title || ', drift', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('object', s ->> 'table', 'property', 'skipped', 'expected', NULL,
                                                         'actual', s ->> 'reason')), '[]')
            FROM jsonb_array_elements(skipped) s), outcome.result);
    ELSE
        outcome := property.call_environment(
            format('SELECT to_jsonb(count(*)) FROM dj_deploy.assert_converged(%L) c', document), 'none');
        PERFORM property.require_outcome(title || ', assert_converged', CASE WHEN skipped <> '[]' THEN '55000' END, outcome);
    END IF;
    RETURN title || CASE skipped WHEN '[]' THEN ': settled' ELSE ': skipped' END;
END $$;

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
BEGIN
    FOR attempt IN 1..2 LOOP
        expected := property.expected_facts(document, caller, before);
        PERFORM property.listen();
        dry := property.call_environment(property.apply_statement(document, true), caller);
        PERFORM property.require_unchanged('after the dry run', before, dry);
        IF dry.error IS NULL THEN
            fingerprint := CASE WHEN property.chance(0.5) THEN dry.result ->> 'fingerprint' END;
        END IF;
        run := property.call_environment(property.apply_statement(document, false, fingerprint), caller);
        PERFORM property.heard(CASE WHEN dry.error IS NULL AND run.error IS NOT NULL THEN 'warning' ELSE 'anything' END);
        EXIT WHEN run.error IS NULL;
        PERFORM property.require_unchanged('after the refused run', before, run);
        IF dry.error IS NOT NULL THEN
            PERFORM property.require_outcome('the dry run of what is refused', run.error, dry);
            IF NOT (property.is_refused(document) OR property.is_narrowed(document)) OR dry.error <> '55000' THEN
                PERFORM property.fail('refused without a reason', dry.error, dry.message, document::text);
            END IF;
            RETURN ROW(document, NULL, before, verdicts || 'refused: publication'::text)::property.applied;
        ELSIF run.error = '42501' AND caller <> 'none' THEN
            RETURN ROW(document, NULL, before, verdicts || 'refused: rights'::text)::property.applied;
        ELSIF run.error IN ('55000', '22023') AND property.is_narrowed(document) THEN
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
    IF property.is_refused(document) THEN
        PERFORM property.fail('not refused', document::text);
    END IF;
    PERFORM property.require_equal('the result of the run', (dry.result - 'tables_modified'), (run.result - 'tables_modified'));
    PERFORM property.require_same('after the run', expected, property.catalog());
    broken := property.broken_tables(failing, property.failing_writes());
    PERFORM property.require_list('tables whose writes fail unasked', '{}',
        array(SELECT property.quoted(b) FROM unnest(broken) b WHERE NOT property.is_allowed(document, b)));
    IF broken <> '{}' THEN
        verdicts := verdicts || 'writes broken'::text;
    END IF;
    verdicts := verdicts || CASE run.result -> 'ddl' WHEN '[]' THEN 'applied: nothing' ELSE 'applied' END
        || property.require_settled('what was applied', document, expected, coalesce(run.result -> 'skipped', '[]'))
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
    RETURN array(SELECT b FROM unnest(broken) b WHERE NOT property.is_allowed(document, b));
END $$;

-- Whether tables are to be listed by a publication that publishes all, or their whole schema.
CREATE FUNCTION property.is_refused(document jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM jsonb_each(document -> 'schemas') s(schema, settings)
        JOIN pg_publication p ON property.is_whole(p)
        WHERE (settings -> 'publications' ? pubname
               OR EXISTS (SELECT FROM jsonb_each(settings -> 'tables') t WHERE t.value -> 'publications' ? pubname)));
END $$;

-- Whether partitions are no longer to be published as their root, whose column list or row filter would have no meaning then.
CREATE FUNCTION property.is_narrowed(document jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_publication p JOIN pg_publication_rel ON prpubid = p.oid JOIN pg_class c ON c.oid = prrelid
        WHERE pubviaroot AND relkind = 'p' AND (prattrs IS NOT NULL OR prqual IS NOT NULL)
          AND document #> ARRAY['publications', pubname, 'publish_via_partition_root'] = 'false');
END $$;

-- Each as it stands, the last first.
CREATE FUNCTION property.undo(changes jsonb, caller text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    PERFORM property.trace('undo');
    FOR statement IN
        SELECT c ->> 'undo' FROM jsonb_array_elements(changes) WITH ORDINALITY u(c, at) ORDER BY at DESC
    LOOP
        PERFORM property.make(statement, caller);
    END LOOP;
END $$;

-- An identity index that was dropped is as good as NOTHING, and where the text of a row filter stood is forgotten.
CREATE FUNCTION property.undoable(facts property.fact[]) RETURNS property.fact[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    indexed text[] := array(SELECT content ->> 'indrelid' FROM unnest(facts)
                            WHERE catalog = 'pg_index' AND (content ->> 'indisreplident')::boolean);
BEGIN
    RETURN array(
        SELECT ROW(f.catalog, f.key, CASE
            WHEN f.catalog = 'pg_class' AND f.content ->> 'relreplident' = 'i' AND f.key <> ALL (indexed)
                THEN f.content || '{"relreplident": "n"}'
            WHEN f.catalog = 'pg_publication_rel'
                THEN f.content || jsonb_build_object('prqual', regexp_replace(f.content ->> 'prqual', ':location -?\d+', '', 'g'))
            ELSE f.content END)::property.fact
        FROM unnest(facts) f);
END $$;

-- Whether a role of the document has passed on what it holds in columns: REVOKE of a whole table's privilege, which undoes a
-- GRANT of it, would take that, too.
CREATE FUNCTION property.is_passed_on(document jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_attribute JOIN pg_class c ON c.oid = attrelid, aclexplode(attacl)
        WHERE document #> ARRAY['schemas', property.schema_of(c.oid), 'grants'] ? pg_get_userbyid(grantor) AND grantor <> relowner);
END $$;

CREATE FUNCTION property.check_copy(schemas text[], original property.fact[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    document jsonb := property.describe(schemas, original);
    left_out text[] := property.left_out(schemas, document);
    failing property.failing_write[] := property.failing_writes();
    run property.outcome;
    failure text;
BEGIN
    PERFORM property.strip(schemas, document);
    -- Writes that fail in the original fail in the copy.
    document := property.allowing(document, array(SELECT DISTINCT relation FROM unnest(failing)));
    run := property.call_environment(property.apply_statement(document, false), 'none');
    PERFORM property.require_outcome('apply to the copy', NULL, run);
    failure := property.differences(property.as_copied(original, document), property.as_copied(property.catalog(), document));
    RAISE SQLSTATE 'DJEND';
EXCEPTION WHEN SQLSTATE 'DJEND' THEN
    IF failure IS NOT NULL THEN
        PERFORM property.fail('the copy', failure, document::text);
    END IF;
    RETURN ARRAY[CASE left_out WHEN '{}' THEN 'copied: all' ELSE 'copied: all but what was left out' END];
END $$;

-- What makes descriptions interesting: things that tables have in common, and identities whose index is gone.
CREATE FUNCTION property.complicate(schemas text[], roles text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    schema text := schemas[1];
    relation oid;
    statement text;
    grantee text;
    privileges text[];
    options text := property.random_options();
    publication text;
BEGIN
    IF property.chance(0.4) THEN
        PERFORM property.tidy(schemas);
    END IF;
    IF property.chance(0.3) THEN
        FOREACH relation IN ARRAY property.relations('r') LOOP
            IF property.chance(0.9) THEN
                PERFORM property.make(format('ALTER TABLE %s SET (%s)', property.quoted(relation), options));
            END IF;
        END LOOP;
    END IF;
    IF property.chance(0.3) THEN
        FOREACH relation IN ARRAY property.relations('r', 'p') LOOP
            IF property.chance(0.8) THEN
                PERFORM property.make(format('ALTER TABLE %s REPLICA IDENTITY FULL', property.quoted(relation)));
            END IF;
        END LOOP;
    END IF;
    FOR statement IN
        SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX %s CASCADE', property.quoted(indexrelid))
               ELSE format('ALTER TABLE %s DROP CONSTRAINT %s CASCADE', property.quoted(indrelid), property.quoted(conname)) END
        FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u')
        WHERE indisreplident AND indrelid = ANY (property.relations('r', 'p')) ORDER BY property.quoted(indexrelid)
    LOOP
        IF property.chance(0.3) THEN
            PERFORM property.attempt(statement);
        END IF;
    END LOOP;
    FOREACH grantee IN ARRAY property.some(roles || 'public'::text, 3) LOOP
        IF property.chance(0.6) THEN
            PERFORM property.grant_access(property.pick(schemas), grantee, property.pick('{read,write,all}'::text[]),
                                          property.chance(0.5));
        END IF;
    END LOOP;
    IF property.chance(0.3) THEN
        publication := property.quoted(property.pick(array(
            SELECT name FROM property.odd_name LEFT JOIN pg_publication ON pubname = name WHERE pubname IS NULL ORDER BY name)));
        PERFORM property.make(format('CREATE PUBLICATION %s WITH (publish = ''%s'')', publication,
                                     property.pick('{"insert, update, delete, truncate","truncate",""}'::text[])));
        FOREACH relation IN ARRAY property.relations('r', 'p') LOOP
            IF property.chance(0.8) AND (SELECT NOT relispartition FROM pg_class WHERE oid = relation) THEN
                PERFORM property.attempt(format('ALTER PUBLICATION %s ADD TABLE ONLY %s', publication, property.quoted(relation)));
            END IF;
        END LOOP;
    END IF;
END $$;

-- Nothing is left that a document has no words for.
CREATE FUNCTION property.tidy(schemas text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    PERFORM property.revoke_all(schemas);
    FOR statement IN
        SELECT format('DROP PUBLICATION %s', property.quoted(pubname)) FROM pg_publication p WHERE property.is_whole(p)
        UNION ALL
        SELECT format('ALTER PUBLICATION %s DROP TABLE ONLY %s', property.quoted(pubname), property.quoted(prrelid))
        FROM pg_publication_rel r JOIN pg_publication p ON p.oid = prpubid
        WHERE NOT property.is_whole(p)
          AND (prattrs IS NOT NULL OR prqual IS NOT NULL OR property.is_listed_above(prpubid, prrelid))
        ORDER BY 1
    LOOP
        PERFORM property.make(statement);
    END LOOP;
END $$;

-- All of an access, by hand.
CREATE FUNCTION property.grant_access(schema text, grantee text, access text, has_future boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    whom text := property.grantee(grantee);
BEGIN
    FOR statement IN
        SELECT format('REVOKE ALL ON SCHEMA %s FROM %s CASCADE', property.quoted(schema), whom)
        UNION ALL
        SELECT format('GRANT %s ON SCHEMA %s TO %s', array_to_string(property.wanted(access, 'n'), ', '), property.quoted(schema), whom)
        UNION ALL
        SELECT format(action, array_to_string(property.wanted(access, CASE relkind WHEN 'S' THEN 'S' ELSE 'r' END), ', '),
                      CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || property.quoted(oid), whom)
        FROM pg_class, unnest('{"REVOKE ALL ON %2$s FROM %3$s CASCADE","GRANT %1$s ON %2$s TO %3$s"}'::text[]) WITH ORDINALITY a(action, at)
        WHERE relnamespace = property.schema_oid(schema) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND pg_get_userbyid(relowner) <> grantee
        UNION ALL
        SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s GRANT %s ON %s TO %s', property.quoted(pg_get_userbyid(owner)),
                      property.quoted(schema), array_to_string(property.wanted(access, kind), ', '), word, whom)
        FROM (SELECT DISTINCT relowner FROM pg_class
              WHERE relnamespace = property.schema_oid(schema) AND relkind IN ('r', 'p') AND pg_get_userbyid(relowner) <> grantee) o(owner),
             (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES')) k(kind, word)
        WHERE has_future
    LOOP
        PERFORM property.make(statement);
    END LOOP;
END $$;
