-- The scene: one schema as DataJoint declares it. Tables come in groups of five, a lookup, a
-- manual, an imported and a computed table and a part of the last, chained by foreign keys; the
-- manual tables form a tree across the groups. With it comes the hidden table of every DataJoint
-- schema, which no contender may touch.

CREATE PROCEDURE declare_schema(schema text, tables integer)
LANGUAGE plpgsql
AS $procedure$
DECLARE
    cascade constant text := 'ON UPDATE CASCADE ON DELETE RESTRICT';
    job constant text := $$"_job_start_time" timestamp(3), "_job_duration" real, "_job_version" varchar(64) NOT NULL DEFAULT ''$$;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', schema);
    EXECUTE format('CREATE TABLE %I."~lineage" (
        table_name varchar(64), attribute_name varchar(64), lineage varchar(255) NOT NULL,
        PRIMARY KEY (table_name, attribute_name))', schema);

    FOR number IN 0 .. tables / 5 - 1 LOOP
        EXECUTE format($ddl$
            CREATE TABLE %1$I."#method_%2$s" (
                method varchar(32), parameters jsonb NOT NULL,
                PRIMARY KEY (method));
            CREATE TABLE %1$I."recording_%2$s" (
                subject_id integer, session smallint, method varchar(32) NOT NULL, notes varchar(1000) NOT NULL DEFAULT '',
                PRIMARY KEY (subject_id, session),
                FOREIGN KEY (method) REFERENCES %1$I."#method_%2$s" %3$s);
            CREATE TABLE %1$I."_import_%2$s" (
                subject_id integer, session smallint, sampling_rate real NOT NULL, traces bytea NOT NULL, %4$s,
                PRIMARY KEY (subject_id, session),
                FOREIGN KEY (subject_id, session) REFERENCES %1$I."recording_%2$s" %3$s);
            CREATE TABLE %1$I."__analysis_%2$s" (
                subject_id integer, session smallint, method varchar(32), n_units integer NOT NULL, %4$s,
                PRIMARY KEY (subject_id, session, method),
                FOREIGN KEY (subject_id, session) REFERENCES %1$I."_import_%2$s" %3$s,
                FOREIGN KEY (method) REFERENCES %1$I."#method_%2$s" %3$s);
            CREATE TABLE %1$I."__analysis_%2$s__unit" (
                subject_id integer, session smallint, method varchar(32), unit smallint, spike_times bytea NOT NULL,
                PRIMARY KEY (subject_id, session, method, unit),
                FOREIGN KEY (subject_id, session, method) REFERENCES %1$I."__analysis_%2$s" %3$s)
            $ddl$, schema, lpad(number::text, 4, '0'), cascade, job);
        IF number > 0 THEN
            EXECUTE format('ALTER TABLE %1$I."recording_%2$s" ADD
                FOREIGN KEY (subject_id, session) REFERENCES %1$I."recording_%3$s" %4$s',
                schema, lpad(number::text, 4, '0'), lpad((number / 8)::text, 4, '0'), cascade);
        END IF;
        -- So that the locks of 20,000 new tables and all that belongs to them need not fit at once.
        IF number % 100 = 99 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$procedure$;
