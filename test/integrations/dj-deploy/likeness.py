"""What a copy lacks is noticed: from one of two equal databases something is taken, and the comparison
refuses the other as its copy, or warns. likeness.py ARCHIVE: the program dj-deploy, whose modules are used.
"""

import sys

sys.path.insert(0, sys.argv[1])

from dj_deploy.failure import Failure
from dj_deploy.likeness import FACTS, require_likeness
from dj_deploy.server import Server

# What is done to the copy, and what must be said.
REFUSED = [
    ("DROP TABLE lab.part_1", 'table "lab.part_1"'),
    ("ALTER TABLE lab.child SET UNLOGGED", 'table "lab.child"'),
    ("ALTER TABLE lab.session REPLICA IDENTITY FULL", 'table "lab.session"'),
    ("ALTER TABLE lab.session SET (autovacuum_enabled = false)", 'table "lab.session"'),
    ("ALTER TABLE lab.session OWNER TO other", 'table "lab.session"'),
    ("ALTER TABLE lab.session DROP COLUMN place", 'column "lab.session" (place point'),
    ("ALTER TABLE lab.session ALTER note SET STORAGE EXTERNAL", 'column "lab.session" (note text'),
    ("ALTER TABLE lab.session ALTER note SET NOT NULL", 'column "lab.session" (note text'),
    ("DROP INDEX lab.session_note", 'index "lab.session" (session_note'),
    ("ALTER TABLE lab.part DETACH PARTITION lab.part_1", 'parent "lab.part_1" (lab part'),
    ("ALTER TABLE lab.child NO INHERIT lab.session", 'parent "lab.child" (lab session'),
    ("DROP PUBLICATION own", "publication (own deployer"),
    ("ALTER PUBLICATION own OWNER TO other", "publication (own deployer"),
    ("ALTER PUBLICATION own SET (publish = 'insert')", "publication (own deployer"),
    ("ALTER PUBLICATION own DROP TABLE ONLY lab.session", 'membership "lab.session" (own'),
    ("ALTER PUBLICATION own SET TABLE ONLY lab.session (id) WHERE (id > 1)", 'membership "lab.session" (own'),
    ("ALTER PUBLICATION own SET TABLE ONLY lab.session (id, note)", 'membership "lab.session" (own'),
    ("ALTER PUBLICATION whole DROP TABLES IN SCHEMA arch", 'membership "arch" (whole)'),
]
WARNED = [
    ("REVOKE SELECT ON lab.session FROM other", 'privilege "lab.session" (other SELECT'),
    ("REVOKE USAGE ON SCHEMA lab FROM other", 'schema "lab" (deployer other USAGE'),
    ("ALTER SCHEMA arch OWNER TO postgres", 'schema "arch" (deployer'),
]
SCENE = """
CREATE SCHEMA lab AUTHORIZATION deployer;
CREATE SCHEMA arch AUTHORIZATION deployer;
GRANT USAGE ON SCHEMA lab TO other;
SET ROLE deployer;
CREATE TABLE lab.session (id int PRIMARY KEY, note text, place point);
CREATE UNIQUE INDEX session_note ON lab.session (note);
CREATE TABLE lab.child () INHERITS (lab.session);
CREATE TABLE lab.part (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE lab.part_1 PARTITION OF lab.part FOR VALUES FROM (0) TO (1);
GRANT SELECT ON lab.session TO other;
CREATE PUBLICATION own FOR TABLE ONLY lab.session (id);
RESET ROLE;
CREATE PUBLICATION whole FOR TABLES IN SCHEMA arch"""


def main():
    postgres = Server("dbname=postgres user=postgres")
    postgres.execute("CREATE ROLE other")
    postgres.execute("CREATE DATABASE original OWNER deployer")
    server = Server("dbname=original user=postgres")
    server.execute(SCENE)
    facts = server.rows(FACTS)
    server.close()
    failed = 0
    for statement, expected in [("SELECT", "like it"), *REFUSED, *WARNED]:
        postgres.execute("CREATE DATABASE altered TEMPLATE original")
        copy = Server("dbname=altered user=postgres")
        copy.execute(statement)
        said = verdict(facts, copy.rows(FACTS))
        copy.close()
        postgres.execute("DROP DATABASE altered")
        if expected not in said or said.startswith("refused") != ((statement, expected) in REFUSED):
            failed += 1
            print(f"{statement}: {said}")
    postgres.execute("DROP DATABASE original")
    postgres.execute("DROP ROLE other")
    return int(failed > 0)


def verdict(of_server, of_copy):
    said = []
    try:
        require_likeness(of_server, of_copy, set(), [], said.append)
    except Failure as failure:
        return f"refused: {failure.message}"
    return said[0] if said else "like it"


if __name__ == "__main__":
    sys.exit(main())
