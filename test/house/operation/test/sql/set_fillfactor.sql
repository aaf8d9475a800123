-- set_fillfactor sets what differs, hidden tables included, and rollout takes its plan.
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA filled;
CREATE TABLE filled.session (id int PRIMARY KEY);
CREATE TABLE filled.trial (id int PRIMARY KEY REFERENCES filled.session) WITH (fillfactor = 70);
CREATE TABLE filled."~log" (id int);
SELECT dj_deploy.set_fillfactor('filled', 70);
CALL dj_deploy.rollout(dj_deploy.set_fillfactor('filled', 70), false);
SELECT dj_deploy.set_fillfactor('filled', 70, false);
SELECT dj_deploy.set_fillfactor('filled.trial'::regclass, 100, false);
SELECT dj_deploy.set_fillfactor('{filled}', 9);
SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'filled'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE "C";
SET client_min_messages = warning;
DROP SCHEMA filled CASCADE;
