-- The order of tables: parents before children, parts directly after their master, else the smallest by name.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\getenv abs_srcdir PG_ABS_SRCDIR
\set fixture :abs_srcdir '/fixtures/pipeline.sql'
\set ECHO none
\o /dev/null
\i :fixture
\o
\set ECHO all
\c
SET client_min_messages = error;
CREATE SCHEMA order_rules;

-- The tables of a schema in the order of a dry run.
CREATE FUNCTION order_rules.planned(schema text) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(substring(statement FROM '\."(.*)" REPLICA') ORDER BY number), '{}')
    FROM jsonb_array_elements_text(dj_deploy.set_replica_identity(schema) -> 'ddl') WITH ORDINALITY ddl (statement, number)
$$;

-- The foreign keys inside a schema but a table's own.
CREATE FUNCTION order_rules.foreign_keys(schema text) RETURNS TABLE (parent text, child text) LANGUAGE sql AS $$
    SELECT DISTINCT p.relname, c.relname
    FROM pg_constraint k JOIN pg_class p ON p.oid = confrelid JOIN pg_class c ON c.oid = conrelid
    WHERE contype = 'f' AND p.oid <> c.oid AND p.relnamespace = schema::regnamespace AND c.relnamespace = schema::regnamespace
$$;

-- The rule told in another way: the next table is always the smallest of those allowed next. A part is allowed while its
-- master's group is open; a master when the outside parents of its whole group are there. For schemas without
-- contradictions; the part's name is all before the last "__".
CREATE FUNCTION order_rules.expected(schema text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    placed text[] := '{}';
    open_master text;
    next text;
BEGIN
    CREATE TEMPORARY TABLE member ON COMMIT DROP AS
        SELECT c.relname::text COLLATE "C" AS name, coalesce(m.relname, c.relname)::text COLLATE "C" AS master
        FROM pg_class c
        LEFT JOIN pg_class m ON m.relnamespace = c.relnamespace AND m.relname = substring(c.relname FROM '^(.+)__.*$')
        WHERE c.relnamespace = schema::regnamespace AND c.relkind = 'r' AND c.relname !~ '^~';
    LOOP
        SELECT name INTO next FROM member
        WHERE name <> ALL (placed)
          AND CASE WHEN master = name
              THEN NOT EXISTS (SELECT FROM member outside, order_rules.foreign_keys(schema), member inside
                               WHERE parent = outside.name AND child = inside.name
                                 AND inside.master = member.name AND outside.master <> member.name
                                 AND outside.name <> ALL (placed))
              ELSE master = open_master
               AND NOT EXISTS (SELECT FROM order_rules.foreign_keys(schema) WHERE child = name AND parent <> ALL (placed))
              END
        ORDER BY master = open_master DESC NULLS LAST, name LIMIT 1;
        EXIT WHEN NOT FOUND;
        placed := placed || next;
        open_master := (SELECT master FROM member WHERE name = next);
    END LOOP;
    DROP TABLE member;
    RETURN placed;
END $$;

-- Properties of a planned order, each of which has to hold for every table.
CREATE FUNCTION order_rules.faults(schema text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE planned text[] := order_rules.planned(schema);
BEGIN
    RETURN QUERY SELECT format('%s before its parent %s', child, parent) FROM order_rules.foreign_keys(schema)
        WHERE array_position(planned, child) < array_position(planned, parent);
    RETURN QUERY SELECT format('part %s away from its master', name)
        FROM unnest(planned) WITH ORDINALITY t (name, number)
        WHERE substring(name FROM '^(.+)__') = ANY (planned)
          AND NOT coalesce(planned[number - 1] ~ ('^' || substring(name FROM '^(.+)__') || '(__|$)'), false);
    IF planned <> order_rules.expected(schema) THEN
        RETURN NEXT format('not the smallest: %s', order_rules.expected(schema));
    END IF;
END $$;

-- The real pipeline: its tables, with their parents and masters in view of the reader, and no fault.
SELECT schema, unnest(order_rules.planned(schema)) FROM unnest(ARRAY['lab', 'behavior', 'ephys', 'analysis']) schema;
SELECT schema, order_rules.faults(schema) FROM unnest(ARRAY['lab', 'behavior', 'ephys', 'analysis']) schema;
SELECT count(*) FROM order_rules.foreign_keys('ephys');

-- Thirty small schemas of all kinds of foreign keys, by the digits of a hash; the order of names is not that of creation.
DO $$
DECLARE
    schema text;
    name text;
    names text[];
    digit int;
BEGIN
    FOR s IN 1..30 LOOP
        schema := 'order_' || s;
        names := '{}';
        EXECUTE format('CREATE SCHEMA %I', schema);
        FOR t IN 1..12 LOOP
            name := left(md5(format('name %s %s', s, t)), 3);
            digit := ('x' || left(md5(format('kind %s %s', s, t)), 7))::bit(28)::int;
            IF digit % 3 = 0 AND t > 1 THEN
                name := split_part(names[1 + digit % (t - 1)], '__', 1) || '__' || name;
            END IF;
            EXECUTE format('CREATE TABLE %I.%I (id int PRIMARY KEY)', schema, name);
            names := names || name;
        END LOOP;
        -- A part refers to its master and its master's earlier parts, a master to any earlier master or part.
        FOR child IN 2..12 LOOP
            FOR parent IN 1..child - 1 LOOP
                digit := ('x' || left(md5(format('key %s %s %s', s, child, parent)), 7))::bit(28)::int;
                IF digit % 4 = 0 AND (names[child] !~ '__'
                                      OR split_part(names[child], '__', 1) = split_part(names[parent], '__', 1)) THEN
                    EXECUTE format('ALTER TABLE %I.%I ADD FOREIGN KEY (id) REFERENCES %I.%I',
                                   schema, names[child], schema, names[parent]);
                END IF;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
SELECT schema, order_rules.planned(schema), order_rules.faults(schema)
FROM (SELECT 'order_' || s FROM generate_series(1, 30) s) t (schema);
SELECT sum(cardinality(order_rules.planned('order_' || s))), sum((SELECT count(*) FROM order_rules.foreign_keys('order_' || s)))
FROM generate_series(1, 30) s;

CREATE SCHEMA order_case;
SET search_path = order_case;

-- The names of DataJoint: "#" lookup, "_" imported, "__" computed (which is no part), parts of each, and parts of parts.
CREATE TABLE "#lookup" (); CREATE TABLE "#lookup__part" (); CREATE TABLE "#lookup_2" ();
CREATE TABLE _imp (); CREATE TABLE _imp__part (); CREATE TABLE _imp_2 ();
CREATE TABLE __comp (); CREATE TABLE __comp__part (); CREATE TABLE __comp_2 ();
CREATE TABLE a (); CREATE TABLE a__b (); CREATE TABLE a__b__c (); CREATE TABLE a__d (); CREATE TABLE aa ();
CREATE TABLE orphan_2 (); CREATE TABLE orphan__part (); CREATE TABLE orphan__part_2 (); CREATE TABLE orphan__part__sub ();
SELECT unnest(order_rules.planned('order_case'));
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- Names compare as bytes, in every locale: upper case before "_" before lower case.
CREATE TABLE a_b (); CREATE TABLE "aB" (); CREATE TABLE ab (); CREATE TABLE "Ab" (); CREATE TABLE "a-b" (); CREATE TABLE a1 ();
SELECT order_rules.planned('order_case');
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- A table's foreign key to itself means nothing for the order.
CREATE TABLE a (id int PRIMARY KEY REFERENCES a);
CREATE TABLE b (id int PRIMARY KEY);
SELECT order_rules.planned('order_case');
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- A part takes its parents along: its master waits for them, so that the part can follow at once.
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE z (id int PRIMARY KEY);
CREATE TABLE a__part (id int REFERENCES a REFERENCES z);
CREATE TABLE m (id int PRIMARY KEY);
SELECT order_rules.planned('order_case');
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- Parts of one master follow their foreign keys, then their names.
CREATE TABLE m (id int PRIMARY KEY);
CREATE TABLE m__z (id int PRIMARY KEY REFERENCES m);
CREATE TABLE m__a (id int REFERENCES m__z);
CREATE TABLE m__b (id int REFERENCES m);
SELECT order_rules.planned('order_case');
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- Foreign keys win: a part that refers to a table which refers to its master cannot stand beside it.
CREATE TABLE m (id int PRIMARY KEY);
CREATE TABLE between_them (id int PRIMARY KEY REFERENCES m);
CREATE TABLE m__part (id int PRIMARY KEY REFERENCES m REFERENCES between_them);
CREATE TABLE n (id int);
CREATE TABLE n__part (id int);
SELECT order_rules.planned('order_case');
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- The tables of a foreign-key cycle come after all others, by name; their dependents, also parts, after them.
CREATE TABLE b (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY REFERENCES b);
CREATE TABLE d (id int PRIMARY KEY REFERENCES c);
ALTER TABLE b ADD FOREIGN KEY (id) REFERENCES d;
CREATE TABLE a (id int PRIMARY KEY REFERENCES c);
CREATE TABLE b__part (id int PRIMARY KEY REFERENCES b);
CREATE TABLE before_b (id int PRIMARY KEY);
ALTER TABLE b ADD FOREIGN KEY (id) REFERENCES before_b;
CREATE TABLE z (id int PRIMARY KEY);
SELECT order_rules.planned('order_case');
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- Partitions come after their root and a foreign key to the root counts once, also where the root refers to itself.
CREATE TABLE root (id int PRIMARY KEY REFERENCES root) PARTITION BY RANGE (id);
CREATE TABLE a_leaf PARTITION OF root FOR VALUES FROM (0) TO (9);
CREATE TABLE z_leaf PARTITION OF root DEFAULT;
CREATE TABLE s_child (id int REFERENCES root);
CREATE TABLE b_free ();
SELECT order_rules.planned('order_case');
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- A foreign key of a partitioned table counts before there is any partition, and so does one not yet validated.
CREATE TABLE z (id int PRIMARY KEY);
CREATE TABLE root (id int PRIMARY KEY REFERENCES z) PARTITION BY RANGE (id);
CREATE TABLE y (id int PRIMARY KEY);
CREATE TABLE a (id int PRIMARY KEY);
ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES y NOT VALID;
SELECT order_rules.planned('order_case');
DROP SCHEMA order_case CASCADE; CREATE SCHEMA order_case;

-- Foreign keys from and to a partition alone count.
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE root (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE leaf PARTITION OF root DEFAULT;
ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES leaf;
CREATE TABLE z (id int PRIMARY KEY);
ALTER TABLE leaf ADD FOREIGN KEY (id) REFERENCES z;
SELECT order_rules.planned('order_case');

RESET search_path;
SELECT format('DROP SCHEMA order_%s CASCADE', s) FROM generate_series(1, 30) s \gexec
DROP SCHEMA order_case, order_rules, lab, behavior, ephys, analysis CASCADE;

-- A table between two cycles waits for the first and comes before the second.
CREATE SCHEMA order_between;
CREATE TABLE order_between.b (id int PRIMARY KEY);
CREATE TABLE order_between.c (id int PRIMARY KEY REFERENCES order_between.b);
ALTER TABLE order_between.b ADD FOREIGN KEY (id) REFERENCES order_between.c;
CREATE TABLE order_between.a (id int PRIMARY KEY REFERENCES order_between.b);
CREATE TABLE order_between.d (id int PRIMARY KEY REFERENCES order_between.a);
CREATE TABLE order_between.e (id int PRIMARY KEY REFERENCES order_between.d);
ALTER TABLE order_between.d ADD FOREIGN KEY (id) REFERENCES order_between.e;
SELECT string_agg(substring(statement FROM '\."(.*)" REPLICA'), ' ' ORDER BY number)
FROM jsonb_array_elements_text(dj_deploy.set_replica_identity('order_between') -> 'ddl') WITH ORDINALITY ddl (statement, number);
DROP SCHEMA order_between CASCADE;

-- A foreign key that a partition has from the table above it counts where that table is in another schema, and tables of one name
-- come in the order of their schemas.
CREATE SCHEMA order_above;
CREATE SCHEMA order_below;
CREATE SCHEMA order_beside;
CREATE TABLE order_below.parent (id int PRIMARY KEY);
CREATE TABLE order_above.root (id int PRIMARY KEY REFERENCES order_below.parent) PARTITION BY RANGE (id);
CREATE TABLE order_below.leaf PARTITION OF order_above.root FOR VALUES FROM (0) TO (10);
CREATE TABLE order_beside.leaf PARTITION OF order_above.root FOR VALUES FROM (10) TO (20);
CREATE TABLE order_above.leaf PARTITION OF order_above.root FOR VALUES FROM (20) TO (30);
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('order_below') -> 'ddl');
SELECT jsonb_array_elements_text(dj_deploy.set_replica_identity('order_above') -> 'ddl');
SET client_min_messages = error;
DROP SCHEMA order_above, order_below, order_beside CASCADE;
RESET client_min_messages;
