-- Patterns of schemas in random documents, and the document without patterns that means the same,
-- told from what docs/environment.md says of them.

-- By a regular expression, which apply does not use.
CREATE FUNCTION property.matches(pattern text, name text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT name ~ ('^(?:' || replace(replace(regexp_replace(pattern, '([^*?[:alnum:]])', '\\\1', 'g'), '*', '.*'), '?', '.') || ')$')
$$;

-- One that matches a schema of the sequence, and none that is always there.
CREATE FUNCTION property.random_pattern(schemas text[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    name text := property.pick(schemas);
    length int := property.below(length(name));
    pattern text := CASE property.below(7)
        WHEN 0 THEN left(name, length) || '*'
        WHEN 1 THEN '*' || right(name, length)
        WHEN 2 THEN overlay(name PLACING '?' FROM length + 1 FOR 1)
        WHEN 3 THEN left(name, length / 2) || '*' || right(name, length / 2)
        WHEN 4 THEN name
        ELSE '*' || substr(name, length + 1, 1) || '*' END; -- may match several
BEGIN
    RETURN CASE WHEN property.matches(pattern, 'public') OR property.matches(pattern, 'property') OR octet_length(pattern) > 63
           THEN name ELSE pattern END;
END $$;

-- The document with patterns, and sometimes with the rule that every schema of DataJoint's is covered.
CREATE FUNCTION property.with_patterns(document jsonb, schemas text[], publications text[], roles text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    patterns jsonb := '{}';
BEGIN
    FOR at IN 1..CASE WHEN property.chance(0.5) THEN 1 + property.below(2) ELSE 0 END LOOP
        patterns := patterns || jsonb_build_object(property.random_pattern(schemas),
            property.for_many(property.random_schema(property.pick(schemas), publications, roles)));
    END LOOP;
    RETURN document || CASE WHEN patterns <> '{}' THEN jsonb_build_object('schema_patterns', patterns) ELSE '{}' END
        || CASE WHEN property.chance(0.4) THEN jsonb_build_object('require_coverage', property.chance(0.8)) ELSE '{}' END;
END $$;

-- Without identities by an index, which the table of that name in another schema may not have.
CREATE FUNCTION property.for_many(settings jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT jsonb_object_keys(settings -> 'tables') LOOP
        IF settings #> ARRAY['tables', name, 'replica_identity', 'index'] IS NOT NULL THEN
            settings := settings #- ARRAY['tables', name, 'replica_identity'];
        END IF;
    END LOOP;
    RETURN settings;
END $$;

CREATE FUNCTION property.coverable_schemas() RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT nspname::text FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'dj_deploy') ORDER BY nspname COLLATE "C"
$$;

-- What the stronger one says, and what the weaker one says besides; of a key with members, member by member.
CREATE FUNCTION property.laid_over(stronger jsonb, weaker jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    key text;
    whole jsonb := coalesce(weaker, '{}') || coalesce(stronger, '{}');
BEGIN
    FOREACH key IN ARRAY '{autovacuum,grants}'::text[] LOOP
        IF stronger ? key AND weaker ? key THEN
            whole := whole || jsonb_build_object(key, (weaker -> key) || (stronger -> key));
        END IF;
    END LOOP;
    FOR key IN SELECT jsonb_object_keys(weaker -> 'tables') LOOP
        whole := property.with_key(whole, ARRAY['tables', key],
                                   property.laid_over(stronger #> ARRAY['tables', key], weaker #> ARRAY['tables', key]));
    END LOOP;
    FOR key IN SELECT jsonb_object_keys(stronger -> 'tables') LOOP
        whole := property.with_key(whole, ARRAY['tables', key],
                                   property.laid_over(stronger #> ARRAY['tables', key], weaker #> ARRAY['tables', key]));
    END LOOP;
    RETURN whole;
END $$;

-- The same for the schemas that are there, without patterns. What only a pattern names is still a
-- named publication.
CREATE FUNCTION property.plain(document jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    described jsonb := coalesce(document -> 'schemas', '{}');
    schema text;
    pattern text;
    settings jsonb;
BEGIN
    IF NOT document ? 'schema_patterns' THEN
        RETURN document;
    END IF;
    FOR schema, pattern, settings IN
        SELECT s, key, value FROM property.coverable_schemas() s, jsonb_each(document -> 'schema_patterns')
        WHERE property.matches(key, s)
    LOOP
        settings := jsonb_set(settings, '{tables}', (
            SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(settings -> 'tables')
            WHERE EXISTS (SELECT FROM pg_class WHERE relname = key AND relnamespace = property.schema_oid(schema)
                                                 AND relkind IN ('r', 'p'))));
        described := described || jsonb_build_object(schema, property.laid_over(described -> schema, settings));
    END LOOP;
    RETURN document - 'schema_patterns' || jsonb_build_object('schemas', described, 'publications', (
        SELECT coalesce(jsonb_object_agg(name, '{}'::jsonb), '{}')
        FROM (SELECT jsonb_path_query(document, '$.schema_patterns.*.publications[*]') #>> '{}'
              UNION
              SELECT jsonb_path_query(document, '$.schema_patterns.*.tables.*.publications[*]') #>> '{}') n(name))
        || coalesce(document -> 'publications', '{}'));
END $$;

-- Everything that settings say, one value a row, in one spelling.
CREATE FUNCTION property.sayings(settings jsonb) RETURNS TABLE (place text[], value text) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT prefix || ARRAY[key] || member, word
    FROM (SELECT '{}'::text[], settings UNION ALL SELECT ARRAY['tables', t.key], t.value FROM jsonb_each(settings -> 'tables') t) o(prefix, said),
        jsonb_each(said) k(key, said_there),
        LATERAL (
            SELECT ARRAY[m.key], CASE key WHEN 'autovacuum' THEN property.written(m.value)
                ELSE concat(lower(coalesce(m.value ->> 'access', m.value #>> '{}')), ' ', coalesce(m.value ->> 'future_tables', 'false')) END
            FROM jsonb_each(CASE WHEN key IN ('autovacuum', 'grants') THEN said_there ELSE '{}' END) m
            UNION ALL
            SELECT '{}', (SELECT string_agg(DISTINCT name, ',') FROM jsonb_array_elements_text(said_there) name) WHERE key = 'publications'
            UNION ALL
            SELECT '{}', lower(said_there::text) WHERE key IN ('replica_identity', 'allow_breaking_writes')) v(member, word)
    WHERE key <> 'tables';
END $$;

-- A storage parameter by what describe would write: numbers as such, where JSON has them.
CREATE FUNCTION property.written(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN text ~ '^-?(0|[1-9][0-9]*)([.][0-9]+)?$' THEN trim_scale(text::numeric)::text ELSE coalesce(text, 'null') END
    FROM (SELECT value #>> '{}') t(text)
$$;

-- Whether two patterns say different things of the same schema, or of a table that it has, that its
-- own entry does not settle.
CREATE FUNCTION property.is_contradictory(document jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM property.coverable_schemas() s, jsonb_each(document -> 'schema_patterns') a(one, first),
            jsonb_each(document -> 'schema_patterns') b(other, second), property.sayings(first) x, property.sayings(second) y
        WHERE one < other AND property.matches(one, s) AND property.matches(other, s)
          AND x.place = y.place AND x.value IS DISTINCT FROM y.value
          AND document #> (ARRAY['schemas', s] || x.place) IS NULL
          AND (x.place[1] <> 'tables' OR EXISTS (
              SELECT FROM pg_class WHERE relname = x.place[2] AND relnamespace = property.schema_oid(s) AND relkind IN ('r', 'p'))));
END $$;

-- The schemas that ought to be covered and are not.
CREATE FUNCTION property.uncovered(document jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT s FROM property.coverable_schemas() s
        WHERE (document -> 'require_coverage')::boolean AND NOT document -> 'schemas' ? s
          AND NOT EXISTS (SELECT FROM jsonb_object_keys(document -> 'schema_patterns') pattern WHERE property.matches(pattern, s))
          AND EXISTS (SELECT FROM pg_class WHERE relnamespace = property.schema_oid(s) AND relkind IN ('r', 'p')
                                             AND relname IN ('~log', '~lineage')));
END $$;
