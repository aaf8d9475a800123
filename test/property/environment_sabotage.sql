-- Says of what the test of environments finds out something that is not so.

-- undo: one of the statements is not executed.
ALTER FUNCTION property.undo(jsonb, text) RENAME TO undo_all;
CREATE FUNCTION property.undo(changes jsonb, caller text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM property.undo_all(CASE current_setting('property.sabotage') WHEN 'undo' THEN changes - 0 ELSE changes END, caller);
END $$;

-- copy: something is changed that no document speaks of.
ALTER FUNCTION property.strip(text[], jsonb) RENAME TO strip_all;
CREATE FUNCTION property.strip(schemas text[], document jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM property.strip_all(schemas, document);
    IF current_setting('property.sabotage') = 'copy' THEN
        EXECUTE format('COMMENT ON TABLE %s IS %L', property.quoted((property.relations('r', 'p'))[1]), 'sabotage');
    END IF;
END $$;

-- writes: none is found to fail.
ALTER FUNCTION property.failing_writes() RENAME TO all_failing_writes;
CREATE FUNCTION property.failing_writes() RETURNS property.failing_write[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE current_setting('property.sabotage') WHEN 'writes' THEN '{}' ELSE property.all_failing_writes() END;
END $$;

-- silence: the server says nothing.
ALTER FUNCTION property.listen() RENAME TO listen_well;
CREATE FUNCTION property.listen() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM property.listen_well();
    IF current_setting('property.sabotage') = 'silence' THEN
        PERFORM set_config('client_min_messages', 'error', true);
    END IF;
END $$;
