-- What consumers of changes are given to read, and whether it arrived. Each change of a row is made
-- by a function that remembers the row as the table had it before and after; what a consumer prints
-- becomes rows of seen.arrived; seen.differences compares the two column by column.

CREATE SCHEMA seen;
CREATE TABLE seen.made (n serial, stage text, op text, target text, before jsonb, after jsonb);
CREATE TABLE seen.arrived (n serial, stage text, op text, target text, before jsonb, after jsonb, line jsonb);
CREATE TABLE seen.lines (n serial, line jsonb);

CREATE FUNCTION seen.name_of(target regclass) RETURNS text LANGUAGE sql
RETURN (SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace WHERE c.oid = target);

-- The tables that consumers are to see: of two schemas all but the hidden ones.
CREATE FUNCTION seen.tables() RETURNS TABLE (target text) LANGUAGE sql AS $$
    SELECT seen.name_of(oid) FROM pg_class
    WHERE relnamespace IN ('lab'::regnamespace, 'analysis'::regnamespace) AND relkind = 'r' AND relname NOT LIKE '~%'
$$;

CREATE FUNCTION seen.insert(stage text, target regclass, content jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := seen.name_of(target);
    after jsonb;
BEGIN
    EXECUTE format('INSERT INTO %1$s AS t SELECT * FROM jsonb_populate_record(NULL::%1$s, $1) RETURNING to_jsonb(t)', name)
    INTO STRICT after USING content;
    INSERT INTO seen.made (stage, op, target, after) VALUES (stage, 'insert', name, after);
END $$;

CREATE FUNCTION seen.update(stage text, target regclass, change text, condition text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := seen.name_of(target);
    one text := COALESCE(condition, format('ctid = (SELECT min(ctid) FROM %s)', name));
    before jsonb;
    after jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(t) FROM %s AS t WHERE %s', name, one) INTO STRICT before;
    EXECUTE format('UPDATE %s AS t SET %s WHERE %s RETURNING to_jsonb(t)', name, change, one) INTO STRICT after;
    ASSERT before IS DISTINCT FROM after, name || ' stays as it is';
    INSERT INTO seen.made (stage, op, target, before, after) VALUES (stage, 'update', name, before, after);
END $$;

CREATE FUNCTION seen.delete(stage text, target regclass, condition text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := seen.name_of(target);
    before jsonb;
BEGIN
    EXECUTE format('DELETE FROM %s AS t WHERE %s RETURNING to_jsonb(t)', name,
                   COALESCE(condition, format('ctid = (SELECT min(ctid) FROM %s)', name))) INTO STRICT before;
    INSERT INTO seen.made (stage, op, target, before) VALUES (stage, 'delete', name, before);
END $$;

-- Bytes that do not compress, so that they are stored out of line.
CREATE FUNCTION seen.blob() RETURNS bytea LANGUAGE sql
RETURN (SELECT string_agg(sha512(int4send(i)), '' ORDER BY i) FROM generate_series(1, 2000) AS i);

-- What is missing under DEFAULT: a column changes beside a blob that does not, a key changes, a row goes.
CREATE FUNCTION seen.write_little(stage text) RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
BEGIN
    PERFORM seen.update(stage, 'analysis.__psth', 'psth = seen.blob()'),
            seen.update(stage, 'analysis.__psth', '_job_duration = 0.5', 'psth = seen.blob()'),
            seen.update(stage, 'lab."#rig__device"', 'device = ''second camera''', 'device = ''camera'''),
            seen.delete(stage, 'lab.litter', 'litter_id = 1');
END $$;

-- DataJoint's tables, with the types they have; a blob that does not change; then a row of each
-- table of both schemas goes.
CREATE FUNCTION seen.write(stage text) RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
BEGIN
    PERFORM seen.update(stage, 'analysis.__psth', 'psth = seen.blob() || ''again'''),
            seen.update(stage, 'analysis.__psth', '_job_duration = 0.25', 'psth = seen.blob() || ''again'''),
            seen.update(stage, 'analysis.__choice_decoding', 'accuracy = 0.875, _job_version = ''v2'''),
            seen.update(stage, 'analysis."#psth_parameters"', 'bin_width = bin_width * 2'),
            seen.update(stage, 'analysis.publication', 'accepted = NOT accepted, metadata = ''{"pages": [1, "ä"]}'''),
            seen.update(stage, 'lab."#rig"', 'settings = settings || ''{"moved": true}'''),
            seen.update(stage, 'lab."#rig__device"', 'serial = ''00000000-0000-4000-8000-000000000001'''),
            seen.update(stage, 'lab.experimenter', 'active = NOT active, full_name = full_name || '' "O''''Hara" \ ü'''),
            seen.update(stage, 'lab.project', 'budget = 1234.50'),
            seen.update(stage, 'lab.project__member', 'role = ''technician'''),
            seen.update(stage, 'lab.session', 'started = ''2024-02-29 23:59:59.123456'', note = repeat(''long '', 300)'),
            seen.update(stage, 'lab.session__trial', 'trial_stop = trial_stop + 0.1'),
            seen.update(stage, 'lab.subject', 'sex = ''U'', date_of_birth = ''0099-12-31'''),
            seen.update(stage, 'lab.weighing', 'weight = 21.5');
    PERFORM seen.delete(stage, 'analysis.__psth', 'psth = seen.blob() || ''again''');
    PERFORM seen.delete(stage, t.target::regclass) FROM seen.tables() AS t WHERE t.target <> 'analysis.__psth' ORDER BY t.target;
END $$;

-- An image of a row in the form that to_jsonb gives it: its values, whose text has PostgreSQL's own
-- form (bytea in hexadecimal digits), by the types that the columns have. A column that is not
-- there is not there; an image that these types do not take stays.
CREATE FUNCTION seen.typed(target text, image jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    values text;
    result jsonb;
BEGIN
    SELECT string_agg(format('(%s ($1 ->> %L))::%s AS %I', CASE WHEN atttypid = 'bytea'::regtype THEN '''\x'' ||' END, attname,
                             format_type(atttypid, atttypmod), attname), ', ' ORDER BY attnum)
    INTO values FROM pg_attribute WHERE attrelid = target::regclass AND attnum > 0 AND NOT attisdropped AND image ? attname::text;
    EXECUTE format('SELECT to_jsonb(r) FROM (SELECT %s) AS r', values) INTO result USING image;
    RETURN result;
EXCEPTION WHEN data_exception THEN
    RETURN image;
END $$;

-- What arrived of a stage beside what was made: each change that did not come, or came
-- uncalled-for, and each column that differs.
CREATE FUNCTION seen.differences(which text) RETURNS SETOF text LANGUAGE sql AS $$
    WITH made AS (SELECT *, row_number() OVER (PARTITION BY op, target ORDER BY n) FROM seen.made WHERE stage = which),
         arrived AS (SELECT *, row_number() OVER (PARTITION BY op, target ORDER BY n) FROM seen.arrived WHERE stage = which),
         pair AS (SELECT op, target, m.n AS made, a.n AS arrived, image.* FROM made m FULL JOIN arrived a USING (op, target, row_number),
                  LATERAL (VALUES ('before', m.before, a.before), ('after', m.after, a.after)) AS image (image, expected, got))
    SELECT DISTINCT op || ' ' || target || CASE WHEN made IS NULL THEN ' was not made' ELSE ' did not arrive' END
    FROM pair WHERE made IS NULL OR arrived IS NULL
    UNION ALL
    SELECT concat_ws(' ', op, target, image, "column", 'is', COALESCE(left(g.value::text, 60), 'missing'), 'not', left(e.value::text, 60))
    FROM pair, LATERAL (SELECT * FROM jsonb_each(expected)) AS e ("column", value) FULL JOIN
               LATERAL (SELECT * FROM jsonb_each(seen.typed(target, got))) AS g ("column", value) USING ("column")
    WHERE made IS NOT NULL AND arrived IS NOT NULL AND e.value IS DISTINCT FROM g.value
$$;
