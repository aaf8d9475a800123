-- describe: what apply needs to plan nothing.

CREATE FUNCTION dj_deploy.describe(
    VARIADIC schemas text[]
) RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dj_deploy_describe';

COMMENT ON FUNCTION dj_deploy.describe(text[]) IS
'The environment document (version 1) of the current state of one schema or several: {"version": 1, "publications": {name: {"publish": [text, ...], "publish_via_partition_root": boolean}}, "schemas": {name: {"replica_identity": text, "publications": [name, ...], "autovacuum": {parameter: value}, "grants": {role: access | {"access": text, "future_tables": boolean}}, "tables": {name: {"replica_identity": text | {"index": name}, "publications", "autovacuum", "grants": {role: access}, "allow_breaking_writes": boolean}}}}}, from 18 on with "publish_generated_columns". apply of it plans nothing. Schemas are named one by one; a document may also have "schema_patterns": {pattern: the keys of a schema}, with * and ?, and "require_coverage": boolean. Raises a NOTICE for what a document cannot express.';
