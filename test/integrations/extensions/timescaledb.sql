-- 40 chunks.
CREATE TABLE lab.event (at timestamptz, subject_id integer REFERENCES lab.subject, value real, note text, PRIMARY KEY (at, subject_id));
SELECT create_hypertable('lab.event', by_range('at', interval '1 day'));
INSERT INTO lab.event
SELECT timestamptz '2026-01-01 00:00+00' + number * interval '1 hour', 1 + number % 50, number, repeat('note ', 20)
FROM generate_series(0, 959) AS number;
