"""Who sets the replica identity of a schema. Each is called with a Database, makes a session of its
own and returns the seconds from the first statement to the end of the last commit: connecting is
not counted, and no cache is warm. That is what a deploy hook meets.
"""

import subprocess
import sys

import frame
from frame import HERE, OWNER, SCHEMA

LIMIT = 60.0  # seconds; DataJoint's listing takes quadratic time on some versions of PostgreSQL

GEXEC = f"""
SELECT format('ALTER TABLE %I.%I REPLICA IDENTITY FULL', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '{SCHEMA}' AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE '~%'
ORDER BY c.relname
\\gexec
"""


def call(mode="full", dry_run=False, skip_unchanged=False):
    options = f"{dry_run}, true" if skip_unchanged else f"{dry_run}"
    return f"SELECT dj_deploy.set_replica_identity('{SCHEMA}', '{mode}', {options})"


def extension(database):
    return frame.cold(database, call())


def extension_skipping(database):
    return frame.cold(database, call(skip_unchanged=True))


def extension_dry(database):
    return frame.cold(database, call(dry_run=True))


def loop(database):
    return frame.cold(database, frame.identity_loop())


def psql_one_transaction(database):
    return frame.psql_seconds(database, f"BEGIN;\n{GEXEC}COMMIT;")


def psql_gexec(database):
    return frame.psql_seconds(database, GEXEC)


def psql_autocommit(database):
    """A file with one ALTER TABLE a line."""
    path = database.server.directory / f"{database.name}.sql"
    if not path.exists():
        ddl = database.query(call(dry_run=True))["ddl"]
        path.write_text("".join(f"{statement};\n" for statement in ddl))
    return frame.psql_seconds(database, f"\\i {path}")


def datajoint_call(database, how):
    environment = database.environment() | {
        "DJ_BACKEND": "postgresql",
        "DJ_HOST": str(database.server.directory),
        "DJ_PORT": "5432",
        "DJ_USER": OWNER,
        "DJ_PASS": "",
        "DJ_DATABASE_NAME": database.name,
        "DJ_USE_TLS": "false",
        "DJ_IGNORE_CONFIG_FILE": "true",
        "DJ_LOG_LEVEL": "ERROR",
        "PGOPTIONS": f"-c statement_timeout={LIMIT:.0f}s",
    }
    command = [sys.executable, HERE / "datajoint_client.py", SCHEMA, how]
    finished = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
    if "statement timeout" in finished.stderr:
        return LIMIT
    if finished.returncode != 0:
        sys.exit(f"bench: dj.deploy: {finished.stderr}")
    return float(finished.stdout.split()[0])


def datajoint(database):
    return datajoint_call(database, "run")


def datajoint_dry(database):
    return datajoint_call(database, "dry")


def commit(database):
    return frame.commit_seconds(database)
