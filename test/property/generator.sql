-- Random schemas and what is in them, with owners, privileges and publications.

-- Executes a statement, as another role if one is named. property.trace = on shows it.
CREATE FUNCTION property.make(statement text, maker text DEFAULT 'none') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', maker, true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
    IF current_setting('property.trace', true) = 'on' THEN
        RAISE NOTICE USING MESSAGE = CASE maker WHEN 'none' THEN statement || ';'
            ELSE format('SET ROLE %s; %s; RESET ROLE;', property.quoted(maker), statement) END;
    END IF;
END $$;

-- The same for a statement that the server may refuse to this role or for this object; then nothing happens.
CREATE FUNCTION property.attempt(statement text, maker text DEFAULT 'none') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM property.make(statement, maker);
EXCEPTION WHEN insufficient_privilege OR wrong_object_type OR dependent_objects_still_exist OR object_not_in_prerequisite_state
          OR feature_not_supported OR invalid_object_definition OR invalid_table_definition OR invalid_parameter_value
          OR invalid_grant_operation OR invalid_column_reference OR duplicate_object THEN
    NULL;
END $$;

-- Two or three schemas, the first with most of what there is. The roles are those that have to do with them.
CREATE FUNCTION property.generate(roles text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    schemas text[] := property.some(array(SELECT name FROM property.odd_name ORDER BY name), 3);
    relation oid;
BEGIN
    FOR at IN 1..cardinality(schemas) LOOP
        PERFORM property.make('CREATE SCHEMA ' || property.quoted(schemas[at]));
        PERFORM property.make(format('ALTER SCHEMA %s OWNER TO %s', property.quoted(schemas[at]),
                                     property.quoted(property.pick(roles)))) WHERE property.chance(0.6);
    END LOOP;
    -- A later one is a member of an earlier one, so there is no circle.
    FOR at IN 2..cardinality(roles) LOOP
        PERFORM property.make(format('GRANT %s TO %s', property.quoted(roles[1 + property.below(at - 1)]),
                                     property.quoted(roles[at]))) WHERE property.chance(0.2);
    END LOOP;
    FOR at IN 1..property.below(3) LOOP
        PERFORM property.make_default_privilege(schemas, roles);
    END LOOP;
    FOR at IN 1..1 + property.below(6) LOOP
        PERFORM property.make_table(schemas);
    END LOOP;
    FOR at IN 1..property.below(4) LOOP
        PERFORM property.make_other_relation(schemas);
    END LOOP;
    FOREACH relation IN ARRAY property.relations('r', 'p') LOOP
        PERFORM property.adorn(relation, roles);
    END LOOP;
    FOREACH relation IN ARRAY property.relations('v', 'm', 'f', 'S') LOOP
        PERFORM property.attempt(format('ALTER TABLE %s OWNER TO %s', property.quoted(relation),
                                        property.quoted(property.pick(roles)))) WHERE property.chance(0.4);
    END LOOP;
    FOR at IN 1..property.below(14) LOOP
        PERFORM property.make_privilege(schemas, roles);
    END LOOP;
    FOR at IN 1..property.below(3) LOOP
        PERFORM property.make_publication(schemas, roles);
    END LOOP;
    RETURN schemas;
END $$;

-- Something happens between two calls.
CREATE FUNCTION property.disturb(schemas text[], roles text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind float8 := random();
    tables oid[] := property.relations('r', 'p');
BEGIN
    IF kind < 0.3 THEN
        PERFORM property.make_table(schemas);
    ELSIF kind < 0.5 AND tables <> '{}' THEN
        PERFORM property.adorn(property.pick(tables), roles);
    ELSIF kind < 0.8 THEN
        PERFORM property.make_privilege(schemas, roles);
    ELSE
        PERFORM property.make_publication(schemas, roles);
    END IF;
END $$;

-- Where something goes, or happens.
CREATE FUNCTION property.place(schemas text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN property.chance(0.75) THEN schemas[1] ELSE property.pick(schemas) END
$$;

-- A name that no relation or function of the schema has, quoted and qualified.
CREATE FUNCTION property.new_name(schemas text[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    schema text := property.place(schemas);
    place oid := property.schema_oid(schema);
BEGIN
    RETURN property.quoted(schema, property.pick(array(
        SELECT name FROM property.odd_name
        WHERE NOT EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = place)
          AND NOT EXISTS (SELECT FROM pg_proc WHERE proname = name AND pronamespace = place)
        ORDER BY name)));
END $$;

CREATE FUNCTION property.make_table(schemas text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := property.new_name(schemas);
    kind float8 := random();
    parents oid[];
BEGIN
    IF kind < 0.2 THEN
        PERFORM property.make(format('CREATE %sTABLE %s (id int, kind int, note text%s) PARTITION BY LIST (kind)',
                                     CASE WHEN property.chance(0.1) AND NOT property.is_since(18) THEN 'UNLOGGED ' END, name,
                                     CASE WHEN property.chance(0.5) THEN ', PRIMARY KEY (id, kind)' END));
        FOR value IN 1..1 + property.below(3) LOOP
            PERFORM property.make_partition(name, value, schemas, 0);
        END LOOP;
    ELSIF kind < 0.3 THEN
        parents := array(SELECT p FROM unnest(property.relations('r')) WITH ORDINALITY AS p(p, at)
                         JOIN pg_class c ON c.oid = p WHERE NOT relispartition ORDER BY at);
        PERFORM property.make(format('CREATE TABLE %s (own text)%s', name,
            CASE WHEN parents <> '{}' THEN format(' INHERITS (%s)', property.quoted(property.pick(parents))) END));
    ELSE
        PERFORM property.make_plain_table(name);
    END IF;
END $$;

CREATE FUNCTION property.make_plain_table(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    columns text := property.pick(ARRAY[
        'id int PRIMARY KEY, note text',
        'id int PRIMARY KEY, note text',
        'id int PRIMARY KEY, n int',
        'id int PRIMARY KEY DEFERRABLE, note text',
        'id int NOT NULL UNIQUE, note text',
        'id int, note text',
        '',
        'id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text, " "" col" text',
        'id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED',
        'gone text, id int PRIMARY KEY, note text DEFAULT ''x''']);
    parents oid[];
BEGIN
    PERFORM property.make(format('CREATE %sTABLE %s (%s)',
                                 CASE WHEN property.chance(0.15) THEN 'UNLOGGED ' END, name, columns));
    PERFORM property.make(format('ALTER TABLE %s DROP COLUMN gone', name)) WHERE starts_with(columns, 'gone');
    IF columns <> '' AND property.chance(0.4) THEN
        parents := array(SELECT p FROM unnest(property.relations('r')) WITH ORDINALITY AS p(p, at)
                         JOIN pg_index ON indrelid = p AND indisprimary AND indimmediate AND indnatts = 1 ORDER BY at);
        PERFORM property.attempt(format('ALTER TABLE %s ADD FOREIGN KEY (id) REFERENCES %s', name,
                                        property.quoted(property.pick(parents)))) WHERE parents <> '{}';
    END IF;
END $$;

-- A leaf, a table partitioned in its turn, or a foreign table where the server allows it. 0 is the
-- default partition.
CREATE FUNCTION property.make_partition(parent text, value int, schemas text[], depth int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := property.new_name(schemas);
    partition text := format('TABLE %s PARTITION OF %s %s', name, parent,
                             CASE value WHEN 0 THEN 'DEFAULT' ELSE format('FOR VALUES IN (%s)', value) END);
BEGIN
    IF property.chance(0.15) THEN
        PERFORM property.attempt(format('CREATE FOREIGN %s SERVER property_server', partition));
    ELSIF depth < 2 AND property.chance(0.25) THEN
        PERFORM property.make(format('CREATE %s PARTITION BY LIST (kind)', partition));
        PERFORM property.make_partition(name, value, schemas, depth + 1);
        PERFORM property.make_partition(name, 0, schemas, depth + 1) WHERE value <> 0 AND property.chance(0.5);
    ELSE
        PERFORM property.make('CREATE ' || partition);
    END IF;
END $$;

CREATE FOREIGN DATA WRAPPER property_wrapper;
CREATE SERVER property_server FOREIGN DATA WRAPPER property_wrapper;

-- What is no table.
CREATE FUNCTION property.make_other_relation(schemas text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM property.make(replace(property.pick(ARRAY[
        'CREATE VIEW % AS SELECT 1 AS id, ''x''::text AS note',
        'CREATE MATERIALIZED VIEW % AS SELECT 1 AS id, ''x''::text AS note',
        'CREATE SEQUENCE %',
        'CREATE SEQUENCE %',
        'CREATE FOREIGN TABLE % (id int, note text) SERVER property_server',
        'CREATE TYPE % AS (id int)',
        'CREATE FUNCTION %() RETURNS int LANGUAGE sql AS ''SELECT 1''']), '%', property.new_name(schemas)));
END $$;

-- What somebody decided for a table: its owner, identity, options, and things that must stay as they are.
CREATE FUNCTION property.adorn(relation oid, roles text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := property.quoted(relation);
    indexes text[] := array(
        SELECT 'USING INDEX ' || property.quoted(relname) COLLATE "C" FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE indrelid = relation AND indisunique AND indimmediate ORDER BY 1);
BEGIN
    PERFORM property.make(format('ALTER TABLE %s OWNER TO %s', name, property.quoted(property.pick(roles))))
    WHERE property.chance(0.6);
    PERFORM property.attempt(format('ALTER TABLE %s REPLICA IDENTITY %s', name,
                                    property.pick('{FULL,NOTHING,DEFAULT}'::text[] || indexes))) WHERE property.chance(0.4);
    IF (SELECT relkind = 'r' FROM pg_class WHERE oid = relation) THEN
        PERFORM property.make(format('ALTER TABLE %s SET (%s)', name, property.random_options()))
        WHERE property.chance(0.5);
        PERFORM property.make(format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name))
        WHERE property.chance(0.1);
        PERFORM property.attempt(format('CREATE TRIGGER t AFTER INSERT ON %s EXECUTE FUNCTION property.do_nothing()', name))
        WHERE property.chance(0.1);
        PERFORM property.make(format('COMMENT ON TABLE %s IS ''stays''', name))
        WHERE property.chance(0.1);
        PERFORM property.attempt(format('ALTER TABLE %s DROP COLUMN note', name))
        WHERE '"note"' = ANY (property.columns(relation)) AND property.chance(0.1);
    END IF;
END $$;

CREATE FUNCTION property.do_nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

CREATE FUNCTION property.random_options() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    options text := '';
    option text;
BEGIN
    FOREACH option IN ARRAY property.some(property.parameters(), 4) LOOP
        options := options || format('%s = %L, ', option, property.pick(property.spellings(property.parameter(option))));
    END LOOP;
    RETURN options
        || property.pick('{fillfactor=70,parallel_workers=3,toast_tuple_target=256,user_catalog_table=true}'::text[]);
END $$;

-- Gives, passes on or takes away something on a schema, a relation or some of its columns.
CREATE FUNCTION property.make_privilege(schemas text[], roles text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    relation oid := property.pick(property.relations('r', 'p', 'v', 'm', 'f', 'S'));
    kind "char" := (SELECT relkind FROM pg_class WHERE oid = relation);
    is_on_schema boolean := relation IS NULL OR property.chance(0.15);
    schema text := CASE WHEN is_on_schema THEN property.pick(schemas) ELSE property.schema_of(relation) END;
    object text := CASE WHEN is_on_schema THEN 'SCHEMA ' || property.quoted(schema)
                   ELSE 'TABLE ' || property.quoted(relation) END;
    -- System columns have privileges too, and a sequence's columns can be read.
    columns text[] := property.columns(relation) || CASE WHEN kind <> 'v' THEN ARRAY['ctid'] END;
    is_on_columns boolean := property.chance(0.3);
    privileges text;
    grantee text := property.pick(roles || 'public'::text);
    may_pass_on boolean := grantee <> 'public' AND property.chance(0.4);
BEGIN
    privileges := CASE
        WHEN is_on_schema THEN property.some_of('{USAGE,CREATE}', 2)
        WHEN is_on_columns AND kind = 'S' THEN format('SELECT (%s)', property.some_of(columns, 2))
        WHEN is_on_columns THEN
            (SELECT string_agg(format('%s (%s)', p, property.some_of(columns, 2)), ', ')
             FROM unnest(property.some('{SELECT,INSERT,UPDATE,REFERENCES}'::text[], 2)) p)
        WHEN property.chance(0.1) THEN 'ALL'
        WHEN kind = 'S' THEN property.some_of('{USAGE,SELECT,UPDATE}', 3)
        ELSE property.some_of(property.table_privileges(), 4) END;
    IF kind = 'S' AND NOT is_on_schema AND NOT is_on_columns THEN
        object := 'SEQUENCE ' || property.quoted(relation);
    END IF;

    IF property.chance(0.15) THEN
        PERFORM property.attempt(format('REVOKE %s ON %s FROM %s', privileges, object, property.grantee(grantee)));
        RETURN;
    END IF;
    PERFORM property.attempt(format('GRANT %s ON %s TO %s%s', privileges, object, property.grantee(grantee),
                                    CASE WHEN may_pass_on THEN ' WITH GRANT OPTION' END));
    IF may_pass_on AND property.chance(0.6) THEN
        PERFORM property.make(format('GRANT USAGE ON SCHEMA %s TO %s', property.quoted(schema), property.grantee(grantee)));
        PERFORM property.attempt(format('GRANT %s ON %s TO %s', privileges, object,
                                        property.grantee(property.pick(roles || 'public'::text))), grantee);
    END IF;
END $$;

CREATE FUNCTION property.make_default_privilege(schemas text[], roles text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind text := property.pick('{TABLES,TABLES,SEQUENCES,SEQUENCES,FUNCTIONS}'::text[]);
    grantee text := property.pick(roles || 'public'::text);
BEGIN
    PERFORM property.make(format('ALTER DEFAULT PRIVILEGES FOR ROLE %s%s GRANT %s ON %s TO %s%s',
        property.quoted(property.pick(roles || current_user::text)),
        CASE WHEN property.chance(0.8) THEN ' IN SCHEMA ' || property.quoted(property.pick(schemas)) END,
        CASE kind WHEN 'TABLES' THEN property.some_of(property.table_privileges(), 3)
                  WHEN 'SEQUENCES' THEN property.some_of('{USAGE,SELECT,UPDATE}', 2) ELSE 'EXECUTE' END,
        kind, property.grantee(grantee),
        CASE WHEN grantee <> 'public' AND property.chance(0.3) THEN ' WITH GRANT OPTION' END));
END $$;

CREATE FUNCTION property.make_publication(schemas text[], roles text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    publication text := property.quoted(property.pick(array(
        SELECT name FROM property.odd_name LEFT JOIN pg_publication ON pubname = name WHERE pubname IS NULL ORDER BY name)));
    kind float8 := random();
    tables oid[] := property.relations('r', 'p');
    relation oid;
    columns text[];
BEGIN
    IF kind < 0.08 THEN
        PERFORM property.make(format('CREATE PUBLICATION %s FOR ALL %s', publication,
                                     CASE WHEN kind < 0.02 AND property.is_since(19) THEN 'SEQUENCES' ELSE 'TABLES' END));
        RETURN;
    END IF;
    PERFORM property.make(format('CREATE PUBLICATION %s WITH (publish = ''%s'', publish_via_partition_root = %s)', publication,
                                 property.pick('{"insert, update, delete","insert, delete",insert}'::text[]),
                                 property.pick('{true,false}'::text[])));
    PERFORM property.make(format('ALTER PUBLICATION %s ADD TABLES IN SCHEMA %s', publication,
                                 property.quoted(property.pick(schemas)))) WHERE kind < 0.2;
    IF kind > 0.12 AND tables <> '{}' THEN
        FOREACH relation IN ARRAY property.some(tables, 4) LOOP
            columns := property.columns(relation);
            PERFORM property.attempt(format('ALTER PUBLICATION %s ADD TABLE %s%s%s%s', publication,
                CASE WHEN property.chance(0.5) THEN 'ONLY ' END, property.quoted(relation),
                CASE WHEN columns <> '{}' AND property.chance(0.25) THEN format(' (%s)', property.some_of(columns, 2)) END,
                CASE WHEN '"id"' = ANY (columns) AND property.chance(0.25) THEN ' WHERE (id > 0)' END));
        END LOOP;
    END IF;
    -- Only a superuser owns a publication of schemas.
    PERFORM property.attempt(format('ALTER PUBLICATION %s OWNER TO %s', publication, property.quoted(property.pick(roles))))
    WHERE property.chance(0.3);
END $$;
