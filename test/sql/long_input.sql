-- Whatever the caller sends, messages show no more of it than the beginning: a hundred thousand bytes in, a few hundred out, and a
-- character is never cut in half. What is shown ends in "...".
CREATE SCHEMA lab;
CREATE TABLE lab.session (id int PRIMARY KEY);
CREATE ROLE regress_long_input;

-- The size of all that an error says, its beginning, and whether it has what was sent in full.
CREATE FUNCTION lab.size_of_error(statement text, OUT state text, OUT is_short boolean, OUT is_cut boolean, OUT message text) LANGUAGE plpgsql AS $$
DECLARE
    detail text; hint text; place text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, place = PG_EXCEPTION_CONTEXT;
    -- The context ends with the statement of ours that was executed here.
    place := replace(place, statement, '');
    is_short := length(concat(message, detail, hint, place)) < 2000;
    is_cut := concat(message, detail, place) LIKE '%...%';
    message := left(message, 100);
END $$;

-- All that can be sent: statements with $ for it.
CREATE TABLE lab.inputs (number serial, statement text);
INSERT INTO lab.inputs (statement) VALUES
    ('SELECT dj_deploy.set_replica_identity($)'),
    ('SELECT dj_deploy.set_replica_identity(''lab'', $)'),
    ('SELECT dj_deploy.set_replica_identity(''lab.session''::regclass, $)'),
    ('SELECT dj_deploy.set_publication_membership(''lab'', $)'),
    ('SELECT dj_deploy.set_autovacuum(''lab'', jsonb_build_object($, 1))'),
    ('SELECT dj_deploy.set_autovacuum(''lab'', jsonb_build_object(''autovacuum_enabled'', $))'),
    ('SELECT dj_deploy.set_grants(''lab'', $, ''read'')'),
    ('SELECT dj_deploy.set_grants(''lab'', ''regress_long_input'', $)'),
    ('SELECT dj_deploy.check_cdc(''lab'', $)'),
    ('SELECT dj_deploy.check_cdc(''lab'', consumer => $)'),
    ('SELECT dj_deploy.tables($)'),
    ('SELECT dj_deploy.describe($)'),
    ('CALL dj_deploy.vacuum_analyze($)'),
    ('SELECT dj_deploy.apply(''{"version": 1}'', true, $)'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, $, 1))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', $))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''publications'', jsonb_build_object($, 1)))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''publications'', jsonb_build_object(''p'', jsonb_build_object($, 1))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''publications'',
        jsonb_build_object(''p'', jsonb_build_object(''publish'', jsonb_build_array($)))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'', jsonb_build_object($, ''{}''::jsonb)))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'', jsonb_build_object(''lab'', jsonb_build_object($, 1))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'', jsonb_build_object(''lab'', jsonb_build_object(''replica_identity'', $))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'',
        jsonb_build_object(''lab'', jsonb_build_object(''publications'', jsonb_build_array($)))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'',
        jsonb_build_object(''lab'', jsonb_build_object(''autovacuum'', jsonb_build_object($, 1)))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'',
        jsonb_build_object(''lab'', jsonb_build_object(''grants'', jsonb_build_object($, ''read'')))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'',
        jsonb_build_object(''lab'', jsonb_build_object(''grants'', jsonb_build_object(''r'', $)))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'',
        jsonb_build_object(''lab'', jsonb_build_object(''grants'', jsonb_build_object(''r'', jsonb_build_object($, 1))))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'',
        jsonb_build_object(''lab'', jsonb_build_object(''tables'', jsonb_build_object($, ''{}''::jsonb)))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'',
        jsonb_build_object(''lab'', jsonb_build_object(''tables'', jsonb_build_object(''t'', jsonb_build_object($, 1))))))'),
    ('SELECT dj_deploy.apply(jsonb_build_object(''version'', 1, ''schemas'',
        jsonb_build_object(''lab'', jsonb_build_object(''tables'',
        jsonb_build_object(''t'', jsonb_build_object(''replica_identity'', jsonb_build_object(''index'', $)))))))'),
    ('CALL dj_deploy.rollout(to_jsonb($::text))'),
    ('CALL dj_deploy.rollout(jsonb_build_array($))'),
    ('CALL dj_deploy.rollout(jsonb_build_array(''"'' || $))'),
    ('CALL dj_deploy.rollout(jsonb_build_array(''SELECT '''''' || $ || '''''' FROM FROM ORDER''))'),
    ('CALL dj_deploy.rollout(jsonb_build_array(''ALTER TABLE lab.session SET (autovacuum_enabled = '''''' || $ || '''''') x''))');

SET client_min_messages = warning;
SELECT i.number, e.state, e.is_short, e.is_cut, e.message
FROM lab.inputs i, lab.size_of_error(replace(i.statement, '$', quote_literal(repeat('x', 100000)))) e
ORDER BY i.number;

RESET client_min_messages;

-- Characters of three bytes, of which 63 bytes are 21; shifted by one byte, 20 and two thirds.
SELECT message FROM lab.size_of_error(format('SELECT dj_deploy.set_replica_identity(''lab'', %L)', repeat('実', 100)));
SELECT message FROM lab.size_of_error(format('SELECT dj_deploy.set_replica_identity(''lab'', %L)', 'x' || repeat('実', 100)));
SELECT message FROM lab.size_of_error(format('SELECT dj_deploy.apply(jsonb_build_object(%L, 1))', 'x' || repeat('実', 100)));

-- What fits is shown in full.
SELECT dj_deploy.set_replica_identity('lab', repeat('x', 63));
SELECT dj_deploy.set_replica_identity('lab', repeat('x', 64));

-- The server's own words about a plan's entry. A syntax error points at the same place in what is shown of the entry.
CALL dj_deploy.rollout(jsonb_build_array(repeat('x', 10000)));
CALL dj_deploy.rollout(jsonb_build_array('ALTER TABLE lab.session SET (a = ''' || repeat('実', 1000) || ''') nonsense ' || repeat('y', 3000)));
CALL dj_deploy.rollout(jsonb_build_array('ALTER nonsense TABLE lab.session SET (a = ''' || repeat('実', 1000) || ''')'));
CALL dj_deploy.rollout(jsonb_build_array('ALTER TABLE lab.session SET (a = ''' || repeat('実', 1000) || ''') nonsense'));

-- An entry that the server refuses when it is executed, alone and among others.
SELECT 'ALTER TABLE lab.session SET (autovacuum_enabled = ''' || repeat('x', 2000) || ''')' AS long \gset
CALL dj_deploy.rollout(jsonb_build_array(:'long'), false);
CALL dj_deploy.rollout(jsonb_build_array(:'long', 'ALTER TABLE lab.session SET (autovacuum_enabled = maybe)'), false);

SET client_min_messages = warning;
DROP SCHEMA lab CASCADE;
DROP ROLE regress_long_input;
