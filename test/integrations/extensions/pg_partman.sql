CREATE TABLE lab.reading (day date NOT NULL, value real, PRIMARY KEY (day)) PARTITION BY RANGE (day);
SELECT partman.create_parent('lab.reading', 'day', '1 day', p_premake => 3);
INSERT INTO lab.reading VALUES (current_date, 1);
