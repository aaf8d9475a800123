"""The deploy hook of a DataJoint project: run on every release, after the code that declares the tables.

deploy.py shows the statements that are missing, deploy.py --run executes them. The connection is the project's own.
"""

import sys

import datajoint as dj

# import my_pipeline    # declares the tables that are new in this release

# The whole lab: every schema that DataJoint declared, also those that are new in this release.
LAB = "SELECT schema_name FROM dj_deploy.schemas() WHERE is_datajoint"

# In this order: a table is published once its replica identity is set. rollout, a procedure, takes a table's lock only when it is
# free, so that nobody waits behind a populate() that has been running for hours.
CALLS = (
    "SELECT dj_deploy.set_grants(%(schemas)s, 'lab_analyst', 'read', dry_run => %(dry_run)s)",
    """SELECT dj_deploy.set_autovacuum(%(schemas)s, '{"autovacuum_vacuum_insert_scale_factor": 0.05}', dry_run => %(dry_run)s)""",
    "CALL dj_deploy.rollout(dj_deploy.set_replica_identity(%(schemas)s, 'full', dry_run => true, skip_unchanged => true), dry_run => %(dry_run)s)",
    "SELECT dj_deploy.set_publication_membership(%(schemas)s, 'cdc', dry_run => %(dry_run)s)",
)


def main():
    dry_run = "--run" not in sys.argv[1:]
    schemas = [row[0] for row in dj.conn().query(LAB).fetchall()]
    for call in CALLS:
        deploy(call, schemas, dry_run)


def deploy(call, schemas, dry_run):
    connection = dj.conn()
    try:
        result = connection.query(call, {"schemas": schemas, "dry_run": dry_run}).fetchone()[0]
        for statement in result["ddl"]:
            print(statement)
    finally:
        # DataJoint shows no warnings of the server; the client library below it has kept them.
        notices = connection._conn.notices
        print(*notices, sep="", end="", file=sys.stderr)
        notices.clear()


main()
