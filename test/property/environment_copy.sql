-- A copy of the schemas from which all is taken away that an environment document speaks of, and
-- how like its original it is once the document has been applied to it.

-- original is what the facts are, outside the subtransaction in which they are made a copy.
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
    RETURN ARRAY[CASE left_out WHEN '{}' THEN 'copied: all' ELSE 'copied: all but what was left out' END]
        || CASE WHEN EXISTS (SELECT FROM property.table_grants(document)) THEN 'copied: grants of a table' END;
END $$;

CREATE FUNCTION property.strip(schemas text[], document jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('DROP PUBLICATION %s', property.quoted(key)) FROM jsonb_each(document -> 'publications')
        UNION ALL
        SELECT format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', property.quoted(oid))
        FROM pg_class WHERE oid = ANY (property.relations('r', 'p')) AND relreplident <> 'd'
        UNION ALL
        SELECT format('ALTER TABLE %s RESET (%s)', property.quoted(c.oid), array_to_string(property.parameters(), ', '))
        FROM pg_class c LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
        WHERE c.oid = ANY (property.relations('r')) AND (c.reloptions IS NOT NULL OR toast.reloptions IS NOT NULL)
    LOOP
        PERFORM property.make(statement);
    END LOOP;
    PERFORM property.revoke_all(schemas);
END $$;

-- What the owners of objects do not hold themselves.
CREATE FUNCTION property.revoke_all(schemas text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT DISTINCT format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s REVOKE ALL ON %s FROM %s',
                               property.quoted(pg_get_userbyid(defaclrole)), property.quoted(nspname),
                               CASE defaclobjtype WHEN 'r' THEN 'TABLES' ELSE 'SEQUENCES' END, property.grantee_of(grantee))
        FROM pg_default_acl JOIN pg_namespace n ON n.oid = defaclnamespace, aclexplode(defaclacl)
        WHERE nspname = ANY (schemas) AND defaclobjtype IN ('r', 'S') AND grantee <> defaclrole
        UNION ALL
        SELECT DISTINCT format('REVOKE ALL ON %s FROM %s CASCADE', object, property.grantee_of(grantee))
        FROM property.acls(schemas) WHERE grantee <> owner
        ORDER BY 1
    LOOP
        PERFORM property.make(statement);
    END LOOP;
END $$;

CREATE FUNCTION property.grantee_of(role oid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE role WHEN 0 THEN 'PUBLIC' ELSE property.quoted(pg_get_userbyid(role)) END
$$;

-- What anybody holds in the schemas, as a statement names the object.
CREATE FUNCTION property.acls(schemas text[]) RETURNS TABLE (schema text, object text, owner oid, grantee oid)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT nspname::text, 'SCHEMA ' || property.quoted(nspname), nspowner, a.grantee
    FROM pg_namespace, aclexplode(nspacl) a WHERE nspname = ANY (schemas)
    UNION ALL
    SELECT nspname::text, CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || property.quoted(c.oid), relowner, a.grantee
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace, aclexplode(relacl) a
    WHERE nspname = ANY (schemas) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT nspname::text, 'TABLE ' || property.quoted(c.oid), relowner, a.grantee
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute ON attrelid = c.oid, aclexplode(attacl) a
    WHERE nspname = ANY (schemas) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT attisdropped;
END $$;

-- What describe has no words for, one line for each NOTICE that says so: publications that publish
-- what nobody listed, column lists and row filters, partitions that are listed below a listed
-- table, and privileges that are not exactly an access.
CREATE FUNCTION property.left_out(schemas text[], document jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT 'publication ' || pubname FROM pg_publication p
        WHERE puballtables OR coalesce((to_jsonb(p) ->> 'puballsequences')::boolean, false)
           OR EXISTS (SELECT FROM pg_publication_namespace JOIN pg_namespace n ON n.oid = pnnspid
                      WHERE pnpubid = p.oid AND nspname = ANY (schemas))
        UNION ALL
        SELECT format('narrowing of %s in %s', property.quoted(prrelid), pubname)
        FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid
        WHERE document -> 'publications' ? pubname AND (prattrs IS NOT NULL OR prqual IS NOT NULL)
        UNION ALL
        SELECT format('partition %s in %s', property.quoted(prrelid), pubname)
        FROM pg_publication_rel r JOIN pg_publication p ON p.oid = prpubid
        WHERE document -> 'publications' ? pubname AND property.is_listed_above(prpubid, prrelid)
        UNION ALL
        SELECT DISTINCT format('privileges of %s in %s', property.grantee_of(grantee), schema)
        FROM (SELECT schema, grantee FROM property.acls(schemas) WHERE grantee <> owner
              UNION ALL
              SELECT nspname, grantee FROM pg_default_acl JOIN pg_namespace n ON n.oid = defaclnamespace, aclexplode(defaclacl)
              WHERE nspname = ANY (schemas) AND defaclobjtype IN ('r', 'S') AND grantee <> defaclrole) held(schema, grantee)
        WHERE NOT property.is_described(document, schema, grantee)
        UNION ALL
        SELECT DISTINCT format('default privileges of %s in %s', property.grantee_of(grantee), nspname)
        FROM pg_default_acl JOIN pg_namespace n ON n.oid = defaclnamespace, aclexplode(defaclacl)
        WHERE nspname = ANY (schemas) AND defaclobjtype IN ('r', 'S') AND grantee <> defaclrole
          AND property.is_described(document, nspname, grantee)
          AND NOT property.is_future_described(document, defaclnamespace, grantee)
        ORDER BY 1);
END $$;

CREATE FUNCTION property.is_listed_above(publication oid, relation oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM pg_partition_ancestors(relation) a JOIN pg_publication_rel ON prrelid = a.relid
                   WHERE prpubid = publication AND a.relid <> relation)
$$;

CREATE FUNCTION property.is_future_described(document jsonb, schema oid, role oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(document #> ARRAY['schemas', nspname, 'grants', CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END]
                    -> 'future_tables' = 'true', false)
    FROM pg_namespace WHERE oid = schema
$$;

-- A copy knows nobody who creates tables but by what is there.
CREATE FUNCTION property.is_default_copied(document jsonb, creator oid, schema oid, role oid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT property.is_future_described(document, schema, role)
           AND (EXISTS (SELECT FROM pg_class WHERE relnamespace = schema AND relowner = creator AND relkind IN ('r', 'p'))
                OR EXISTS (SELECT FROM pg_namespace WHERE oid = schema AND nspowner = creator))
$$;

CREATE FUNCTION property.is_described(document jsonb, schema text, role oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(document #> ARRAY['schemas', schema, 'grants']
                    ? CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role)::text END, false)
$$;

-- The facts as far as a copy can have them: values by their meaning, an index that was dropped as
-- the server takes it (nothing), who granted something and who owns a publication left out, and
-- what describe has left out.
CREATE FUNCTION property.as_copied(facts property.fact[], document jsonb) RETURNS property.fact[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT ROW(f.catalog, f.key, CASE f.catalog
            WHEN 'pg_class' THEN f.content || jsonb_build_object(
                'reloptions', property.meanings(f.content -> 'reloptions'),
                'relacl', property.described_privileges(f.content -> 'relacl', document,
                                                        (f.content ->> 'relnamespace')::oid, (f.content ->> 'relowner')::oid))
            WHEN 'pg_namespace' THEN f.content || jsonb_build_object(
                'nspacl', property.described_privileges(f.content -> 'nspacl', document, f.key::oid,
                                                        (f.content ->> 'nspowner')::oid))
            WHEN 'pg_default_acl' THEN f.content || jsonb_build_object('defaclacl', CASE
                WHEN f.content ->> 'defaclobjtype' IN ('r', 'S') THEN property.described_defaults(f.content, document)
                ELSE f.content -> 'defaclacl' END)
            WHEN 'pg_attribute' THEN f.content - 'attacl'
            WHEN 'pg_publication' THEN f.content - 'pubowner'
            WHEN 'pg_publication_rel' THEN f.content - '{prattrs,prqual}'::text[]
            ELSE f.content END)::property.fact
        FROM unnest(property.undoable(facts)) f
        WHERE NOT (f.catalog = 'pg_default_acl' AND f.content ->> 'defaclobjtype' IN ('r', 'S')
                   AND property.described_defaults(f.content, document) = '[]')
          AND f.catalog <> 'pg_attribute'
          AND NOT (f.catalog = 'pg_publication_rel' AND property.is_part_of_listed(f.key, facts)));
END $$;

-- Whether a partition is listed below a table that is, by the keys of the facts.
CREATE FUNCTION property.is_part_of_listed(key text, facts property.fact[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM pg_partition_ancestors(split_part($1, ' ', 1)::oid) a
                   JOIN unnest($2) f ON f.catalog = 'pg_publication_rel' AND f.key = concat(a.relid::oid, substr($1, strpos($1, ' ')))
                   WHERE f.key <> $1)
$$;

-- Those of the owner, and of roles that the document speaks of in the schema.
CREATE FUNCTION property.described_privileges(privileges jsonb, document jsonb, schema oid, owner oid) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(DISTINCT entry - 2 ORDER BY entry - 2), '[]')
        FROM jsonb_array_elements(CASE jsonb_typeof(privileges) WHEN 'array' THEN privileges ELSE '[]' END) entry
        WHERE CASE WHEN entry ->> 0 = pg_get_userbyid(owner) THEN entry ->> 2 = entry ->> 0
              ELSE document #> ARRAY['schemas', (SELECT nspname::text FROM pg_namespace WHERE oid = schema), 'grants']
                   ? coalesce(nullif(entry ->> 0, ''), 'public') END);
END $$;

CREATE FUNCTION property.described_defaults(content jsonb, document jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(entry - 2 ORDER BY entry), '[]')
        FROM jsonb_array_elements(content -> 'defaclacl') entry
        LEFT JOIN pg_roles ON rolname = entry ->> 0
        WHERE pg_roles.oid::text = content ->> 'defaclrole'
           OR property.is_default_copied(document, (content ->> 'defaclrole')::oid, (content ->> 'defaclnamespace')::oid,
                                         CASE entry ->> 0 WHEN '' THEN 0 ELSE pg_roles.oid END));
END $$;

CREATE FUNCTION property.meanings(options jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT jsonb_agg(word ORDER BY word)
        FROM jsonb_array_elements_text(CASE jsonb_typeof(options) WHEN 'array' THEN options ELSE '[]' END) option
        LEFT JOIN property.parameter ON name = split_part(option, '=', 1)
        CROSS JOIN coalesce(name || ' means ' || property.meaning(name, split_part(option, '=', 2)), option) word);
END $$;
