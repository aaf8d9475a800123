CREATE TABLE lab.place (place_id integer PRIMARY KEY, at geometry(Point, 4326));
CREATE INDEX ON lab.place USING gist (at);
INSERT INTO lab.place SELECT number, ST_SetSRID(ST_MakePoint(number, number), 4326) FROM generate_series(1, 50) AS number;
