-- What a superuser prepares in the database in which DataJoint declares its pipeline.

-- DataJoint 2.3.5 sends a uuid as bytea, which PostgreSQL refuses.
CREATE FUNCTION public.bytea_to_uuid(bytea) RETURNS uuid IMMUTABLE RETURN pg_catalog.encode($1, 'hex')::uuid;
CREATE CAST (bytea AS uuid) WITH FUNCTION public.bytea_to_uuid AS ASSIGNMENT;

-- What is executed, whoever sends it.
CREATE TABLE public.altered (number serial, object text);
GRANT ALL ON public.altered, public.altered_number_seq TO deployer;
CREATE FUNCTION public.note_altered() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.altered (object)
    SELECT format('"%s"."%s"', nspname, relname)
    FROM pg_event_trigger_ddl_commands() d JOIN pg_class c ON c.oid = d.objid JOIN pg_namespace n ON n.oid = c.relnamespace;
END
$$;
CREATE EVENT TRIGGER note_altered ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.note_altered();
