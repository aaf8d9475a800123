-- More for the generator: what makes descriptions interesting, and what a database has of it.

-- Things that tables have in common, and identities whose index is gone.
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
    IF property.chance(0.3) THEN
        PERFORM property.attempt(format('CREATE TABLE IF NOT EXISTS %s."~lineage" (id int)', property.quoted(property.pick(schemas))));
    END IF;
    FOREACH relation IN ARRAY property.relations('r') LOOP
        IF property.chance(0.2) THEN
            PERFORM property.make_hazard(relation);
        END IF;
    END LOOP;
    -- One of a partition goes with its root's.
    FOR statement IN
        SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX IF EXISTS %s CASCADE', property.quoted(indexrelid))
               ELSE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s CASCADE', property.quoted(indrelid), property.quoted(conname)) END
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
                                          property.chance(0.5),
                                          CASE WHEN property.chance(0.3) THEN property.pick(roles) END);
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

-- What UPDATE and DELETE may fail at: generated columns, in the identity or not, and row filters by
-- other columns.
CREATE FUNCTION property.make_hazard(relation oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := property.quoted(relation);
    columns text[] := property.columns(relation);
    publications text[] := array(SELECT property.quoted(pubname) COLLATE "C" FROM pg_publication WHERE NOT puballtables ORDER BY 1);
    kind float8 := random();
BEGIN
    IF kind < 0.3 AND '"id"' = ANY (columns) THEN
        PERFORM property.attempt(format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS double int GENERATED ALWAYS AS (id * 2) %s', name,
                                        CASE WHEN property.is_since(18) AND property.chance(0.5) THEN 'VIRTUAL' ELSE 'STORED' END));
    ELSIF kind < 0.6 AND '"id"' = ANY (columns) THEN
        PERFORM property.attempt(format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS key int GENERATED ALWAYS AS (id) STORED NOT NULL', name));
        IF '"key"' = ANY (property.columns(relation)) THEN -- not where it is a partition
            PERFORM property.attempt(format('CREATE UNIQUE INDEX ON %s (key)', name));
        END IF;
        PERFORM property.attempt(format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %s', name, property.quoted(c.relname)))
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = relation AND NOT indisprimary AND indisunique
        ORDER BY c.relname COLLATE "C" LIMIT 1;
    ELSIF publications <> '{}' AND '"note"' = ANY (columns) THEN
        PERFORM property.attempt(format('ALTER PUBLICATION %s ADD TABLE ONLY %s WHERE (note > ''a''''b'' OR note IS NULL)',
                                        property.pick(publications), name));
    END IF;
END $$;

-- Nothing is left that a document has no words for.
CREATE FUNCTION property.tidy(schemas text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM property.revoke_all(schemas);
    PERFORM property.tidy_publications();
END $$;

CREATE FUNCTION property.tidy_publications() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
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

-- All of an access, by hand; what is to come also from a role that may own nothing there.
CREATE FUNCTION property.grant_access(schema text, grantee text, access text, has_future boolean, another text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    whom text := property.grantee(grantee);
BEGIN
    FOR statement IN
        SELECT format('REVOKE ALL ON SCHEMA %s FROM %s CASCADE', property.quoted(schema), whom)
        UNION ALL
        SELECT format('GRANT %s ON SCHEMA %s TO %s', array_to_string(property.wanted(access, 'n'), ', '),
                      property.quoted(schema), whom)
        UNION ALL
        SELECT format(action, array_to_string(property.wanted(access, CASE relkind WHEN 'S' THEN 'S' ELSE 'r' END), ', '),
                      CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || property.quoted(oid), whom)
        FROM pg_class,
             unnest('{"REVOKE ALL ON %2$s FROM %3$s CASCADE","GRANT %1$s ON %2$s TO %3$s"}'::text[]) WITH ORDINALITY a(action, at)
        WHERE relnamespace = property.schema_oid(schema) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND pg_get_userbyid(relowner) <> grantee
        UNION ALL
        SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s GRANT %s ON %s TO %s',
                      property.quoted(pg_get_userbyid(owner)),
                      property.quoted(schema), array_to_string(property.wanted(access, kind), ', '), word, whom)
        FROM (SELECT relowner FROM pg_class WHERE relnamespace = property.schema_oid(schema) AND relkind IN ('r', 'p')
              UNION
              SELECT nspowner FROM pg_namespace WHERE nspname = schema
              UNION
              SELECT oid FROM pg_roles WHERE rolname = another) o(owner),
             (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES')) k(kind, word)
        WHERE has_future AND pg_get_userbyid(owner) <> grantee
    LOOP
        PERFORM property.make(statement);
    END LOOP;
END $$;

CREATE FUNCTION property.kinds(schemas text[]) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    relations oid[] := property.relations('r', 'p');
BEGIN
    RETURN array(
        SELECT DISTINCT 'has: ' || kind FROM (
            SELECT unnest(ARRAY[
                CASE WHEN starts_with(c.relname, '~') THEN 'hidden table' END,
                CASE WHEN relpersistence = 'u' THEN 'unlogged table' END,
                CASE WHEN c.relispartition AND relnamespace <> (SELECT relnamespace FROM pg_class WHERE oid = pg_partition_root(c.oid))
                     THEN 'partition in another schema' END,
                CASE WHEN relreplident <> 'i' THEN concat('identity ', relreplident)
                     WHEN EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisreplident) THEN 'identity index'
                     ELSE 'identity index dropped' END,
                CASE WHEN reloptions::text ~ 'vacuum' THEN 'vacuum option' END,
                CASE WHEN reloptions::text ~ 'fillfactor|parallel_workers|toast_tuple_target|user_catalog' THEN 'other option' END,
                CASE WHEN (SELECT reloptions IS NOT NULL FROM pg_class WHERE oid = c.reltoastrelid) THEN 'toast option' END])
            FROM pg_class c WHERE oid = ANY (relations)
            UNION ALL
            SELECT unnest(ARRAY[
                CASE WHEN puballtables THEN 'publication of all tables' END,
                CASE WHEN EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = p.oid) THEN 'publication of a schema' END,
                CASE WHEN EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = p.oid AND prattrs IS NOT NULL) THEN 'column list' END,
                CASE WHEN EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = p.oid AND prqual IS NOT NULL) THEN 'row filter' END,
                CASE WHEN EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = p.oid)
                      AND EXISTS (SELECT FROM unnest(relations) r
                                  WHERE NOT EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = p.oid AND prrelid = r))
                     THEN 'publication of some tables' END,
                CASE WHEN NOT pubviaroot THEN 'publication not via the root' END])
            FROM pg_publication p
            UNION ALL
            SELECT unnest(ARRAY[
                CASE WHEN grantor <> relowner THEN 'grant by another' END,
                CASE WHEN is_grantable AND grantee <> relowner THEN 'grant option' END,
                CASE WHEN grantee = 0 THEN 'grant to PUBLIC' END])
            FROM pg_class, aclexplode(relacl) WHERE oid = ANY (relations)
            UNION ALL
            SELECT 'column grant' FROM pg_attribute WHERE attrelid = ANY (relations) AND attacl IS NOT NULL
            UNION ALL
            SELECT concat('default privileges ', defaclobjtype) FROM pg_default_acl JOIN pg_namespace n ON n.oid = defaclnamespace
            WHERE nspname = ANY (schemas)
            UNION ALL
            SELECT 'default privileges of who owns nothing' FROM pg_default_acl JOIN pg_namespace n ON n.oid = defaclnamespace
            WHERE nspname = ANY (schemas) AND defaclobjtype IN ('r', 'S') AND defaclrole <> nspowner
              AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relowner = defaclrole AND relkind IN ('r', 'p'))) k(kind)
        WHERE kind IS NOT NULL);
END $$;
