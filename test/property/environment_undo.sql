-- Undoes what apply has done with the statements of its changes.

-- Each as it stands, the last first.
CREATE FUNCTION property.undo_list(changes jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(c -> 'undo' ORDER BY at DESC), '[]') FROM jsonb_array_elements(changes) WITH ORDINALITY u(c, at)
$$;

CREATE FUNCTION property.undo(changes jsonb, caller text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    PERFORM property.trace('undo');
    FOR statement IN SELECT jsonb_array_elements_text(property.undo_list(changes)) LOOP
        PERFORM property.make(statement, caller);
    END LOOP;
END $$;

-- An identity index that was dropped is as good as NOTHING, and where the text of a row filter
-- stood is forgotten.
CREATE FUNCTION property.undoable(facts property.fact[]) RETURNS property.fact[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    indexed text[] := array(SELECT content ->> 'indrelid' FROM unnest(facts)
                            WHERE catalog = 'pg_index' AND (content ->> 'indisreplident')::boolean);
BEGIN
    RETURN array(
        SELECT ROW(f.catalog, f.key, CASE
            WHEN f.catalog = 'pg_class' AND f.content ->> 'relreplident' = 'i' AND f.key <> ALL (indexed)
                THEN f.content || '{"relreplident": "n"}'
            WHEN f.catalog = 'pg_publication_rel'
                THEN f.content || jsonb_build_object('prqual', regexp_replace(f.content ->> 'prqual', ':location -?\d+', '', 'g'))
            ELSE f.content END)::property.fact
        FROM unnest(facts) f);
END $$;

-- Whether a role of the document has passed on what it holds in columns: REVOKE of a whole table's
-- privilege, which undoes a GRANT of it, would take that, too.
CREATE FUNCTION property.is_passed_on(document jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_attribute JOIN pg_class c ON c.oid = attrelid, aclexplode(attacl)
        WHERE grantor <> relowner
          AND (document #> ARRAY['schemas', property.schema_of(c.oid), 'grants'] ? pg_get_userbyid(grantor)
               OR EXISTS (SELECT FROM property.table_grants(document) g
                          WHERE g.role = pg_get_userbyid(grantor) AND c.oid = ANY (property.parts_of(g.relation)))));
END $$;
