"""The contenders. Each is called with a Scene, makes a session of its own and returns the seconds from the first
statement to the end of the last commit: connecting is not counted, and no cache is warm. That is what a deploy hook meets.
"""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import time

import psycopg2
import psycopg2.errors
import psycopg2.extras

SCHEMA = "lab"
OWNER = "pipeline"  # owns the database; no superuser
LIMIT = 60.0  # seconds; DataJoint's listing takes quadratic time on some versions of PostgreSQL

LOOP = f"""
DO $$
DECLARE
    target record;
BEGIN
    FOR target IN
        SELECT n.nspname, c.relname
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '{SCHEMA}' AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE '~%'
        ORDER BY c.relname
    LOOP
        EXECUTE format('ALTER TABLE %I.%I REPLICA IDENTITY FULL', target.nspname, target.relname);
    END LOOP;
END
$$"""

GEXEC = f"""
SELECT format('ALTER TABLE %I.%I REPLICA IDENTITY FULL', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '{SCHEMA}' AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE '~%'
ORDER BY c.relname
\\gexec
"""


@dataclasses.dataclass
class Scene:
    database: str
    tables: int
    directory: pathlib.Path

    def connect(self, user=OWNER):
        connection = psycopg2.connect(dbname=self.database, user=user)
        connection.autocommit = True
        return connection

    def query(self, sql, user=OWNER):
        """The first column of the first row, in a session of its own."""
        connection = self.connect(user)
        with connection.cursor() as cursor:
            cursor.execute(sql)
            value = cursor.fetchone()[0] if cursor.description else None
        connection.close()
        return value

    @property
    def statements(self):
        """A file with one ALTER TABLE a line."""
        path = self.directory / f"{self.database}.sql"
        if not path.exists():
            ddl = self.query(call(mode="full", dry_run=True))["ddl"]
            path.write_text("".join(f"{statement};\n" for statement in ddl))
        return path


def call(mode="full", dry_run=False, skip_unchanged=False):
    return (
        f"SELECT dj_deploy.set_replica_identity('{SCHEMA}', "
        f" dry_run => {dry_run}, dry_run => true, skip_unchanged => {skip_unchanged})"
    )


def timed_query(scene, sql):
    connection = scene.connect()
    # The result is fetched as text like any other; decoding JSON in Python is not the server's work.
    psycopg2.extras.register_default_jsonb(connection, loads=lambda text: text)
    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(sql)
        if cursor.description:
            cursor.fetchall()
        seconds = time.perf_counter() - started
    connection.close()
    return seconds


def timed_psql(scene, commands):
    """psql reads the server's clock before and after, so that its own start is not counted."""
    clock = "SELECT extract(epoch FROM clock_timestamp())"
    script = f"{clock} AS started \\gset\n{commands}\n{clock} - :started;\n"
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", OWNER, "-d", scene.database]
    finished = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
    return float(finished.stdout)


def extension(scene):
    return timed_query(scene, call())


def extension_skipping(scene):
    return timed_query(scene, call(skip_unchanged=True))


def extension_dry(scene):
    return timed_query(scene, call(dry_run=True))


def loop(scene):
    return timed_query(scene, LOOP)


def psql_one_transaction(scene):
    return timed_psql(scene, f"BEGIN;\n{GEXEC}COMMIT;")


def psql_gexec(scene):
    return timed_psql(scene, GEXEC)


def psql_autocommit(scene):
    return timed_psql(scene, f"\\i {scene.statements}")


def datajoint_call(scene, how):
    environment = dict(
        os.environ,
        DJ_BACKEND="postgresql",
        DJ_HOST=os.environ["PGHOST"],
        DJ_PORT="5432",
        DJ_USER=OWNER,
        DJ_PASS="",
        DJ_DATABASE_NAME=scene.database,
        DJ_USE_TLS="false",
        DJ_IGNORE_CONFIG_FILE="true",
        DJ_LOG_LEVEL="ERROR",
        PGOPTIONS=f"-c statement_timeout={LIMIT:.0f}s",
    )
    client = pathlib.Path(__file__).with_name("datajoint_client.py")
    finished = subprocess.run(
        [sys.executable, client, SCHEMA, how], env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    if "statement timeout" in finished.stderr:
        return LIMIT
    finished.check_returncode()
    seconds, tables = finished.stdout.split()
    assert int(tables) == scene.tables, f"DataJoint found {tables} tables"
    return float(seconds)


def datajoint(scene):
    return datajoint_call(scene, "run")


def datajoint_dry(scene):
    return datajoint_call(scene, "dry")


def commit(scene):
    """Seconds of the smallest transaction that waits for the disk, the median of some."""
    connection = scene.connect("postgres")
    seconds = []
    with connection.cursor() as cursor:
        for _ in range(100):
            started = time.perf_counter()
            cursor.execute("SELECT pg_logical_emit_message(true, 'bench', 'commit')")
            seconds.append(time.perf_counter() - started)
    connection.close()
    return statistics.median(seconds)
