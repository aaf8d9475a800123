-- Runs a sequence: generates, then makes random calls and compares what they do with what the
-- oracle expects. A sequence takes place in a subtransaction that always ends with an exception, so
-- nothing of it remains.

-- Returns how often each operation came to which end, or what went wrong as "failure". It is the
-- same for the same seed and number, whatever ran before.
CREATE FUNCTION property.sequence(seed int, number int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    roles text[];
    schemas text[];
    facts property.fact[];
    call property.call;
    described text;
    verdict text;
    tally jsonb := '{}';
    failure text;
    context text;
BEGIN
    PERFORM pg_current_xact_id(); -- age() counts from here
    PERFORM setseed((seed::bigint * 7919 + number::bigint * 104729) % 1000003 / 1000003.0);
    BEGIN
        roles := property.some(array(SELECT name FROM property.role ORDER BY name), 5);
        schemas := property.generate(roles);
        facts := property.catalog();
        FOR at IN 1..3 + property.below(3) LOOP
            call := property.random_call(schemas, roles);
            described := property.described(call);
            IF current_setting('property.trace', true) = 'on' THEN
                RAISE NOTICE USING MESSAGE = described;
            END IF;
            SELECT c.facts, c.verdict INTO facts, verdict
            FROM property.check(call, property.chance(0.15), property.chance(0.1), facts) c;
            IF call.target <> 0 THEN
                tally := jsonb_set(tally, ARRAY[call.operation || ' of one table'],
                                   to_jsonb(coalesce((tally ->> (call.operation || ' of one table'))::int, 0) + 1));
            END IF;
            verdict := call.operation || ' ' || verdict;
            tally := tally || jsonb_build_object(verdict, coalesce((tally ->> verdict)::int, 0) + 1);
            IF property.chance(0.3) THEN
                PERFORM property.disturb(schemas, roles);
                facts := property.catalog();
            END IF;
        END LOOP;
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
    RETURN jsonb_build_object('failure', failure, 'call', described);
END $$;

-- Whether a role, or one that it inherits from, holds a grant option on something in the schema
-- that is not its own.
CREATE FUNCTION property.has_grant_options(schema text, role text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM (SELECT nspowner AS owner, nspacl AS acl FROM pg_namespace WHERE nspname = schema
                     UNION ALL SELECT relowner, relacl FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
                     WHERE nspname = schema) object, aclexplode(acl)
        WHERE is_grantable AND grantee <> owner AND grantee <> 0 AND pg_has_role(role, grantee, 'USAGE'))
$$;

CREATE FUNCTION property.random_call(schemas text[], roles text[]) RETURNS property.call LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    call property.call;
BEGIN
    call.operation := property.pick('{set_replica_identity,set_publication_membership,set_autovacuum,set_grants}'::text[]);
    call.target := CASE WHEN property.chance(0.3) THEN coalesce(property.pick(CASE call.operation
            WHEN 'set_grants' THEN property.relations('r', 'p', 'v', 'm', 'f')
            ELSE property.relations('r', 'p') END), 0)
        ELSE 0 END;
    call.schema := CASE call.target WHEN 0 THEN property.place(schemas) ELSE property.schema_of(call.target) END;
    -- Twice is once, in whatever order.
    IF call.target = 0 AND property.chance(0.4) THEN
        call.schemas := array(SELECT name FROM unnest(ARRAY[call.schema, property.place(schemas), property.place(schemas)]) name
                              ORDER BY random() LIMIT 3);
    END IF;
    call.arguments := CASE call.operation
        WHEN 'set_replica_identity' THEN property.random_replica_identity()
        WHEN 'set_publication_membership' THEN property.random_publication_membership()
        WHEN 'set_autovacuum' THEN property.random_autovacuum()
        WHEN 'set_grants' THEN property.random_grants(roles, call.target) END;
    call.caller := CASE
        WHEN property.chance(0.65) THEN 'none'
        WHEN property.chance(0.3) THEN property.pick(roles)
        ELSE pg_get_userbyid(coalesce((SELECT relowner FROM pg_class WHERE oid = call.target),
                                      (SELECT nspowner FROM pg_namespace WHERE nspname = call.schema))) END;
    -- A member of an owner who has grant options itself may be refused; test/sql/set_grants.sql
    -- looks at that.
    IF call.operation = 'set_grants' AND call.caller <> 'none'
       AND (SELECT bool_or(property.has_grant_options(name, call.caller)) FROM unnest(schemas) name) THEN
        call.caller := 'none';
    END IF;
    -- None of these makes a difference.
    call.setting := property.pick(
        '{quote_all_identifiers,search_path,session_replication_role,transform_null_equals,extra_float_digits}'::text[]);
    call.setting_value := CASE
        WHEN property.chance(0.6) THEN current_setting(call.setting)
        WHEN call.setting = 'search_path' THEN property.quoted(property.pick(schemas))
        WHEN call.setting = 'session_replication_role' THEN 'replica'
        WHEN call.setting = 'extra_float_digits' THEN '-15'
        ELSE 'on' END;
    RETURN call;
END $$;

-- Makes the call, dry and for real, each twice; returns how it went and the state afterwards.
CREATE FUNCTION property.check(call property.call, is_only_dry boolean, is_by_hand boolean,
                               INOUT facts property.fact[], OUT verdict text) LANGUAGE plpgsql AS $$
DECLARE
    expected property.expectation := property.expect(call, facts);
    dry property.outcome;
    run property.outcome;
BEGIN
    dry := property.perform(call, is_dry => true);
    PERFORM property.require_outcome('the dry run', expected.dry_refusal, dry);
    PERFORM property.require_unchanged('after the dry run', facts, dry);
    IF dry.error IS NULL THEN
        PERFORM property.require_plan(call, expected, dry.result);
    END IF;
    IF is_only_dry THEN
        verdict := 'dry';
        RETURN;
    END IF;
    IF is_by_hand AND expected.refusal IS NULL THEN
        PERFORM property.require_by_hand(call, dry.result -> 'ddl', property.changed(facts, expected.changes));
    END IF;

    run := property.perform(call, is_dry => false);
    PERFORM property.require_outcome('the run', expected.refusal, run);
    IF run.error IS NOT NULL THEN
        PERFORM property.require_unchanged('after the refused run', facts, run);
        verdict := 'refused';
        RETURN;
    END IF;
    facts := property.changed(facts, expected.changes);
    IF run.has_written OR expected.changes <> '{}' THEN
        PERFORM property.require_state('after the run', facts);
    END IF;
    PERFORM property.require_equal('the result of the run',
                                   dry.result || jsonb_build_object('tables_modified', expected.modified), run.result);
    PERFORM property.require_second_plan(call, facts, run.result);
    verdict := concat(CASE expected.changes WHEN '{}' THEN 'settled' ELSE 'changed' END,
                      CASE WHEN expected.skipped <> '{}' THEN ', skipped' END,
                      CASE WHEN call.caller <> 'none' THEN ', by a role' END);
END $$;

-- error and message are null where there is a result. Where not even WAL was written, nothing changed.
CREATE TYPE property.outcome AS (result jsonb, error text, message text, has_written boolean);

CREATE FUNCTION property.perform(call property.call, is_dry boolean) RETURNS property.outcome LANGUAGE plpgsql AS $$
BEGIN
    RETURN property.perform(property.statement(call, is_dry), call.caller, call.setting, call.setting_value);
END $$;

-- While the role is another, only built-in types are touched: the role may not look into this
-- schema. property.is_calling tells sabotage.sql when.
CREATE FUNCTION property.perform(statement text, caller text, setting text, setting_value text) RETURNS property.outcome
LANGUAGE plpgsql AS $$
DECLARE
    usual text := current_setting(setting);
    result jsonb;
    error text;
    message text;
    start pg_lsn := pg_current_wal_insert_lsn();
BEGIN
    BEGIN
        PERFORM set_config(setting, setting_value, true),
                set_config('property.is_calling', 'on', true), set_config('role', caller, true);
        EXECUTE statement INTO STRICT result;
        PERFORM set_config('role', 'none', true),
                set_config('property.is_calling', 'off', true), set_config(setting, usual, true);
    EXCEPTION WHEN OTHERS THEN
        error := SQLSTATE;
        message := SQLERRM;
    END;
    RETURN ROW(result, error, message, pg_current_wal_insert_lsn() <> start)::property.outcome;
END $$;

CREATE FUNCTION property.statement(call property.call, is_dry boolean) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN format('SELECT dj_deploy.%s(%s, dry_run => %s%s)', call.operation,
        CASE WHEN call.target <> 0 THEN quote_literal(call.target) || '::regclass'
             WHEN call.schemas IS NOT NULL THEN quote_literal(call.schemas) || '::text[]'
             ELSE quote_literal(call.schema) END,
        is_dry::text,
        (SELECT string_agg(format(', %s => %L', key, value #>> '{}'), '') FROM jsonb_each(call.arguments)));
END $$;

CREATE FUNCTION property.described(call property.call) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN concat(format('SET %s = %s; ', call.setting, coalesce(nullif(call.setting_value, ''), '''''')),
                  CASE WHEN call.caller <> 'none' THEN format('SET ROLE %s; ', property.quoted(call.caller)) END,
                  property.statement(call, false), ';',
                  CASE WHEN call.target <> 0 THEN ' -- ' || property.quoted(call.target) END);
END $$;

CREATE FUNCTION property.fail(VARIADIC lines text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE SQLSTATE 'DJBAD' USING MESSAGE = array_to_string(lines, E'\n');
END $$;

CREATE FUNCTION property.require_equal(title text, expected anyelement, actual anyelement) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF actual IS DISTINCT FROM expected THEN
        PERFORM property.fail(title, 'expected: ' || coalesce(expected::text, 'nothing'),
                              'found: ' || coalesce(actual::text, 'nothing'));
    END IF;
END $$;

-- In any order.
CREATE FUNCTION property.require_list(title text, expected text[], actual text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    missing text[] := array(SELECT unnest(expected) EXCEPT ALL SELECT unnest(actual));
    surplus text[] := array(SELECT unnest(actual) EXCEPT ALL SELECT unnest(expected));
BEGIN
    IF missing || surplus <> '{}' THEN
        PERFORM property.fail(title, 'missing: ' || nullif(array_to_string(missing, ', '), ''),
                              'surplus: ' || nullif(array_to_string(surplus, ', '), ''));
    END IF;
END $$;

CREATE FUNCTION property.require_state(title text, expected property.fact[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    differences text := property.differences(expected, property.catalog());
BEGIN
    IF differences IS NOT NULL THEN
        PERFORM property.fail(title, differences);
    END IF;
END $$;

CREATE FUNCTION property.require_unchanged(title text, facts property.fact[], outcome property.outcome) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF outcome.has_written THEN
        PERFORM property.require_state(title, facts);
    END IF;
END $$;

CREATE FUNCTION property.require_outcome(title text, refusal text, outcome property.outcome) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF outcome.error IS DISTINCT FROM refusal THEN
        PERFORM property.fail(title, 'expected: ' || coalesce(refusal, 'a result'),
                              'found: ' || coalesce(outcome.error || ' ' || outcome.message, outcome.result::text));
    END IF;
END $$;

CREATE FUNCTION property.require_plan(call property.call, expected property.expectation, result jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM property.require_list('keys of the result',
        '{ddl,tables_analyzed,tables_modified}'::text[] || CASE WHEN expected.skipped <> '{}' THEN '{skipped}'::text[] END,
        array(SELECT jsonb_object_keys(result)));
    PERFORM property.require_equal('tables_modified of the dry run', '0', result ->> 'tables_modified');
    PERFORM property.require_equal('tables_analyzed', expected.analyzed::text, result ->> 'tables_analyzed');
    PERFORM property.require_list('skipped', expected.skipped,
        array(SELECT DISTINCT property.about(s) FROM jsonb_array_elements(result -> 'skipped') s));
    IF expected.ddl IS NOT NULL THEN
        PERFORM property.require_list('ddl', expected.ddl, array(SELECT jsonb_array_elements_text(result -> 'ddl')));
    ELSE
        PERFORM property.require_list('objects of the ddl', property.changed_objects(expected.changes),
                                      property.granted_objects(call, result -> 'ddl'));
    END IF;
    PERFORM property.require_order(result -> 'ddl');
END $$;

-- The objects whose privileges are to change, and those that statements of set_grants are about, each once.
CREATE FUNCTION property.changed_objects(changes property.fact[]) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT DISTINCT CASE catalog
            WHEN 'pg_class' THEN property.quoted(key::oid)
            WHEN 'pg_attribute' THEN property.quoted((content ->> 'attrelid')::oid)
            WHEN 'pg_namespace' THEN property.quoted(content ->> 'nspname')
            WHEN 'pg_default_acl' THEN CASE split_part(key, ' ', 3) WHEN 'S' THEN 'SEQUENCES' ELSE 'TABLES' END || ' of '
                || property.quoted(pg_get_userbyid(split_part(key, ' ', 1)::oid)) || ' in '
                || (SELECT property.quoted(nspname) FROM pg_namespace WHERE oid::text = split_part(key, ' ', 2)) END
        FROM unnest(changes));
END $$;

CREATE FUNCTION property.granted_objects(call property.call, ddl jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    role text := property.grantee(call.arguments ->> 'role');
    statement text;
    creator text;
    prefix text;
    objects text[] := '{}';
BEGIN
    FOR statement IN SELECT jsonb_array_elements_text(ddl) LOOP
        SELECT property.quoted(rolname) || ' in ' || property.quoted(name), p INTO creator, prefix
        FROM pg_roles, unnest(coalesce(call.schemas, ARRAY[call.schema])) name,
             format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s ', property.quoted(rolname), property.quoted(name)) p
        WHERE starts_with(statement, p);
        statement := substr(statement, 1 + coalesce(length(prefix), 0));
        IF statement !~ '^(GRANT|REVOKE)( GRANT OPTION FOR)? [A-Z]' OR right(statement, length(role)) <> role THEN
            PERFORM property.fail('a statement of another kind', statement);
        END IF;
        statement := regexp_replace(left(statement, -length(role)),
                                    '^(GRANT|REVOKE) .*? ON ((TABLE|SEQUENCE|SCHEMA) )?(.*) (TO|FROM) $', '\4');
        objects := objects || concat(statement, ' of ' || creator);
    END LOOP;
    RETURN array(SELECT DISTINCT unnest(objects));
END $$;

-- What is about no table comes first, then each table after those that it references or is a partition of.
CREATE FUNCTION property.require_order(ddl jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    misplaced text;
BEGIN
    IF jsonb_array_length(ddl) < 2 THEN
        RETURN;
    END IF;
    WITH statement AS (
        SELECT text || ' ' AS text, at FROM jsonb_array_elements_text(ddl) WITH ORDINALITY s(text, at)
    ), place AS (
        SELECT r AS relation, min(at) AS first, max(at) AS last
        FROM unnest(property.relations('r', 'p', 'v', 'm', 'f', 'S')) r
        JOIN statement ON strpos(text, ' ' || property.quoted(r) || ' ') > 0
        GROUP BY r
    ), earlier AS (
        SELECT confrelid AS parent, conrelid AS child FROM pg_constraint WHERE contype = 'f' AND confrelid <> conrelid
        UNION ALL
        SELECT inhparent, inhrelid FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE relispartition
        UNION ALL
        SELECT NULL, relation FROM place
    )
    SELECT string_agg(concat(property.quoted(child), ' before ', coalesce(property.quoted(parent), 'the schema')), ', ')
    INTO misplaced
    FROM earlier
    JOIN place c ON c.relation = child
    JOIN (SELECT relation, last FROM place
          UNION ALL
          SELECT NULL, max(at) FROM statement
          WHERE text ~ '^(CREATE PUBLICATION|ALTER DEFAULT PRIVILEGES|(GRANT|REVOKE) [^"]* ON SCHEMA) ') p
        ON p.relation IS NOT DISTINCT FROM parent
    WHERE c.first < p.last;
    PERFORM property.require_equal('order of the ddl', NULL, misplaced);
END $$;

-- Whether the caller gets there with the statements of a preview, one by one; undoes them.
CREATE FUNCTION property.require_by_hand(call property.call, ddl jsonb, expected property.fact[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    PERFORM set_config('role', call.caller, true);
    FOR statement IN SELECT jsonb_array_elements_text(ddl) LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM set_config('role', 'none', true);
    PERFORM property.require_state('after the statements of the dry run by hand', expected);
    RAISE SQLSTATE 'DJEND';
EXCEPTION WHEN SQLSTATE 'DJEND' THEN
    NULL;
END $$;

-- Now there is nothing to do but for what is skipped.
CREATE FUNCTION property.require_second_plan(call property.call, facts property.fact[], result jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    again property.outcome;
BEGIN
    call.arguments := call.arguments
        || CASE WHEN call.operation = 'set_replica_identity' THEN '{"skip_unchanged": true}'::jsonb ELSE '{}' END;
    FOREACH again IN ARRAY ARRAY[property.perform(call, is_dry => true), property.perform(call, is_dry => false)] LOOP
        PERFORM property.require_outcome('the second plan', NULL, again);
        -- Members that do not belong are gone.
        PERFORM property.require_equal('the second plan', (result || '{"ddl": [], "tables_modified": 0}') - 'tables_analyzed',
                                       again.result - 'tables_analyzed');
        PERFORM property.require_unchanged('after the second plan', facts, again);
    END LOOP;
END $$;
