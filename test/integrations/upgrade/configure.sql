-- The pipeline, with partitions besides, as its environment wants it: psql's variable environment.
CREATE EXTENSION datajoint_deploy;

CREATE TABLE lab.event (day date PRIMARY KEY, what text) PARTITION BY RANGE (day);
CREATE TABLE lab.event_2025 PARTITION OF lab.event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE behavior.event_2026 PARTITION OF lab.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO lab.event VALUES ('2025-12-31', 'before'), ('2026-01-01', 'after');

SELECT dj_deploy.apply(:'environment', dry_run => false);
SELECT dj_deploy.assert_converged(:'environment');
CALL dj_deploy.vacuum_analyze('lab', dry_run => false);
