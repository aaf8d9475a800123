-- Does more than was asked: the first statement of each call brings another along, which makes,
-- changes or removes a row that has nothing to do with the call. property.sabotage says which.
CREATE FUNCTION property.sabotage() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF current_setting('property.is_calling', true) = 'on' THEN
        PERFORM set_config('property.is_calling', 'off', true);
        CASE current_setting('property.sabotage')
            WHEN 'made' THEN COMMENT ON SCHEMA property IS 'sabotage';
            WHEN 'changed' THEN GRANT SELECT ON TABLE property.odd_name TO reader;
            WHEN 'removed' THEN COMMENT ON TABLE property.odd_name IS NULL;
            ELSE NULL;
        END CASE;
    END IF;
END $$;
COMMENT ON TABLE property.odd_name IS 'to be removed';
CREATE EVENT TRIGGER sabotage ON ddl_command_end EXECUTE FUNCTION property.sabotage();
