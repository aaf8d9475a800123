-- Random documents of version 1 about the schemas of the sequence.

-- Mostly publications that can list tables; the others are refused.
CREATE FUNCTION property.random_document(schemas text[], roles text[]) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    publications text[] := array(
        SELECT pubname::text COLLATE "C" FROM pg_publication p
        WHERE NOT property.is_whole(p) OR property.chance(0.5) ORDER BY 1);
    document jsonb := '{"version": 1}';
    described jsonb := '{}';
    name text;
BEGIN
    FOR at IN 1..property.below(3) LOOP
        publications := publications || property.pick(array(SELECT o.name FROM property.odd_name o
                                                            WHERE NOT EXISTS (SELECT FROM pg_publication WHERE pubname = o.name)
                                                            ORDER BY o.name));
    END LOOP;
    IF publications <> '{}' THEN
        FOREACH name IN ARRAY property.some(publications, 3) LOOP
            IF property.chance(0.5) THEN
                described := described || jsonb_build_object(name, property.random_publication());
            END IF;
        END LOOP;
        document := document || jsonb_build_object('publications', described);
    END IF;
    described := '{}';
    FOREACH name IN ARRAY schemas LOOP
        IF property.chance(0.75) THEN
            described := described || jsonb_build_object(name, property.random_schema(name, publications, roles));
        END IF;
    END LOOP;
    RETURN property.with_patterns(document || jsonb_build_object('schemas', described), schemas, publications, roles);
END $$;

-- Whether it publishes what nobody listed: all tables, or a whole schema of this sequence.
CREATE FUNCTION property.is_whole(publication pg_publication) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT publication.puballtables OR coalesce((to_jsonb(publication) ->> 'puballsequences')::boolean, false)
        OR EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = publication.oid)
$$;

CREATE FUNCTION property.random_publication() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN CASE WHEN property.chance(0.6) THEN jsonb_build_object('publish',
               property.some('{insert,update,delete,truncate}'::text[], CASE WHEN property.chance(0.7) THEN 4 ELSE 1 END))
           ELSE '{}' END
        || CASE WHEN property.chance(0.05) THEN '{"publish": []}'::jsonb ELSE '{}' END
        || CASE WHEN property.chance(0.5)
           THEN jsonb_build_object('publish_via_partition_root', property.chance(0.5)) ELSE '{}' END
        || CASE WHEN property.is_since(18) AND property.chance(0.3)
           THEN jsonb_build_object('publish_generated_columns', property.pick('{none,stored}'::text[])) ELSE '{}' END;
END $$;

CREATE FUNCTION property.random_schema(schema text, publications text[], roles text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    settings jsonb := property.random_settings('{"\"full\"","\"default\"","\"Full\"","\"nothing\""}', publications, 0.4);
    relation oid;
    role text;
    tables jsonb := '{}';
    grants jsonb := '{}';
BEGIN
    IF property.chance(0.5) THEN
        FOREACH role IN ARRAY property.some(roles || 'public'::text, 3) LOOP
            grants := grants || jsonb_build_object(role, property.random_access());
        END LOOP;
        settings := settings || jsonb_build_object('grants', grants);
    END IF;
    FOR relation IN
        SELECT r FROM unnest(property.relations('r', 'p')) WITH ORDINALITY u(r, at) WHERE property.schema_of(r) = schema ORDER BY at
    LOOP
        IF property.chance(0.3) THEN
            tables := tables || jsonb_build_object((SELECT relname FROM pg_class WHERE oid = relation),
                                                   property.random_settings(property.identities(relation), publications, 0.4)
                                                   || property.random_table_grants(roles)
                                                   || CASE WHEN property.chance(0.1) THEN '{"allow_breaking_writes": true}'::jsonb
                                                      WHEN property.chance(0.03) THEN '{"allow_breaking_writes": false}'
                                                      ELSE '{}' END);
        END IF;
    END LOOP;
    RETURN settings || CASE WHEN tables <> '{}' THEN jsonb_build_object('tables', tables) ELSE '{}' END;
END $$;

CREATE FUNCTION property.random_table_grants(roles text[]) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    grants jsonb := '{}';
    role text;
BEGIN
    IF property.chance(0.3) THEN
        FOREACH role IN ARRAY property.some(roles || 'public'::text, 2) LOOP
            grants := grants || jsonb_build_object(role, property.pick(
                '{"\"none\"","\"read\"","\"write\"","\"all\"","{\"access\": \"Read\"}"}'::text[])::jsonb);
        END LOOP;
        RETURN jsonb_build_object('grants', grants);
    END IF;
    RETURN '{}';
END $$;

-- The identities that a table can have, as JSON.
CREATE FUNCTION property.identities(relation oid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN '{"\"full\"","\"default\"","\"nothing\"","{\"index\": null}"}'::text[] || array(
        SELECT jsonb_build_object('index', relname)::text COLLATE "C" FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE indrelid = relation AND indisunique AND indimmediate ORDER BY 1);
END $$;

CREATE FUNCTION property.random_settings(identities text[], publications text[], probability float8) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    settings jsonb := '{}';
BEGIN
    IF property.chance(probability) THEN
        settings := settings || jsonb_build_object('replica_identity', property.pick(identities)::jsonb);
    END IF;
    IF property.chance(probability) THEN
        settings := settings || jsonb_build_object('publications', CASE
            WHEN publications = '{}' OR property.chance(0.2) THEN '[]' ELSE to_jsonb(property.some(publications, 2)) END);
    END IF;
    IF property.chance(probability) THEN
        settings := settings || jsonb_build_object('autovacuum', (
            SELECT coalesce(jsonb_object_agg(key, value), '{}')
            FROM jsonb_each(property.random_autovacuum() -> 'parameters') WHERE property.is_valid(key, value)));
    END IF;
    RETURN settings;
END $$;

CREATE FUNCTION property.random_access() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    access text := property.pick('{none,read,write,all}'::text[]);
BEGIN
    RETURN CASE WHEN property.chance(0.5) THEN to_jsonb(access)
        ELSE jsonb_build_object('access', access, 'future_tables', property.chance(0.7)) END;
END $$;

-- The document with breaking writes allowed, or not, at these tables.
CREATE FUNCTION property.allowing(document jsonb, tables oid[], is_allowed boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    schema text;
    name text;
BEGIN
    FOR schema, name IN SELECT property.schema_of(oid), relname FROM pg_class WHERE oid = ANY (tables) ORDER BY 1, 2 LOOP
        document := property.with_key(document, ARRAY['schemas', schema, 'tables', name, 'allow_breaking_writes'],
                                      to_jsonb(is_allowed));
    END LOOP;
    RETURN document;
END $$;

-- Objects on the way are made.
CREATE FUNCTION property.with_key(document jsonb, path text[], value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN path = '{}' THEN value
        ELSE coalesce(document, '{}')
             || jsonb_build_object(path[1], property.with_key(document -> path[1], path[2:], value)) END;
END $$;
