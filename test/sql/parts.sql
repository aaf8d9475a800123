-- A master with so many parts that the lists of the plan grow while they are filled.
CREATE SCHEMA many_parts;
SET client_min_messages = warning;
CREATE TABLE many_parts.a (id int PRIMARY KEY);
CREATE TABLE many_parts.b (id int PRIMARY KEY);
DO $$
BEGIN
    FOR number IN 10 .. 99 LOOP
        EXECUTE format('CREATE TABLE many_parts.b__%s (id int REFERENCES many_parts.b)', number);
    END LOOP;
END $$;
\pset format unaligned
\pset tuples_only on
-- True: a, b and the parts of b in order.
SELECT ddl = (SELECT jsonb_agg(format('ALTER TABLE "many_parts"."%s" REPLICA IDENTITY FULL', name) ORDER BY name)
              FROM unnest(ARRAY['a', 'b'] || ARRAY(SELECT 'b__' || generate_series(10, 99))) AS name)
FROM (SELECT dj_deploy.set_replica_identity('many_parts') -> 'ddl' AS ddl) AS plan;
DROP SCHEMA many_parts CASCADE;
