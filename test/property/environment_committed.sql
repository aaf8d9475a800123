-- The same in databases that are committed, for what cannot happen in a subtransaction: procedures,
-- and copies as the server makes them.

-- Schemas of the sequence are those that came after this test's own.
CREATE OR REPLACE FUNCTION property.relations(VARIADIC kinds "char"[]) RETURNS oid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = ANY (property.generated_schemas()) AND relkind = ANY (kinds)
        ORDER BY nspname COLLATE "C", relname COLLATE "C");
END $$;

CREATE FUNCTION property.generated_schemas() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array(SELECT nspname::text FROM pg_namespace WHERE oid > 'property'::regnamespace AND nspname <> 'dj_deploy' ORDER BY 1)
$$;

-- A random database of which a description leaves nothing out, and a document that can be applied
-- to it and undone.
CREATE FUNCTION property.make_environment(seed int, number int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    roles text[];
    schemas text[];
    document jsonb;
    outcome property.outcome;
    statement text;
BEGIN
    -- Memberships are the cluster's: those of the database before would make circles with the new ones.
    FOR statement IN
        SELECT format('REVOKE %s FROM %s', roleid::regrole, member::regrole)
        FROM pg_auth_members JOIN property.role ON name = pg_get_userbyid(member)
        WHERE pg_get_userbyid(roleid) IN (SELECT name FROM property.role)
    LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM setseed((seed::bigint * 7919 + number::bigint * 104729) % 1000003 / 1000003.0);
    roles := property.some(array(SELECT name FROM property.role ORDER BY name), 5);
    schemas := property.generate(roles);
    PERFORM property.tidy(schemas);
    PERFORM property.complicate(schemas, roles);
    PERFORM property.tidy_publications();
    FOR attempt IN 1..50 LOOP
        document := property.allowing(property.random_document(schemas, roles), property.relations('r'));
        outcome := property.call_environment(property.apply_statement(document, true), 'none');
        CONTINUE WHEN outcome.error IS NOT NULL OR property.is_passed_on(property.plain(document))
            OR jsonb_array_length(outcome.result -> 'ddl') < 10;
        RETURN document;
    END LOOP;
    RETURN document;
END $$;

-- Every row since this file of all catalogs but those of the whole cluster; OIDs are those of the
-- template in each copy.
CREATE FUNCTION property.whole_catalog() RETURNS property.fact[] LANGUAGE plpgsql AS $$
DECLARE
    query text := (
        SELECT string_agg(replace(c.facts, 'age(t.xmin) <= 0', 'age(t.xmin) < ' || age(kept.xmin)), ' UNION ALL ' ORDER BY name)
        FROM property.catalog c JOIN pg_class USING (oid), pg_class kept
        WHERE NOT pg_class.relisshared AND kept.oid = 'property.kept'::regclass);
    facts property.fact[];
BEGIN
    EXECUTE format('SELECT array(SELECT ROW(c.*)::property.fact FROM (%s) c)', query) INTO facts;
    RETURN facts;
END $$;

CREATE TABLE property.kept (name text PRIMARY KEY, facts property.fact[]);
