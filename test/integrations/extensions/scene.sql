-- A schema with tables of every kind that the extensions of the session know, for role deployer.
CREATE SCHEMA lab;
CREATE SCHEMA archive;
CREATE TABLE lab.subject (subject_id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE lab.session (subject_id integer REFERENCES lab.subject, session integer, note text, PRIMARY KEY (subject_id, session));
CREATE TABLE lab.weighing (day date PRIMARY KEY, weight real) PARTITION BY RANGE (day);
CREATE TABLE lab.weighing_2025 PARTITION OF lab.weighing FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE lab.log (log_id integer PRIMARY KEY, what text);
CREATE TABLE archive.log_old (PRIMARY KEY (log_id)) INHERITS (lab.log);
INSERT INTO lab.subject SELECT number, 'subject ' || number FROM generate_series(1, 50) AS number;
INSERT INTO lab.session SELECT number, 1, repeat('note ', 20) FROM generate_series(1, 50) AS number;
INSERT INTO lab.weighing SELECT date '2025-01-01' + number, number FROM generate_series(0, 300) AS number;
INSERT INTO archive.log_old SELECT number, 'old' FROM generate_series(1, 20) AS number;
