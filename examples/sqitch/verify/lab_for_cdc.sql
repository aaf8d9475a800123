-- Verify lab:lab_for_cdc on pg

\set environment `cat environment.json`

SELECT dj_deploy.assert_converged(:'environment');
