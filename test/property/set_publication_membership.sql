-- The publication holds the schema's tables. A row of pg_publication_rel is all there is to a member.

CREATE FUNCTION property.random_publication_membership() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    publications text[] := array(SELECT pubname::text COLLATE "C" FROM pg_publication ORDER BY 1);
BEGIN
    RETURN jsonb_build_object(
        'publication', CASE WHEN publications <> '{}' AND property.chance(0.75) THEN property.pick(publications)
                       ELSE property.pick(array(SELECT name FROM property.odd_name ORDER BY name)) END,
        'member', property.chance(0.75));
END $$;

CREATE FUNCTION property.expect_publication_membership(call property.call, facts property.fact[]) RETURNS property.expectation
LANGUAGE plpgsql AS $$
DECLARE
    expected property.expectation;
    name text := call.arguments ->> 'publication';
    is_member boolean := (call.arguments ->> 'member')::boolean;
    schemas oid[] := CASE call.target WHEN 0 THEN property.schema_oids(call) ELSE ARRAY[property.schema_oid(call.schema)] END;
    publication pg_publication;
    members property.member[];
    belonging oid[];
    added oid[] := '{}';
    left_out oid[] := '{}';
    narrowed oid[] := '{}';
    kept oid[] := '{}';
    dropped oid[];
BEGIN
    SELECT * INTO publication FROM pg_publication WHERE pubname = name;
    IF publication.oid IS NULL AND NOT is_member THEN
        RETURN property.refused('42704');
    ELSIF publication.puballtables OR (to_jsonb(publication) ->> 'puballsequences')::boolean
          OR EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = publication.oid AND pnnspid = ANY (schemas)) THEN
        RETURN property.refused('55000');
    END IF;

    members := property.members(publication.oid);
    belonging := CASE call.target WHEN 0 THEN property.own_tables(schemas) ELSE ARRAY[call.target] END;
    -- Under publish_via_partition_root the list or filter of a partition would no longer count once
    -- a table above it is listed.
    IF publication.pubviaroot THEN
        narrowed := array(SELECT relid FROM unnest(members), pg_partition_ancestors(relation)
                          WHERE NOT is_plain AND relid <> relation);
    END IF;
    IF is_member THEN
        added := array(
            SELECT t FROM unnest(belonging) t
            WHERE NOT EXISTS (SELECT FROM unnest(members) m WHERE relation = t)
              AND NOT EXISTS (SELECT FROM unnest(members) m JOIN pg_partition_ancestors(t) a ON m.relation = a.relid));
        left_out := array(SELECT oid FROM pg_class WHERE oid = ANY (added) AND (relpersistence = 'u' OR oid = ANY (narrowed)));
        added := array(SELECT unnest(added) EXCEPT SELECT unnest(left_out));
        -- A partition is taken out for its root, so the root must be listed, or hidden.
        kept := array(
            SELECT relation FROM unnest(members) m JOIN pg_class root ON root.oid = pg_partition_root(relation)
            WHERE call.target = 0 AND root_schema = ANY (schemas) AND is_partition
              AND (NOT is_plain OR (root.relpersistence = 'u' OR root.oid = ANY (narrowed))
                                   AND NOT EXISTS (SELECT FROM unnest(members) l WHERE l.relation = root.oid)));
    ELSE
        -- Whether it was listed itself or not.
        left_out := array(
            SELECT call.target
            WHERE EXISTS (SELECT FROM unnest(members) JOIN pg_partition_ancestors(call.target) a ON relation = a.relid
                          WHERE a.relid <> call.target));
    END IF;
    dropped := array(
        SELECT relation FROM unnest(members)
        WHERE CASE WHEN call.target <> 0 THEN relation = call.target AND NOT is_member
              ELSE root_schema = ANY (schemas) AND NOT (is_member AND relation = ANY (belonging || kept)) END);

    expected.refusal := property.unless_allowed(
        property.owns(call.caller, added) AND property.reaches(call.caller, added || dropped)
        AND CASE WHEN publication.oid IS NULL
                 THEN call.caller = 'none' OR has_database_privilege(call.caller, current_database(), 'CREATE')
                 ELSE added || dropped = '{}' OR property.acts_as(call.caller, publication.pubowner) END);
    expected.analyzed := cardinality(array(SELECT unnest(belonging) UNION SELECT unnest(dropped || kept)));
    expected.modified := cardinality(added || dropped);
    expected.skipped := array(SELECT property.quoted(t) FROM unnest(left_out || kept) t);
    expected.ddl := array(
        SELECT format('ALTER PUBLICATION %s %s TABLE %s%s', property.quoted(name), verb,
                      CASE WHEN relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = oid) THEN 'ONLY ' END,
                      property.quoted(oid))
        FROM (SELECT 'ADD', unnest(added) UNION ALL SELECT 'DROP', unnest(dropped)) planned(verb, relation)
        JOIN pg_class ON oid = relation);
    expected.changes := array(
        SELECT ROW('pg_publication_rel', concat(relation, ' ', name), content)::property.fact
        FROM (SELECT t, property.member_content(t) FROM unnest(added) t
              UNION ALL SELECT t, NULL FROM unnest(dropped) t) planned(relation, content));
    IF publication.oid IS NULL THEN
        expected.ddl := expected.ddl
            || format('CREATE PUBLICATION %s WITH (publish_via_partition_root = true)', property.quoted(name));
        expected.changes := expected.changes
            || ROW('pg_publication', name, property.publication_content(name, call.caller))::property.fact;
    END IF;
    RETURN expected;
END $$;

-- The tables that a publication of the schemas lists.
CREATE FUNCTION property.own_tables(schemas oid[]) RETURNS oid[] LANGUAGE sql STABLE AS $$
    SELECT array(SELECT oid FROM pg_class
                 WHERE relnamespace = ANY (schemas) AND relkind IN ('r', 'p') AND NOT relispartition AND NOT starts_with(relname, '~'))
$$;

-- A partition belongs to the schema of the topmost table, any other table to its own. A plain
-- member has no column list and no row filter.
CREATE TYPE property.member AS (relation oid, root_schema oid, is_partition boolean, is_plain boolean);

CREATE FUNCTION property.members(publication oid) RETURNS property.member[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array(
        SELECT ROW(c.oid, root.relnamespace, c.relispartition, prattrs IS NULL AND prqual IS NULL)::property.member
        FROM pg_publication_rel
        JOIN pg_class c ON c.oid = prrelid
        JOIN pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid)
        WHERE prpubid = publication);
END $$;

CREATE FUNCTION property.member_content(relation oid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('prrelid', relation::text, 'prqual', NULL, 'prattrs', NULL)
        || CASE WHEN property.is_since(19) THEN '{"prexcept": false}'::jsonb ELSE '{}' END
$$;

CREATE FUNCTION property.publication_content(name text, owner text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
            'pubname', name,
            'pubowner', (SELECT oid::text FROM pg_roles
                         WHERE rolname = CASE owner WHEN 'none' THEN current_user ELSE owner END))
        || '{"puballtables": false, "pubinsert": true, "pubupdate": true, "pubdelete": true, "pubtruncate": true}'
        || '{"pubviaroot": true}'
        || CASE WHEN property.is_since(18) THEN '{"pubgencols": "n"}'::jsonb ELSE '{}' END
        || CASE WHEN property.is_since(19) THEN '{"puballsequences": false}'::jsonb ELSE '{}' END
$$;
