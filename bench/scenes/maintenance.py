"""vacuum_analyze and reindex against vacuumdb and reindexdb, with two jobs each. Everyone is a
program that is started, connects and does its work; all of that counts. vacuumdb is given the
schema or, before PostgreSQL 16, where it cannot be, each of its tables.
"""

import dataclasses
import re
import subprocess
import sys
import time
import typing

import frame
from frame import SCHEMA, SUPERUSER, Goal

TITLE = "Maintenance"
JOBS = 2
AIM = 1.1

# Between two measurements a tenth of the rows becomes dead, the same for all, and is written to disk.
DISTURB = f"""
DO $$
DECLARE
    target regclass;
BEGIN
    FOR target IN
        SELECT c.oid FROM pg_class c WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind = 'r'
    LOOP
        EXECUTE format('UPDATE %s SET value = value + 1 WHERE id %% 10 = %s', target, {{tenth}});
        COMMIT;
    END LOOP;
END
$$"""

DECLARE = f"""
DO $$
BEGIN
    FOR number IN 1 .. {{tables}} LOOP
        EXECUTE format('CREATE TABLE {SCHEMA}.t%s
            (id integer PRIMARY KEY, value double precision NOT NULL, note text NOT NULL)',
            lpad(number::text, 4, '0'));
        EXECUTE format('INSERT INTO {SCHEMA}.t%s
            SELECT i, random(), md5(i::text) FROM generate_series(1, {{rows}}) i',
            lpad(number::text, 4, '0'));
        EXECUTE format('CREATE INDEX ON {SCHEMA}.t%s (value)', lpad(number::text, 4, '0'));
        COMMIT;
    END LOOP;
END
$$"""


@dataclasses.dataclass
class Size:
    name: str
    tables: int
    rows: int  # of a table

    @property
    def database(self):
        return re.sub(r"\W+", "_", self.name)


@dataclasses.dataclass
class Operation:
    """Commands are made of the scene."""

    name: str
    program: str
    call: str
    by_program: typing.Callable

    def command(self, contender, database):
        if contender == "program":
            return self.by_program(database)
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", self.call]


def vacuumdb(database):
    command = ["vacuumdb", "--quiet", "--analyze", f"--jobs={JOBS}"]
    if int(database.query("SHOW server_version_num")) >= 160000:
        return [*command, f"--schema={SCHEMA}"]
    return [*command, *(f"--table={table}" for table in list_tables(database))]


def reindexdb(_):
    return ["reindexdb", "--quiet", "--concurrently", f"--jobs={JOBS}", f"--schema={SCHEMA}"]


OPERATIONS = [
    Operation(
        "vacuum_analyze",
        f"vacuumdb --analyze -j {JOBS}",
        f"CALL dj_deploy.vacuum_analyze('{SCHEMA}', dry_run => false, jobs => {JOBS})",
        vacuumdb,
    ),
    Operation(
        "reindex",
        f"reindexdb --concurrently -j {JOBS}",
        f"CALL dj_deploy.reindex('{SCHEMA}', dry_run => false, jobs => {JOBS})",
        reindexdb,
    ),
]
CONTENDERS = ["extension", "program"]


SIZES = [Size("100 small", 100, 100), Size("1,000 small", 1000, 100), Size("4 large", 4, 1_000_000)]


def measure(bench):
    sizes = [Size("4 small", 4, 100)] if bench.is_quick else SIZES[1:] if bench.goals_only else SIZES
    with bench.start("maintenance") as server:
        return {size.name: measure_size(make(server, size), size, bench.rounds) for size in sizes}


def make(server, size):
    frame.say(f"declaring {size.name} tables")
    database = server.create(size.database)
    database.query(f"CREATE SCHEMA {SCHEMA}")
    database.query(DECLARE.format(tables=size.tables, rows=size.rows))
    database.settle()
    return database


def list_tables(database):
    return database.query(
        "SELECT array_agg(format('%I.%I', n.nspname, c.relname) ORDER BY c.relname)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE n.nspname = '{SCHEMA}' AND c.relkind = 'r'"
    )


def measure_size(database, size, rounds):
    """{operation: {contender: [seconds, one a round]}}. They take turns, who begins changes with
    the round, and a first round that nobody counts brings tables and indexes to their steady state.
    """
    results = {operation.name: {contender: [] for contender in CONTENDERS} for operation in OPERATIONS}
    for number in range(rounds + 1):
        frame.say(f"{size.name} tables, round {number} of {rounds}")
        for operation in OPERATIONS:
            for contender in CONTENDERS if number % 2 else reversed(CONTENDERS):
                seconds = take(database, operation, contender, number)
                if number > 0:
                    results[operation.name][contender].append(seconds)
    return results


def take(database, operation, contender, number):
    database.query(DISTURB.format(tenth=number % 10))
    command = operation.command(contender, database)
    database.vacuum("pg_class", "pg_index", "pg_statistic")
    database.query("CHECKPOINT", SUPERUSER)
    before = read_traces(database)
    started = time.perf_counter()
    subprocess.run(
        command, env=database.environment(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    seconds = time.perf_counter() - started
    require_done(database, operation, contender, before)
    return seconds


def read_traces(database):
    """What the operations change about each table: when it was last vacuumed and analyzed, and the
    files of its indexes.
    """
    return dict(
        database.query(
            "SELECT json_object_agg(s.relid, json_build_array(s.last_vacuum, s.last_analyze,"
            " (SELECT sum(pg_relation_filenode(i.indexrelid)::bigint)"
            " FROM pg_index i WHERE i.indrelid = s.relid)))"
            f" FROM pg_stat_user_tables s WHERE s.schemaname = '{SCHEMA}'"
        )
    )


def require_done(database, operation, contender, before):
    """Everyone did the whole work. Sessions tell of theirs when they end, or a little later."""
    changed = slice(0, 2) if operation.name == "vacuum_analyze" else slice(2, 3)
    for _ in range(100):
        after = read_traces(database)
        same = [
            table
            for table, traces in after.items()
            if any(now == then for now, then in zip(traces[changed], before[table][changed]))
        ]
        if not same:
            return
        time.sleep(0.1)
    sys.exit(f"bench: {contender} did not do {operation.name} on {len(same)} of {len(before)} tables")


# The results.


def ratio(results, operation, size):
    return frame.ratio(results[size][operation.name]["extension"], results[size][operation.name]["program"])


def goals(results):
    """Not at 100 tables, where half of the time goes into the start of processes."""
    return [
        Goal(
            f"`{operation.name}` ÷ `{operation.program}`, {size} tables",
            ratio(results, operation, size),
            "<=",
            AIM,
        )
        for operation in OPERATIONS
        for size in results
        if size != SIZES[0].name
    ]


def figures(results):
    header = ["tables", *results]
    ratios, times = [], []
    for operation in OPERATIONS:
        label = f"`{operation.name}`, {JOBS} jobs"
        ratios.append(
            [
                f"{label} ÷ `{operation.program}`",
                *(f"{ratio(results, operation, size):.2f}" for size in results),
            ]
        )
        for contender, name in zip(CONTENDERS, (label, f"`{operation.program}`")):
            row = (frame.milliseconds(results[size][operation.name][contender], 0) for size in results)
            times.append([name, *row])
    return (
        "How many times as long as PostgreSQL's own program the extension takes:\n\n"
        + frame.table(header, ratios)
        + "\nMilliseconds, median (smallest to largest):\n\n"
        + frame.table(header, times)
    )
