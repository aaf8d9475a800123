-- The other operations act on exactly the schema, table, publication and role of a name, whatever it is.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE SCHEMA names_test;
SET search_path = names_test;
CREATE TABLE canary (id int PRIMARY KEY);

-- What a statement is, when it is one and does nothing else: a cursor refuses it and says what it was.
CREATE FUNCTION parsed(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result record;
BEGIN
    FOR result IN EXECUTE statement LOOP NULL; END LOOP;
EXCEPTION WHEN invalid_cursor_definition THEN
    RETURN substring(SQLERRM FROM 'cannot open (.*) query as cursor');
END $$;

-- All that the operations can change, by OID.
CREATE FUNCTION state() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'class', oid, relacl, reloptions) FROM pg_class WHERE relacl IS NOT NULL OR reloptions IS NOT NULL
    UNION ALL SELECT concat_ws(' ', 'schema', oid, nspacl) FROM pg_namespace
    UNION ALL SELECT concat_ws(' ', 'future', defaclrole, defaclnamespace, defaclobjtype, defaclacl) FROM pg_default_acl
    UNION ALL SELECT concat_ws(' ', 'publication', pubname) FROM pg_publication
    UNION ALL SELECT concat_ws(' ', 'member', pubname, prrelid) FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid
$$;

-- Plans and runs an operation; returns what went wrong, or nothing when it added exactly the expected state.
CREATE FUNCTION fault_of(call text, tags text[], expected text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text[] := ARRAY(SELECT state());
    planned jsonb;
    executed jsonb;
BEGIN
    EXECUTE format(call, 'true') INTO planned;
    IF ARRAY(SELECT parsed(statement) FROM jsonb_array_elements_text(planned -> 'ddl') statement) <> tags THEN
        RETURN format('%s parses as something else: %s', call, planned);
    END IF;
    EXECUTE format(call, 'false') INTO executed;
    IF executed -> 'ddl' <> planned -> 'ddl' THEN RETURN call || ' executes something else'; END IF;
    IF ARRAY(SELECT state() EXCEPT SELECT unnest(before) ORDER BY 1) <> ARRAY(SELECT unnest(expected) ORDER BY 1) THEN
        RETURN format('%s changes something else: %s', call, ARRAY(SELECT state() EXCEPT SELECT unnest(before) ORDER BY 1));
    END IF;
    EXECUTE format(call, 'false') INTO executed;
    IF executed -> 'ddl' <> '[]' THEN RETURN call || ' has something to do again'; END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION fault(name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    schema_id oid;
    table_id oid;
    role_id oid;
    role_name text := 'regress_' || left(translate(name, E'\n\r', ''), 55); -- 19 allows neither of them in a role's name
    owner oid := current_user::regrole;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name);
    EXECUTE format('CREATE TABLE %I.%I (id int PRIMARY KEY)', name, name);
    EXECUTE format('CREATE ROLE %I', role_name);
    schema_id := (SELECT oid FROM pg_namespace WHERE nspname = name);
    table_id := (SELECT oid FROM pg_class WHERE relname = name AND relnamespace = schema_id AND relkind = 'r');
    role_id := (SELECT oid FROM pg_roles WHERE rolname = role_name);

    RETURN NEXT fault_of(format('SELECT dj_deploy.set_publication_membership(%s::regclass, %L, dry_run => %%s)', table_id,
                                replace(name, '%', '%%')),
                         '{CREATE PUBLICATION,ALTER PUBLICATION}',
                         ARRAY['publication ' || name, concat_ws(' ', 'member', name, table_id)]);
    EXECUTE format('DROP PUBLICATION %I', name);
    RETURN NEXT fault_of(format('SELECT dj_deploy.set_autovacuum(%L, %L, dry_run => %%s)', replace(name, '%', '%%'),
                                '{"autovacuum_enabled": "off"}'),
                         '{ALTER TABLE}', ARRAY[concat_ws(' ', 'class', table_id, '{autovacuum_enabled=off}')]);
    EXECUTE format('ALTER TABLE %I.%I RESET (autovacuum_enabled)', name, name);
    RETURN NEXT fault_of(format('SELECT dj_deploy.set_grants(%L, %L, %L, future_tables => true, dry_run => %%s)', replace(name, '%', '%%'),
                                replace(role_name, '%', '%%'), 'read'),
                         '{GRANT,ALTER DEFAULT PRIVILEGES,ALTER DEFAULT PRIVILEGES,GRANT}',
                         ARRAY[concat_ws(' ', 'schema', schema_id, acldefault('n', owner) || makeaclitem(role_id, owner, 'USAGE', false)),
                               concat_ws(' ', 'class', table_id, acldefault('r', owner) || makeaclitem(role_id, owner, 'SELECT', false)),
                               concat_ws(' ', 'future', owner, schema_id, 'r', ARRAY[makeaclitem(role_id, owner, 'SELECT', false)]),
                               concat_ws(' ', 'future', owner, schema_id, 'S', ARRAY[makeaclitem(role_id, owner, 'SELECT', false)])]);
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
    EXECUTE format('DROP ROLE %I', role_name);
END $$;

CREATE TABLE name (label text, name text COLLATE "C");
INSERT INTO name (name) VALUES
    ('#lookup'), ('_imp'), ('__comp'), ('~log'), ('m__part'), ('a"b'), ('"'), ('""'), ('a''b'), (E'a\\b'), (E'a\\'), (E'\\"'),
    (E'a\nb'), (E'a\rb'), (E'a\tb'), (' '), (' a'), ('a '), ('a.b'), ('x; DROP TABLE canary--'),
    ('x" FOR ALL TABLES; DROP TABLE canary; --'), ('x" TO PUBLIC; DROP TABLE canary; --'), ('/*'), ('*/'), ('$$'), ('$x$'), ('$1'),
    ('%'), ('%s%n%I'), ('public '), ('PUBLIC'), ('none'), ('current_user'), ('session_user'), ('select'), ('table'), ('null'),
    ('CamelCase'), ('1st'), (E'U&"\\0041"');
INSERT INTO name VALUES
    ('bytes 0x01 to 0x1F and 0x7F', (SELECT string_agg(chr(n), '') FROM generate_series(1, 31) n) || chr(127)),
    ('63 bytes', repeat('x', 63)),
    ('63 double quotes', repeat('"', 63));

-- Each name, and its faults if there are any.
SELECT coalesce(label, to_jsonb(name)::text) || coalesce(': ' || nullif(string_agg(fault, '; '), ''), '')
FROM (SELECT label, name, fault(name) FROM name) result GROUP BY label, name ORDER BY name;

-- Nothing else came to harm.
SELECT relname FROM pg_class WHERE relnamespace = 'names_test'::regnamespace AND relkind = 'r' ORDER BY relname;

-- Roles that only look like PUBLIC, and roles that have names of keywords.
CREATE TABLE names_test.t ();
CREATE ROLE "PUBLIC";
CREATE ROLE "current_user";
CREATE ROLE "Public";
SELECT role, dj_deploy.set_grants('names_test', role, 'all') -> 'ddl' ->> 0
FROM unnest(ARRAY['public', 'PUBLIC', 'Public', 'current_user']) role;
SELECT dj_deploy.set_grants('names_test', 'current_user', 'read', dry_run => false) -> 'tables_modified';
SELECT DISTINCT grantee::regrole FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'names_test' AND grantee <> nspowner;
SELECT dj_deploy.set_grants('names_test', 'session_user', 'read'); \echo :SQLSTATE
SELECT dj_deploy.set_grants('names_test', 'pUBLIC', 'read'); \echo :SQLSTATE
DROP SCHEMA names_test CASCADE;
DROP ROLE "PUBLIC", "Public", "current_user";
