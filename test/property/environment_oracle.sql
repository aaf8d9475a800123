-- What a document makes of the facts, told from what docs/environment.md says of its keys and not
-- from how apply does it.

CREATE FUNCTION property.expected_facts(document jsonb, caller text, facts property.fact[]) RETURNS property.fact[]
LANGUAGE plpgsql AS $$
DECLARE
    call property.call;
    role jsonb;
    own oid;
BEGIN
    facts := property.changed(facts, property.expected_identities(document, facts));
    facts := property.changed(facts, property.expected_options(document, facts));
    facts := property.changed(facts, property.expected_publications(document, caller)
                                     || property.expected_members(document));
    call.caller := caller;
    call.target := 0;
    FOR call.schema, own, call.arguments, role IN
        SELECT schema, NULL::oid, jsonb_build_object('role', name), access
        FROM jsonb_each(document -> 'schemas') s(schema, settings), jsonb_each(settings -> 'grants') g(name, access)
        UNION ALL
        SELECT NULL, g.relation, jsonb_build_object('role', g.role), g.access FROM property.table_grants(document) g
    LOOP
        call.target := coalesce(own, 0);
        call.arguments := call.arguments || jsonb_build_object(
            'access', CASE jsonb_typeof(role) WHEN 'string' THEN role ELSE role -> 'access' END,
            'future_tables', coalesce(role -> 'future_tables', 'false'),
            'except', property.said_closer(document, call.arguments ->> 'role', own));
        facts := property.changed(facts, (property.expect_grants(call, facts)).changes);
    END LOOP;
    RETURN facts;
END $$;

CREATE FUNCTION property.table_grants(document jsonb) RETURNS TABLE (relation oid, role text, access jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT c.oid, g.key, g.value
    FROM jsonb_each(document -> 'schemas') s, jsonb_each(s.value -> 'tables') t, jsonb_each(t.value -> 'grants') g,
        pg_class c
    WHERE c.relname = t.key AND c.relnamespace = property.schema_oid(s.key);
END $$;

-- The relations about which the document says something closer for the role than at the schema, or
-- at the table.
CREATE FUNCTION property.said_closer(document jsonb, role text, own oid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(DISTINCT part::text), '[]')
        FROM property.table_grants(document) g, unnest(property.parts_of(g.relation)) part
        WHERE g.role = said_closer.role AND (own IS NULL OR g.relation <> own AND own = ANY (property.tables_above(g.relation))));
END $$;

CREATE FUNCTION property.is_hidden(relation oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT starts_with(relname, '~') FROM pg_class WHERE oid = relation
$$;

-- Partitioned tables above a relation, the root first.
CREATE FUNCTION property.tables_above(relation oid) RETURNS oid[] LANGUAGE sql STABLE AS $$
    SELECT array(SELECT relid::oid FROM pg_partition_ancestors(relation) WITH ORDINALITY a(relid, at)
                 WHERE relid <> relation ORDER BY at DESC)
$$;

-- What the document says of a key for a table, the closest last. Of a schema's tables that are
-- hidden only what is said of vacuum counts, unless they are partitions of one that is not.
CREATE FUNCTION property.said(document jsonb, relation oid, key text) RETURNS jsonb[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    above oid[] := property.tables_above(relation);
    own text := property.schema_of(relation);
    counts boolean := key = 'autovacuum' OR NOT property.is_hidden(relation)
        OR EXISTS (SELECT FROM unnest(above) a WHERE NOT property.is_hidden(a) AND property.schema_of(a) = own);
BEGIN
    RETURN array(
        SELECT value FROM (
            SELECT 1, at, document #> ARRAY['schemas', property.schema_of(a), key]
            FROM unnest(above) WITH ORDINALITY u(a, at) WHERE NOT property.is_hidden(a)
            UNION ALL
            SELECT 2, 1, document #> ARRAY['schemas', own, key] WHERE counts
            UNION ALL
            SELECT 3, at, document #> ARRAY['schemas', property.schema_of(oid), 'tables', relname, key]
            FROM unnest(above || relation) WITH ORDINALITY u(oid, at) JOIN pg_class USING (oid)
            WHERE key <> 'replica_identity' OR oid = relation
               OR jsonb_typeof(document #> ARRAY['schemas', property.schema_of(oid), 'tables', relname, key]) = 'string'
            ) s(distance, at, value)
        WHERE value IS NOT NULL ORDER BY distance, at);
END $$;

CREATE FUNCTION property.expected_identities(document jsonb, facts property.fact[]) RETURNS property.fact[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    fact property.fact;
    said jsonb[];
    wanted jsonb;
    letter text;
    index oid;
    is_dropped boolean;
    changes property.fact[] := '{}';
BEGIN
    FOR fact IN
        SELECT f.* FROM unnest(facts) f JOIN unnest(property.relations('r', 'p')) r ON f.catalog = 'pg_class' AND f.key = r::text
    LOOP
        said := property.said(document, fact.key::oid, 'replica_identity');
        CONTINUE WHEN said = '{}';
        wanted := said[cardinality(said)];
        letter := CASE WHEN wanted = '{"index": null}' THEN 'n' WHEN jsonb_typeof(wanted) = 'object' THEN 'i'
                  ELSE lower(left(wanted #>> '{}', 1)) END;
        index := (SELECT i.oid FROM pg_class i JOIN pg_class t USING (relnamespace)
                  WHERE t.oid::text = fact.key AND i.relname = wanted ->> 'index');
        is_dropped := wanted = '{"index": null}' AND fact.content ->> 'relreplident' = 'i' AND NOT EXISTS (
            SELECT FROM pg_index WHERE indrelid::text = fact.key AND indisreplident);
        CONTINUE WHEN is_dropped;
        changes := changes || ROW(fact.catalog, fact.key, fact.content || jsonb_build_object('relreplident', letter))::property.fact
            || array(SELECT ROW(f.catalog, f.key, f.content || jsonb_build_object('indisreplident', f.key = index::text
                                                                                                   AND index IS NOT NULL))::property.fact
                     FROM unnest(facts) f WHERE f.catalog = 'pg_index' AND f.content ->> 'indrelid' = fact.key);
    END LOOP;
    RETURN changes;
END $$;

CREATE FUNCTION property.expected_options(document jsonb, facts property.fact[]) RETURNS property.fact[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT ROW(f.catalog, f.key, f.content || jsonb_build_object(
                   'reloptions', property.options_after(holder.reloptions, parameters, holder.relkind = 't')))::property.fact
        FROM unnest(property.relations('r')) relation
        JOIN pg_class t ON t.oid = relation
        CROSS JOIN LATERAL (SELECT jsonb_object_agg(key, value ORDER BY at)
                            FROM unnest(property.said(document, relation, 'autovacuum')) WITH ORDINALITY s(said, at),
                                 jsonb_each(said)) p(parameters)
        JOIN pg_class holder ON holder.oid IN (t.oid, t.reltoastrelid)
        JOIN unnest(facts) f ON f.catalog = 'pg_class' AND f.key = holder.oid::text
        WHERE parameters IS NOT NULL);
END $$;

CREATE FUNCTION property.named_publications(document jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT jsonb_object_keys(document -> 'publications')
        UNION
        SELECT jsonb_path_query(document, '$.schemas.*.publications[*]') #>> '{}'
        UNION
        SELECT jsonb_path_query(document, '$.schemas.*.tables.*.publications[*]') #>> '{}');
END $$;

CREATE FUNCTION property.expected_publications(document jsonb, caller text) RETURNS property.fact[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT ROW('pg_publication', name, coalesce(to_jsonb(p) - 'oid', property.publication_content(name, caller))
            || CASE WHEN said ? 'publish' THEN jsonb_build_object(
                   'pubinsert', said -> 'publish' ? 'insert', 'pubupdate', said -> 'publish' ? 'update',
                   'pubdelete', said -> 'publish' ? 'delete', 'pubtruncate', said -> 'publish' ? 'truncate') ELSE '{}' END
            || CASE WHEN said ? 'publish_via_partition_root'
                   THEN jsonb_build_object('pubviaroot', said -> 'publish_via_partition_root') ELSE '{}' END
            || CASE WHEN said ? 'publish_generated_columns'
                   THEN jsonb_build_object('pubgencols', left(said ->> 'publish_generated_columns', 1)) ELSE '{}' END)::property.fact
        FROM unnest(property.named_publications(document)) name
        LEFT JOIN pg_publication p ON pubname = name
        CROSS JOIN LATERAL (SELECT coalesce(document -> 'publications' -> name, '{}')) d(said));
END $$;

CREATE FUNCTION property.expected_members(document jsonb) RETURNS property.fact[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    name text;
    changes property.fact[] := '{}';
BEGIN
    FOREACH name IN ARRAY property.named_publications(document) LOOP
        changes := changes || property.expected_members_of(document, name);
    END LOOP;
    RETURN changes;
END $$;

-- Null where the document does not say whether the publication holds the table: at the table
-- itself, or in the schema of its root, which holds user tables and neither hidden ones nor
-- partitions.
CREATE FUNCTION property.is_to_be_listed(document jsonb, publication text, relation oid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    own jsonb := (SELECT document #> ARRAY['schemas', property.schema_of(oid), 'tables', relname, 'publications']
                  FROM pg_class WHERE oid = relation);
    above oid[] := property.tables_above(relation);
    of_schema jsonb := document #> ARRAY['schemas', property.schema_of(coalesce(above[1], relation)), 'publications'];
BEGIN
    RETURN CASE WHEN own IS NOT NULL THEN own ? publication
        WHEN of_schema IS NOT NULL THEN of_schema ? publication AND above = '{}' AND NOT property.is_hidden(relation) END;
END $$;

-- From the top, because a partition is not listed where a table above it is.
CREATE FUNCTION property.expected_members_of(document jsonb, name text) RETURNS property.fact[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    publication pg_publication;
    is_via_root boolean;
    members property.member[];
    narrowing oid[];
    listed oid[] := '{}';
    candidate oid;
    above oid[];
    is_decided boolean;
    is_wanted boolean;
    is_listed boolean;
    member property.member;
    can_be boolean;
    changes property.fact[] := '{}';
BEGIN
    SELECT * INTO publication FROM pg_publication WHERE pubname = name;
    is_via_root := coalesce((document #> ARRAY['publications', name, 'publish_via_partition_root'])::boolean,
                            publication.pubviaroot, true);
    members := property.members(publication.oid);
    -- Partitions that stay listed with a column list or row filter, which would not count below a
    -- listed table.
    narrowing := array(
        SELECT m.relation FROM unnest(members) m
        WHERE is_via_root AND NOT is_plain AND CASE WHEN property.decides(document, m.relation)
            THEN property.is_to_be_listed(document, name, m.relation)
            ELSE coalesce(document #> ARRAY['schemas', property.schema_of(coalesce(pg_partition_root(m.relation)::oid, m.relation)),
                                            'publications'] ? name, true) END);
    FOR candidate, above IN
        SELECT r, a FROM unnest(property.relations('r', 'p')) r, property.tables_above(r) a ORDER BY cardinality(a)
    LOOP
        member := NULL;
        SELECT m.* INTO member FROM unnest(members) m WHERE m.relation = candidate;
        is_decided := property.decides(document, candidate);
        is_wanted := property.is_to_be_listed(document, name, candidate);
        can_be := (SELECT relpersistence = 'p' FROM pg_class WHERE oid = candidate)
            AND NOT EXISTS (SELECT FROM unnest(narrowing) n WHERE n <> candidate AND candidate = ANY (property.tables_above(n)));
        is_listed := CASE
            WHEN is_wanted IS NULL THEN member.relation IS NOT NULL
            WHEN is_wanted THEN member.relation IS NOT NULL OR can_be AND NOT above && listed
            WHEN member.relation IS NULL OR is_decided OR above = '{}' THEN false
            -- A partition is taken out for its root, which must be listed, or hidden.
            ELSE document #> ARRAY['schemas', property.schema_of(above[1]), 'publications'] ? name
                 AND (NOT member.is_plain OR NOT above[1] = ANY (listed) AND (
                     (SELECT relpersistence <> 'p' FROM pg_class WHERE oid = above[1])
                     OR EXISTS (SELECT FROM unnest(narrowing) n WHERE above[1] = ANY (property.tables_above(n))))) END;
        IF is_listed THEN
            listed := listed || candidate;
        END IF;
        IF is_listed <> (member.relation IS NOT NULL) THEN
            changes := changes || ROW('pg_publication_rel', concat(candidate, ' ', name),
                                      CASE WHEN is_listed THEN property.member_content(candidate) END)::property.fact;
        END IF;
    END LOOP;
    RETURN changes;
END $$;

CREATE FUNCTION property.decides(document jsonb, relation oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT document #> ARRAY['schemas', property.schema_of(relation), 'tables', relname, 'publications'] IS NOT NULL
    FROM pg_class WHERE oid = relation
$$;
