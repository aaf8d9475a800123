-- What the generator draws from: names, roles, storage parameters and the spellings of their values.

CREATE TABLE property.odd_name (name text COLLATE "C" PRIMARY KEY);
INSERT INTO property.odd_name VALUES
    ('#lookup'), ('_imp'), ('__comp'), ('session'), ('session__part'), ('m__part'), ('~log'), ('~~jobs'), ('~m__part'),
    ('not~hidden'), ('a"b'), ('""'), ('a''b'), (E'a\\b'), (E'a\\'), (E'a\nb'), (E'a\rb'), (E'a\tb'), ('trailing '),
    (' leading'), ('a.b'), ('x; DROP TABLE canary--'), ('x"; DROP TABLE canary--'), ('--'), ('/*'), ('*/'), ('$$'), ('$x$'),
    ('$1'), ('%'), ('%s%n%I'), ('select'), ('table'), ('user'), ('CamelCase'), ('UPPER'), ('1st'), ('lab_a'), ('labXa'),
    (E'caf\u00e9'), (E'cafe\u0301'), (E'\U0001F9E0'), (E'\u202Eltr'), ('U&"\0041"'), ('{a,b}'), ('=r/x'), (' ON TABLE '),
    (' TO '), ((SELECT string_agg(chr(n), '') FROM generate_series(1, 31) n) || chr(127)),
    (repeat('x', 63)), (repeat('x', 62)), (repeat(E'\u00e9', 31) || 'x');

-- Roles outlive their sequence; memberships, privileges and what they own do not.
CREATE TABLE property.role (name text COLLATE "C" PRIMARY KEY);
INSERT INTO property.role VALUES
    ('reader'), ('owner'), ('heir'), ('almighty'), ('a"b'), ('a''b'), ('PUBLIC'), ('current_user'), ('%s%n%I'),
    (E'r\u00f4le'), ('x; DROP ROLE canary--'), ('~hidden'), (repeat('r', 63));
DO $$
DECLARE role text;
BEGIN
    FOR role IN SELECT name FROM property.role LOOP
        EXECUTE format('CREATE ROLE %s', property.quoted(role));
    END LOOP;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO owner, reader', current_database());
END $$;
ALTER ROLE heir NOINHERIT;
ALTER ROLE almighty SUPERUSER;

-- The least version that has the parameter, and meanings of its kind that it may have.
CREATE TABLE property.parameter (
    name text COLLATE "C" PRIMARY KEY, kind text, since int, is_for_toast boolean, meanings text[]);
INSERT INTO property.parameter VALUES
    ('autovacuum_enabled', 'truth', 15, true, '{true,false}'),
    ('autovacuum_vacuum_threshold', 'integer', 15, true, '{0,40,50,1000}'),
    ('autovacuum_vacuum_insert_threshold', 'integer', 15, true, '{-1,0,40,50,1000}'),
    ('autovacuum_analyze_threshold', 'integer', 15, false, '{0,40,50,1000}'),
    ('autovacuum_vacuum_scale_factor', 'real', 15, true, '{0,0.02,0.5,100}'),
    ('autovacuum_vacuum_insert_scale_factor', 'real', 15, true, '{0,0.02,0.5,100}'),
    ('autovacuum_analyze_scale_factor', 'real', 15, false, '{0,0.02,0.5,100}'),
    ('autovacuum_vacuum_cost_delay', 'real', 15, true, '{0,0.02,0.5,100}'),
    ('autovacuum_vacuum_cost_limit', 'integer', 15, true, '{40,50,1000}'),
    ('autovacuum_freeze_min_age', 'integer', 15, true, '{0,40,50,1000}'),
    ('autovacuum_freeze_max_age', 'integer', 15, true, '{200000000}'),
    ('autovacuum_freeze_table_age', 'integer', 15, true, '{0,1000,200000000}'),
    ('autovacuum_multixact_freeze_min_age', 'integer', 15, true, '{0,1000,200000000}'),
    ('autovacuum_multixact_freeze_max_age', 'integer', 15, true, '{200000000}'),
    ('autovacuum_multixact_freeze_table_age', 'integer', 15, true, '{0,1000,200000000}'),
    ('log_autovacuum_min_duration', 'integer', 15, true, '{-1,0,40,50,1000}'),
    ('vacuum_truncate', 'truth', 15, true, '{true,false}'),
    ('vacuum_index_cleanup', 'cleanup', 15, true, '{auto,true,false}'),
    ('autovacuum_vacuum_max_threshold', 'integer', 18, true, '{-1,0,40,1000}'),
    ('vacuum_max_eager_freeze_failure_rate', 'real', 18, true, '{0,0.02,0.5}'),
    ('log_autoanalyze_min_duration', 'integer', 19, false, '{-1,0,40,50,1000}');
DELETE FROM property.parameter WHERE NOT property.is_since(since);

-- Which texts the server reads as which value.
CREATE TABLE property.spelling (kind text, text text COLLATE "C", meaning text, PRIMARY KEY (kind, text));
INSERT INTO property.spelling
SELECT kind, text, meaning
FROM (VALUES
    ('truth', 'true', '{on,true,YES,1,t,True}'::text[]),
    ('truth', 'false', '{off,false,no,0,F,of}'),
    ('cleanup', 'auto', '{auto,AUTO}'),
    ('cleanup', 'true', '{on,true,1}'),
    ('cleanup', 'false', '{off,false,No,0}'),
    ('integer', '-1', '{-1,-0x1}'),
    ('integer', '0', '{0,0.4}'),
    ('integer', '40', '{40,050,0x28}'),
    ('integer', '50', '{50,50.0,49.6,5e1,0x32}'),
    ('integer', '1000', '{1000,1e3,1000.00}'),
    ('integer', '200000000', '{200000000,2e8,0xBEBC200}'),
    ('real', '0', '{0,0.00}'),
    ('real', '0.02', '{0.02,0.020,2e-2,.02}'),
    ('real', '0.5', '{0.5,.5,5E-1}'),
    ('real', '100', '{100,1e2,100.0}')) s(kind, meaning, texts), unnest(texts) text;

-- What JSON writes without quotes, and what becomes of it there.
CREATE FUNCTION property.is_number(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT $1 ~ '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$'
$$;
INSERT INTO property.spelling
SELECT kind, text::jsonb::text, meaning FROM property.spelling WHERE property.is_number(text)
ON CONFLICT DO NOTHING;

-- The names of all parameters, those of the TOAST table too.
CREATE FUNCTION property.parameters() RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT array_agg(n ORDER BY n)
        FROM (SELECT name FROM property.parameter
              UNION ALL
              SELECT 'toast.' || name FROM property.parameter WHERE is_for_toast) p(n));
END $$;

-- Null when there is no such parameter.
CREATE FUNCTION property.parameter(option text) RETURNS property.parameter LANGUAGE sql STABLE AS $$
    SELECT p FROM property.parameter p WHERE name = regexp_replace(option, '^toast[.]', '')
$$;

CREATE FUNCTION property.spellings(parameter property.parameter) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(text ORDER BY text) FROM property.spelling
    WHERE kind = (parameter).kind AND meaning = ANY ((parameter).meanings)
$$;

CREATE FUNCTION property.table_privileges() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]
        || CASE WHEN property.is_since(17) THEN '{MAINTAIN}'::text[] END
$$;
