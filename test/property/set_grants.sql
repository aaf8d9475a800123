-- What the owner of each object granted to the role is what the access needs, without grant
-- options. What others granted, and what the role passed on, stays.

CREATE FUNCTION property.random_grants(roles text[]) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_build_object(
        'role', CASE WHEN property.chance(0.03) THEN 'Public' ELSE property.pick(roles || 'public'::text) END,
        'access', CASE WHEN property.chance(0.03) THEN 'some' ELSE property.pick('{none,read,write,all,Read,ALL}'::text[]) END,
        'future_tables', property.chance(0.5))
$$;

-- Of one table nothing is said of others to come.
CREATE FUNCTION property.random_grants(roles text[], target oid) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT CASE target WHEN 0 THEN property.random_grants(roles) ELSE property.random_grants(roles) - 'future_tables' END
$$;

CREATE FUNCTION property.expect_grants(call property.call, facts property.fact[]) RETURNS property.expectation
LANGUAGE plpgsql AS $$
DECLARE
    expected property.expectation;
    role text := call.arguments ->> 'role';
    grantee text := CASE role WHEN 'public' THEN '' ELSE role END;
    access text := lower(call.arguments ->> 'access');
    schemas oid[] := property.schema_oids(call);
    schema oid;
    relations oid[] := array(
        SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND CASE call.target
            WHEN 0 THEN relnamespace = ANY (schemas) ELSE oid = ANY (property.parts_of(call.target)) END
        AND NOT coalesce(call.arguments -> 'except' ? oid::text, false));
    holders property.holder[];
    is_allowed boolean;
    concerns_future boolean;
BEGIN
    IF access NOT IN ('none', 'read', 'write', 'all') THEN
        RETURN property.refused('22023');
    ELSIF grantee <> '' AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = grantee) THEN
        RETURN property.refused('42704');
    END IF;

    concerns_future := coalesce((call.arguments ->> 'future_tables')::boolean, false) OR access = 'none';
    IF call.target <> 0 THEN
        schemas := '{}';
    END IF;
    holders := property.settled(property.holders(schemas, relations, facts), grantee, access);
    FOREACH schema IN ARRAY schemas LOOP
        IF concerns_future THEN
            holders := holders || property.settled(property.future_holders(schema, grantee, facts), grantee, access);
        END IF;
    END LOOP;

    SELECT coalesce(bool_and(
               CASE WHEN catalog = 'pg_default_acl' THEN property.may_set_defaults(call.caller, owner)
               ELSE property.acts_as(call.caller, owner)
                   AND (relation IS NULL OR property.reaches(call.caller, ARRAY[relation])) END), true),
           count(DISTINCT relation) FILTER (WHERE kind <> 'S'),
           coalesce(array_agg(ROW(catalog, key, content)::property.fact), '{}')
    INTO is_allowed, expected.modified, expected.changes
    FROM unnest(holders) WHERE after <> before;
    expected.refusal := property.unless_allowed(is_allowed);
    expected.analyzed := (SELECT count(*) FROM pg_class WHERE oid = ANY (relations) AND relkind <> 'S');
    expected.skipped := array(
        SELECT DISTINCT coalesce(property.quoted(relation), property.quoted((
                   SELECT nspname FROM pg_namespace
                   WHERE oid::text = CASE catalog WHEN 'pg_default_acl' THEN split_part(key, ' ', 2) ELSE key END)))
        FROM unnest(holders), jsonb_array_elements(after) entry
        WHERE entry ->> 0 = grantee AND pg_get_userbyid(owner) <> grantee
          AND (entry ->> 1 <> ALL (property.wanted(access, kind)) OR (entry ->> 3)::boolean)
        UNION
        SELECT property.globals(s, grantee, access, facts) FROM unnest(schemas) s WHERE concerns_future);
    RETURN expected;
END $$;

-- Something with an ACL, and the fact that has it: the schema (kind n), a relation or a column of
-- it (S for sequences, else r), or default privileges (r, S). relation is null but for relations
-- and columns. content is that of the fact afterwards.
CREATE TYPE property.holder AS (
    catalog text, key text, content jsonb, relation oid, kind text, owner oid, before jsonb, after jsonb);

-- One table: its partitions at all levels, and the sequences of the columns of all of these.
CREATE FUNCTION property.parts_of(relation oid) RETURNS oid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        WITH RECURSIVE tree(oid) AS (
            SELECT relation
            UNION
            SELECT inhrelid FROM tree JOIN pg_inherits ON inhparent = oid JOIN pg_class c ON c.oid = inhrelid WHERE relispartition)
        SELECT oid FROM tree
        UNION
        SELECT objid FROM tree JOIN pg_depend ON refobjid = oid
        WHERE refclassid = 'pg_class'::regclass AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND refobjsubid > 0);
END $$;

CREATE FUNCTION property.holders(schemas oid[], relations oid[], facts property.fact[]) RETURNS property.holder[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT ROW(catalog, key, content, NULL, 'n', (content ->> 'nspowner')::oid, content -> 'nspacl', NULL)::property.holder
        FROM unnest(facts) WHERE catalog = 'pg_namespace' AND key = ANY (schemas::text[])
        UNION ALL
        SELECT ROW(catalog, key, content, oid, CASE relkind WHEN 'S' THEN 'S' ELSE 'r' END, relowner,
                   coalesce(content -> 'relacl', content -> 'attacl'), NULL)::property.holder
        FROM unnest(facts)
        JOIN pg_class ON oid::text = CASE catalog WHEN 'pg_class' THEN key WHEN 'pg_attribute' THEN content ->> 'attrelid' END
        WHERE oid = ANY (relations)
          AND (catalog = 'pg_class' OR content -> 'attacl' <> 'null' AND NOT (content ->> 'attisdropped')::boolean));
END $$;

-- Up to PostgreSQL 15 a member of the role may, since then one that inherits its privileges.
CREATE FUNCTION property.may_set_defaults(caller text, creator oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT caller = 'none' OR pg_has_role(caller, creator, CASE WHEN property.is_since(16) THEN 'USAGE' ELSE 'MEMBER' END)
$$;

-- The default privileges in the schema of each role that creates tables: it owns some, or the
-- schema, or it has default privileges there for the grantee.
CREATE FUNCTION property.future_holders(schema oid, grantee text, facts property.fact[]) RETURNS property.holder[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT ROW('pg_default_acl', new_key, coalesce(content, jsonb_build_object(
                       'defaclrole', r.oid::text, 'defaclnamespace', schema::text, 'defaclobjtype', kind)),
                   NULL, kind, r.oid, coalesce(content -> 'defaclacl', '[]'), NULL)::property.holder
        FROM pg_roles r
        CROSS JOIN unnest('{r,S}'::text[]) kind
        CROSS JOIN concat(r.oid, ' ', schema, ' ', kind) new_key
        LEFT JOIN unnest(facts) ON catalog = 'pg_default_acl' AND key = new_key
        WHERE r.oid IN (SELECT relowner FROM pg_class WHERE relnamespace = schema AND relkind IN ('r', 'p')
                        UNION ALL SELECT nspowner FROM pg_namespace WHERE oid = schema
                        UNION ALL SELECT creator FROM property.defaults_for(schema, grantee, facts)));
END $$;

-- What the grantee is given by default privileges on tables and sequences, in the schema or, for 0, in all.
CREATE FUNCTION property.defaults_for(schema oid, grantee text, facts property.fact[])
RETURNS TABLE (creator oid, kind text, privilege text, is_grantable boolean) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT (content ->> 'defaclrole')::oid, content ->> 'defaclobjtype', entry ->> 1, (entry ->> 3)::boolean
    FROM unnest(facts), jsonb_array_elements(content -> 'defaclacl') entry
    WHERE catalog = 'pg_default_acl' AND content ->> 'defaclnamespace' = schema::text
      AND content ->> 'defaclobjtype' IN ('r', 'S') AND entry ->> 0 = grantee;
END $$;

-- Whether a role may create in the schema once the grantee has the access.
CREATE FUNCTION property.will_create(creator oid, schema oid, grantee text, access text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT pg_has_role(creator, nspowner, 'USAGE')
        OR EXISTS (SELECT FROM aclexplode(nspacl) a WHERE privilege_type = 'CREATE'
                   AND coalesce(pg_get_userbyid(nullif(a.grantee, 0)), '') <> $3
                   AND (a.grantee = 0 OR pg_has_role(creator, a.grantee, 'USAGE')))
        OR access = 'all' AND ($3 = '' OR pg_has_role(creator, $3, 'USAGE'))
    FROM pg_namespace WHERE oid = schema
$$;

-- The default privileges that give the grantee more than that in all schemas, of whoever may create
-- in this one.
CREATE FUNCTION property.globals(schema oid, grantee text, access text, facts property.fact[]) RETURNS SETOF text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT format('DEFAULT PRIVILEGES FOR ROLE %s ON %s', property.quoted(pg_get_userbyid(d.creator)),
                  CASE d.kind WHEN 'S' THEN 'SEQUENCES' ELSE 'TABLES' END)
    FROM property.defaults_for(0, grantee, facts) d
    WHERE pg_get_userbyid(d.creator) <> grantee
      AND (d.is_grantable OR d.privilege <> ALL (property.wanted(access, d.kind)))
      AND (property.will_create(d.creator, schema, grantee, access)
           OR d.creator IN (SELECT owner FROM unnest(property.future_holders(schema, grantee, facts))));
END $$;

-- The holders with their ACLs and contents as they are to be.
CREATE FUNCTION property.settled(holders property.holder[], grantee text, access text) RETURNS property.holder[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    holder property.holder;
    settled property.holder[] := '{}';
BEGIN
    FOREACH holder IN ARRAY holders LOOP
        holder.after := CASE WHEN pg_get_userbyid(holder.owner) = grantee THEN holder.before ELSE property.acl_after(
            holder.before, grantee, pg_get_userbyid(holder.owner), property.wanted(access, holder.kind),
            property.passed_on(holders, holder, grantee), is_whole => holder.catalog <> 'pg_attribute') END;
        holder.content := CASE holder.catalog
            WHEN 'pg_class' THEN holder.content || jsonb_build_object('relacl', holder.after)
            WHEN 'pg_attribute' THEN holder.content || jsonb_build_object('attacl', nullif(holder.after, '[]'))
            WHEN 'pg_namespace' THEN holder.content || jsonb_build_object('nspacl', holder.after)
            WHEN 'pg_default_acl' THEN CASE WHEN holder.after <> '[]'
                THEN holder.content || jsonb_build_object('defaclacl', holder.after) END END;
        settled := settled || holder;
    END LOOP;
    RETURN settled;
END $$;

-- The privileges that the role granted to others, or to itself, on the same relation or its
-- columns, or on the schema. The server takes none of them from it, in none of these ACLs.
CREATE FUNCTION property.passed_on(holders property.holder[], holder property.holder, role text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT DISTINCT entry ->> 1
        FROM unnest(holders) h, jsonb_array_elements(h.before) entry
        WHERE entry ->> 2 = role AND CASE WHEN holder.relation IS NULL THEN h.key = holder.key AND h.catalog = holder.catalog
                                     ELSE h.relation = holder.relation END);
END $$;

CREATE FUNCTION property.wanted(access text, kind text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT CASE access || ' ' || kind
        WHEN 'read n' THEN '{USAGE}'::text[]
        WHEN 'write n' THEN '{USAGE}'
        WHEN 'all n' THEN '{USAGE,CREATE}'
        WHEN 'read r' THEN '{SELECT}'
        WHEN 'write r' THEN '{SELECT,INSERT,UPDATE,DELETE}'
        WHEN 'all r' THEN property.table_privileges()
        WHEN 'read S' THEN '{SELECT}'
        WHEN 'write S' THEN '{SELECT,USAGE}'
        WHEN 'all S' THEN '{SELECT,USAGE,UPDATE}'
        ELSE '{}'
    END
$$;

-- With is_whole the role holds what is wanted afterwards, whoever granted it; of a column it may.
CREATE FUNCTION property.acl_after(acl jsonb, role text, owner text, wanted text[], passed_on text[], is_whole boolean)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(entry ORDER BY entry), '[]')
        FROM (
            SELECT CASE WHEN e ->> 1 = ANY (passed_on) THEN e ELSE jsonb_set(e, '{3}', 'false') END
            FROM jsonb_array_elements(acl) e
            WHERE e ->> 0 = role AND e ->> 2 = owner AND e ->> 1 = ANY (wanted || passed_on)
            UNION ALL
            SELECT e FROM jsonb_array_elements(acl) e WHERE e ->> 0 <> role OR e ->> 2 <> owner
            UNION ALL
            SELECT jsonb_build_array(role, w, owner, false)
            FROM unnest(wanted) w
            WHERE is_whole AND NOT EXISTS (SELECT FROM jsonb_array_elements(acl) e WHERE e ->> 0 = role AND e ->> 1 = w)
        ) a(entry));
END $$;
