-- What the catalogs hold, as facts that can be compared: every row of every catalog that the
-- current transaction made or changed. Facts go by meaning: privileges one by one, with the
-- built-in default for a missing ACL, options in the order of their names, and no OIDs where a call
-- makes the object. A row that went is missed by the number of the others.

CREATE TYPE property.fact AS (catalog text, key text, content jsonb);

-- [grantee, privilege, grantor, with grant option], PUBLIC being the empty name, which no role can have.
CREATE FUNCTION property.privileges(acl aclitem[]) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(entry ORDER BY entry), '[]')
        FROM aclexplode(acl) a
        CROSS JOIN jsonb_build_array(CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee) END,
                                     a.privilege_type, pg_get_userbyid(a.grantor), a.is_grantable) entry);
END $$;

CREATE FUNCTION property.sorted(texts text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_agg(t ORDER BY t COLLATE "C") FROM unnest(texts) t
$$;

CREATE FUNCTION property.publication_name(publication oid) RETURNS name LANGUAGE sql STABLE AS $$
    SELECT pubname FROM pg_publication WHERE oid = publication
$$;

-- How the rows t of a catalog become facts where it is not to_jsonb(t) under their OID. What VACUUM
-- maintains, and the dependencies that the server derives from rows that are compared, are no
-- facts.
CREATE TABLE property.reading (catalog name PRIMARY KEY, key text, content text, condition text);
INSERT INTO property.reading VALUES
    ('pg_attribute', $$concat(t.attrelid, '.', t.attnum)$$,
     $$to_jsonb(t) || CASE WHEN t.attacl IS NULL THEN '{}'
           ELSE jsonb_build_object('attacl', nullif(property.privileges(t.attacl), '[]')) END$$, NULL),
    ('pg_class', NULL,
     $$to_jsonb(t) - '{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[]
       || jsonb_build_object(
           'reloptions', CASE WHEN t.reloptions IS NOT NULL THEN property.sorted(t.reloptions) END,
           'relacl', CASE WHEN t.relkind NOT IN ('i', 'I', 't', 'c') THEN property.privileges(coalesce(
               t.relacl, acldefault(CASE t.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", t.relowner))) END)$$, NULL),
    ('pg_default_acl', $$concat(t.defaclrole, ' ', t.defaclnamespace, ' ', t.defaclobjtype)$$,
     $$to_jsonb(t) - 'oid' || jsonb_build_object('defaclacl', property.privileges(t.defaclacl))$$, NULL),
    ('pg_depend', NULL, NULL,
     $$t.classid NOT IN ('pg_publication'::regclass, 'pg_publication_rel'::regclass, 'pg_default_acl'::regclass)$$),
    ('pg_index', 't.indexrelid::text', NULL, NULL),
    ('pg_namespace', NULL,
     $$to_jsonb(t) || jsonb_build_object('nspacl', property.privileges(coalesce(t.nspacl, acldefault('n', t.nspowner))))$$,
     NULL),
    ('pg_publication', 't.pubname::text', $$to_jsonb(t) - 'oid'$$, NULL),
    ('pg_publication_rel', $$concat(t.prrelid, ' ', property.publication_name(t.prpubid))$$,
     $$to_jsonb(t) - '{oid,prpubid}'::text[]$$, NULL),
    ('pg_shdepend', NULL, NULL,
     $$t.classid NOT IN ('pg_publication'::regclass, 'pg_default_acl'::regclass) AND t.deptype <> 'a'$$);

-- Every catalog but statistics, which belong to ANALYZE: the query of its facts, and how many rows
-- it has before any sequence. age() is that of the transaction: what it or its subtransactions
-- wrote is at most 0 old.
CREATE TABLE property.catalog AS
SELECT c.oid, relname AS name, NULL::bigint AS rows, format(
           'SELECT %L, %s, %s FROM pg_catalog.%I t WHERE age(t.xmin) <= 0 AND %s', relname,
           coalesce(key, CASE WHEN a.attname IS NULL THEN 'NULL' ELSE 't.oid::text' END),
           coalesce(content, 'to_jsonb(t)'), relname, coalesce(condition, 'true')) AS facts
FROM pg_class c
LEFT JOIN property.reading ON catalog = relname
LEFT JOIN pg_attribute a ON attrelid = c.oid AND attname = 'oid'
WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
  AND relname NOT IN ('pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject');

-- Only catalogs that the server says this transaction wrote to, or one before it: they all together
-- take longer to plan than to read.
CREATE FUNCTION property.catalog() RETURNS property.fact[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    query text := (
        SELECT string_agg(c.facts, ' UNION ALL ' ORDER BY name) FROM property.catalog c
        WHERE pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid) > 0);
    facts property.fact[];
BEGIN
    EXECUTE format('SELECT array(SELECT ROW(c.*)::property.fact FROM (%s) c)', query) INTO facts;
    RETURN facts;
END $$;

-- To be called last of all.
CREATE FUNCTION property.count_rows() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    read name;
    counted bigint;
BEGIN
    FOR read IN SELECT name FROM property.catalog LOOP
        EXECUTE format('SELECT count(*) FROM pg_catalog.%I', read) INTO counted;
        UPDATE property.catalog SET rows = counted WHERE name = read;
    END LOOP;
END $$;

-- The catalogs that lack rows from before the transaction.
CREATE FUNCTION property.robbed_catalogs() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    written property.catalog;
    counted bigint;
    robbed text;
BEGIN
    FOR written IN
        SELECT * FROM property.catalog c
        WHERE pg_stat_get_xact_tuples_deleted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid) > 0 ORDER BY name
    LOOP
        EXECUTE format('SELECT count(*) FROM pg_catalog.%I WHERE age(xmin) > 0', written.name) INTO counted;
        IF counted <> written.rows THEN
            robbed := concat_ws(', ', robbed, written.name);
        END IF;
    END LOOP;
    RETURN robbed;
END $$;

-- The state that changes make of another; null content is for a row that goes.
CREATE FUNCTION property.changed(facts property.fact[], changes property.fact[]) RETURNS property.fact[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT f FROM unnest(facts) f
        WHERE NOT EXISTS (SELECT FROM unnest(changes) c WHERE c.catalog = f.catalog AND c.key = f.key)
        UNION ALL
        SELECT c FROM unnest(changes) c WHERE c.content IS NOT NULL);
END $$;

-- The facts that are not as expected, one line each; of one that is there but different the
-- columns, of a list the items.
CREATE FUNCTION property.differences(expected property.fact[], actual property.fact[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        WITH missing AS (SELECT * FROM unnest(expected) EXCEPT ALL SELECT * FROM unnest(actual)),
             surplus AS (SELECT * FROM unnest(actual) EXCEPT ALL SELECT * FROM unnest(expected))
        SELECT string_agg(concat(catalog, ' ', key, ' ', property.title(coalesce(m.content, s.content)),
                                 ': expected ', coalesce(property.difference(m.content, s.content)::text, 'nothing'),
                                 ', found ', coalesce(property.difference(s.content, m.content)::text, 'nothing')),
                          E'\n' ORDER BY catalog, key)
        FROM missing m FULL JOIN surplus s USING (catalog, key));
END $$;

CREATE FUNCTION property.title(content jsonb) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws('.', property.quoted((content ->> 'attrelid')::oid), property.quoted((content ->> 'prrelid')::oid),
                     content ->> 'attname',
                     content ->> 'relname', content ->> 'nspname')
$$;

CREATE FUNCTION property.difference(content jsonb, other jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN jsonb_typeof(content) = 'object' AND other IS NOT NULL THEN (
            SELECT jsonb_object_agg(key, property.difference(value, other -> key))
            FROM jsonb_each(content) WHERE value IS DISTINCT FROM other -> key)
        WHEN jsonb_typeof(content) = 'array' AND jsonb_typeof(other) = 'array' THEN (
            SELECT coalesce(jsonb_agg(item ORDER BY item), '[]')
            FROM (SELECT jsonb_array_elements(content) EXCEPT SELECT jsonb_array_elements(other)) d(item))
        ELSE content END;
END $$;
