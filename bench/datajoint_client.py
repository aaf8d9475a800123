"""One call of DataJoint's own dj.deploy.set_replica_identity in a process of its own, as a deploy
hook makes it. Prints the seconds of the call alone: importing DataJoint, connecting and activating
the schema come before. Usage: datajoint_client.py SCHEMA run|dry
"""

import sys
import time

import datajoint
import datajoint.deploy

schema = datajoint.Schema(sys.argv[1], create_schema=False, create_tables=False)
dry_run = sys.argv[2] == "dry"
started = time.perf_counter()
result = datajoint.deploy.set_replica_identity(schema, mode="full", dry_run=dry_run)
print(time.perf_counter() - started, result["tables_analyzed"])
