-- What dbmate has no means for: it runs a migration once, this runs after each `dbmate up`.
\set environment `cat environment.json`
SELECT dj_deploy.apply(:'environment', dry_run => false) -> 'ddl' AS applied;
