-- What a superuser prepares for the lab: its roles, and what DataJoint 2.3.5 lacks, which sends a
-- uuid as bytea.
CREATE FUNCTION public.bytea_to_uuid(bytea) RETURNS uuid IMMUTABLE RETURN pg_catalog.encode($1, 'hex')::uuid;
CREATE CAST (bytea AS uuid) WITH FUNCTION public.bytea_to_uuid AS ASSIGNMENT;
CREATE ROLE elements_analyst LOGIN;
CREATE ROLE elements_pipeline LOGIN;
