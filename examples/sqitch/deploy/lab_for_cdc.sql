-- Deploy lab:lab_for_cdc to pg
-- May be run again: it changes what is not so yet, and nothing else.

\set environment `cat environment.json`

BEGIN;

SELECT jsonb_array_elements_text(dj_deploy.apply(:'environment', dry_run => false) -> 'ddl') AS applied;

COMMIT;
