"""What all scenes share: servers, databases and sessions, the clock, rounds in turns, goals, and
tables in Markdown.
"""

import dataclasses
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

import psycopg2
import psycopg2.extras

OWNER = "pipeline"  # owns what is measured; no superuser
READER = "reader"  # is granted to
SUPERUSER = "postgres"
SCHEMA = "lab"
USER_TABLES = "c.relname NOT LIKE '~%'"  # a condition on pg_class c
HERE = pathlib.Path(__file__).parent

# Commits reach the disk, as in production. The lock table is large enough for everybody to finish,
# and neither autovacuum nor a checkpoint falls into the time of just one of them.
DURABLE = {
    "fsync": "on",
    "max_locks_per_transaction": 512,
    "autovacuum": "off",
    "checkpoint_timeout": "1d",
    "max_wal_size": "64GB",
}


@dataclasses.dataclass
class Bench:
    """What was asked for."""

    directory: pathlib.Path
    is_quick: bool  # tiny scenes, which prove only that the programs run
    goals_only: bool  # nothing that has no aim
    rounds: int

    def start(self, name, settings=DURABLE):
        return Server(self.directory / name, settings)


class Server:
    """A throw-away cluster that listens on a socket in its directory only; for use in a with statement."""

    def __init__(self, directory, settings):
        self.directory = directory
        self.data = directory / "data"
        directory.mkdir()
        if os.geteuid() == 0:
            shutil.chown(directory, SUPERUSER)
        as_unprivileged(
            "initdb",
            "--username",
            SUPERUSER,
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            self.data,
        )
        fixed = {
            "listen_addresses": "",
            "unix_socket_directories": directory,
            "wal_level": "logical",
            "fsync": "off",
        }
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in (fixed | settings).items())

    def __enter__(self):
        self.control("start", f"--log={self.directory}/log")
        for role in (OWNER, READER):
            self.query(f"CREATE ROLE {role} LOGIN")
        return self

    def __exit__(self, *_):
        self.control("stop", "--mode=immediate")
        shutil.rmtree(self.directory)

    def control(self, *command):
        as_unprivileged("pg_ctl", "--silent", f"--pgdata={self.data}", *command)

    def create(self, name):
        """A database with the extension."""
        self.query(f'CREATE DATABASE "{name}" OWNER {OWNER}')
        database = Database(self, name)
        database.query("CREATE EXTENSION datajoint_deploy")
        return database

    def copy(self, database, name):
        self.query(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{database.name}"')
        return Database(self, name)

    def query(self, sql):
        return Database(self, "postgres").query(sql, SUPERUSER)

    def set(self, name, value):
        self.query(f"ALTER SYSTEM SET {name} = '{value}'")
        self.query("SELECT pg_reload_conf()")
        while self.query(f"SHOW {name}") != value:
            time.sleep(0.02)

    @property
    def version(self):
        return self.query("SHOW server_version")


def as_unprivileged(*command):
    prefix = ["runuser", "-u", SUPERUSER, "--"] if os.geteuid() == 0 else []
    finished = subprocess.run(
        [*prefix, *map(str, command)],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        sys.exit(f"bench: {command[0]}: {finished.stderr}")


@dataclasses.dataclass
class Database:
    server: Server
    name: str

    def connect(self, user=OWNER):
        connection = psycopg2.connect(host=str(self.server.directory), dbname=self.name, user=user)
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

    def vacuum(self, *catalogs):
        """Every change leaves dead rows in the catalogs; nobody shall pay for those of the one before."""
        self.query(f"VACUUM {', '.join(f'pg_catalog.{catalog}' for catalog in catalogs)}", SUPERUSER)

    def settle(self):
        """Statistics and free space of the catalogs and the schema as autovacuum leaves them."""
        tables = self.query(
            "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class"
            f" WHERE relnamespace::regnamespace::text IN ('pg_catalog', '{SCHEMA}') AND relkind IN ('r', 'p')"
        )
        self.query(f"VACUUM ANALYZE {tables}", SUPERUSER)

    def environment(self, user=OWNER):
        """For programs that connect."""
        return dict(os.environ, PGHOST=str(self.server.directory), PGDATABASE=self.name, PGUSER=user)


class Session:
    """A connection that does not pay for what it tells: rows come as text, notices not at all."""

    def __init__(self, database, user=OWNER):
        self.connection = database.connect(user)
        psycopg2.extras.register_default_jsonb(self.connection, loads=lambda text: text)
        self.cursor = self.connection.cursor()
        self.cursor.execute("SET client_min_messages = error")

    def seconds(self, *statements):
        started = time.perf_counter()
        for sql in statements:
            self.cursor.execute(sql)
            if self.cursor.description:
                self.cursor.fetchall()
        return time.perf_counter() - started

    def cost(self, *statements):
        """Seconds of the backend's processor time: to wait for a processor that others use is no
        part of it.
        """
        before = self.processor_time()
        self.seconds(*statements)
        return self.processor_time() - before

    def processor_time(self):
        process = pathlib.Path(f"/proc/{self.connection.info.backend_pid}")
        while process.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] == "R":
            time.sleep(0.0002)  # what runs is not counted up to now
        return int(process.joinpath("schedstat").read_text().split()[0]) / 1e9

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def cold(database, sql):
    """Seconds in a new session, as a deploy hook has it."""
    with Session(database) as session:
        return session.seconds(sql)


def warm(database, sql):
    """Seconds in a session that has made the same call before."""
    with Session(database) as session:
        session.seconds(sql)
        return session.seconds(sql)


def warm_cost(database, sql):
    """Seconds of processor time in such a session."""
    with Session(database) as session:
        session.seconds(sql)
        return session.cost(sql)


def psql_seconds(database, commands):
    """psql reads the server's clock before and after, so that its own start is not counted."""
    clock = "SELECT extract(epoch FROM clock_timestamp())"
    script = f"{clock} AS started \\gset\n{commands}\n{clock} - :started;\n"
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    finished = subprocess.run(
        command, input=script, env=database.environment(), capture_output=True, text=True, check=True
    )
    return float(finished.stdout)


def commit_seconds(database):
    """Of the smallest transaction that waits for the disk, the median of some."""
    with Session(database, SUPERUSER) as session:
        return median(
            [session.seconds("SELECT pg_logical_emit_message(true, 'bench', 'commit')") for _ in range(100)]
        )


def in_turns(rounds, takers):
    """{name: [seconds, one a round]}; everybody has a turn in every round, and each round begins
    with the next one.
    """
    names = list(takers)
    results = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            results[name].append(takers[name]())
    return results


def loop(statement, body="{}", tables="true", schema=SCHEMA):
    """A block that executes one statement for each table; %I.%I in the statement is the table."""
    execute = body.format(f"EXECUTE format('{statement}', target.nspname, target.relname);")
    return f"""
DO $$
DECLARE
    target record;
BEGIN
    FOR target IN
        SELECT n.nspname, c.relname
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '{schema}' AND c.relkind IN ('r', 'p') AND {tables}
        ORDER BY c.relname
    LOOP
        {execute}
    END LOOP;
END
$$;"""


def identity_loop(schema=SCHEMA):
    """What a person writes who alters all tables in one go."""
    return loop("ALTER TABLE %I.%I REPLICA IDENTITY FULL", tables=USER_TABLES, schema=schema)


def document(identity="full", scale_factor=0.02, access="read", publications=("cdc",)):
    """An environment with a setting of each kind."""
    schema = {
        "replica_identity": identity,
        "publications": publications,
        "autovacuum": {"autovacuum_vacuum_scale_factor": scale_factor},
        "grants": {READER: access},
    }
    publication = {"publish_via_partition_root": True}
    return json.dumps({"version": 1, "publications": {"cdc": publication}, "schemas": {SCHEMA: schema}})


def declared(server, tables):
    """A database with a schema of so many tables, ready to be measured."""
    database = server.create(f"tables_{tables}")
    declare(database, tables)
    database.settle()
    return database


def declare(database, tables, schema=SCHEMA):
    """A schema as DataJoint declares it."""
    say(f"declaring {tables:,} tables")
    database.query((HERE / "declare.sql").read_text())
    database.query(f"CALL declare_schema('{schema}', {tables})")


def say(text):
    print(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.2f}: {text}", file=sys.stderr, flush=True)


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}"


# Results, as they are after a journey through JSON: keys are text.


SIGNS = {"<=": "≤", ">=": "≥"}


@dataclasses.dataclass
class Goal:
    what: str
    value: float
    sign: str  # "<=" or ">="
    aim: float

    @property
    def verdict(self):
        is_met = self.value <= self.aim if self.sign == "<=" else self.value >= self.aim
        return "ok" if is_met else "MISSED"


def goals_table(goals):
    rows = [
        [goal.what, f"{goal.value:.2f}", f"{SIGNS[goal.sign]} {goal.aim:g}", goal.verdict] for goal in goals
    ]
    return table(["goal", "measured", "aim", ""], rows)


def median(seconds):
    return statistics.median(seconds)


def ratio(one, other):
    return median(one) / median(other)


def milliseconds(seconds, digits=1):
    low, middle, high = (
        f"{value * 1e3:.{digits}f}" for value in (min(seconds), median(seconds), max(seconds))
    )
    return f"{middle} ({low} to {high})"


def counted(number, noun):
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def numbers(sizes):
    return [f"{int(size):,}" for size in sizes]


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
