"""Measures vacuum_analyze and reindex against vacuumdb and reindexdb, with two jobs each, in one run on one server, and prints
the results as Markdown. script/bench --maintenance starts it. Everyone is a program that is started, connects and does its
work; all of that counts. vacuumdb is given the schema or, before PostgreSQL 16, where it cannot be, each of its tables.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time
import typing

import contenders
import report
from contenders import OWNER, SCHEMA, Scene

JOBS = 2
AIM = 1.1

# Between two measurements a tenth of the rows becomes dead, the same for all, and is written to disk.
DISTURB = f"""
DO $$
DECLARE
    target regclass;
BEGIN
    FOR target IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind = 'r' LOOP
        EXECUTE format('UPDATE %s SET value = value + 1 WHERE id %% 10 = %s', target, {{tenth}});
        COMMIT;
    END LOOP;
END
$$"""

DECLARE = f"""
DO $$
BEGIN
    FOR number IN 1 .. {{tables}} LOOP
        EXECUTE format('CREATE TABLE {SCHEMA}.t%s (id integer PRIMARY KEY, value double precision NOT NULL, note text NOT NULL)',
            lpad(number::text, 4, '0'));
        EXECUTE format('INSERT INTO {SCHEMA}.t%s SELECT i, random(), md5(i::text) FROM generate_series(1, {{rows}}) i',
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

    def command(self, contender, scene):
        if contender == "program":
            return self.by_program(scene)
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", self.call]


def vacuumdb(scene):
    command = ["vacuumdb", "--quiet", "--analyze", f"--jobs={JOBS}"]
    if server_version(scene) >= 160000:
        return [*command, f"--schema={SCHEMA}"]
    return [*command, *(f"--table={table}" for table in list_tables(scene))]


def reindexdb(scene):
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


def main():
    options = read_options()
    sizes = [Size(f"{tables} small", tables, 100) for tables in options.tables if tables <= 1000]
    sizes.append(Size("4 large", 4, 1_000_000))
    results = {}
    for size in sizes:
        scene = make_scene(size, options.directory)
        measure(scene, size, options.rounds, results)
    print(write(scene.query("SHOW server_version"), options.rounds, sizes, results))
    print(report.verdicts(aims(sizes, results)), file=sys.stderr)


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--tables", type=int, nargs="+", required=True, help="those of up to 1,000 are measured")
    return parser.parse_args()


def say(text):
    print(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.2f}: {text}", file=sys.stderr, flush=True)


def make_scene(size, directory):
    say(f"declaring {size.name} tables")
    scene = Scene(size.database, size.tables, directory)
    Scene("postgres", 0, directory).query(f'CREATE DATABASE "{scene.database}" OWNER {OWNER}', user="postgres")
    scene.query(f"CREATE SCHEMA {SCHEMA}")
    scene.query(DECLARE.format(tables=size.tables, rows=size.rows))
    scene.query("CREATE EXTENSION datajoint_deploy")
    scene.query("VACUUM ANALYZE", user="postgres")
    return scene


def server_version(scene):
    return int(scene.query("SHOW server_version_num"))


def list_tables(scene):
    return scene.query(
        "SELECT array_agg(format('%I.%I', n.nspname, c.relname) ORDER BY c.relname)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE n.nspname = '{SCHEMA}' AND c.relkind = 'r'"
    )


def measure(scene, size, rounds, results):
    """Adds {(operation, contender, size): [seconds, one a round]}. They take turns, who begins changes with the round, and a
    first round that nobody counts brings tables and indexes to their steady state."""
    for number in range(rounds + 1):
        say(f"{size.name} tables, round {number} of {rounds}")
        for operation in OPERATIONS:
            for contender in CONTENDERS if number % 2 else reversed(CONTENDERS):
                seconds = take(scene, operation, contender, number)
                if number > 0:
                    results.setdefault((operation.name, contender, size.name), []).append(seconds)


def take(scene, operation, contender, number):
    scene.query(DISTURB.format(tenth=number % 10))
    command = operation.command(contender, scene)
    environment = dict(os.environ, PGDATABASE=scene.database, PGUSER=OWNER)
    scene.query("VACUUM pg_catalog.pg_class, pg_catalog.pg_index, pg_catalog.pg_statistic", user="postgres")
    scene.query("CHECKPOINT", user="postgres")
    before = read_traces(scene)
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds = time.perf_counter() - started
    require_done(scene, operation, contender, before)
    return seconds


def read_traces(scene):
    """What the operations change about each table: when it was last vacuumed and analyzed, and the files of its indexes."""
    return dict(
        scene.query(
            "SELECT json_object_agg(s.relid, json_build_array(s.last_vacuum, s.last_analyze,"
            " (SELECT sum(pg_relation_filenode(i.indexrelid)::bigint) FROM pg_index i WHERE i.indrelid = s.relid)))"
            f" FROM pg_stat_user_tables s WHERE s.schemaname = '{SCHEMA}'"
        )
    )


def require_done(scene, operation, contender, before):
    """Everyone did the whole work. Sessions tell of theirs when they end, or a little later."""
    changed = slice(0, 2) if operation.name == "vacuum_analyze" else slice(2, 3)
    for _ in range(100):
        after = read_traces(scene)
        same = [
            table
            for table, traces in after.items()
            if any(now == then for now, then in zip(traces[changed], before[table][changed]))
        ]
        if not same:
            return
        time.sleep(0.1)
    sys.exit(f"bench: {contender} did not do {operation.name} on {len(same)} of {len(before)} tables")


def ratio(results, operation, size):
    extension, program = (statistics.median(results[operation.name, contender, size.name]) for contender in CONTENDERS)
    return extension / program


def aims(sizes, results):
    """Not at 100 tables, where half of the time goes into the start of processes."""
    return [
        (f"{operation.name}, {size.name} tables, × {operation.program}", ratio(results, operation, size), "<=", AIM)
        for operation in OPERATIONS
        for size in sizes
        if size.tables != 100
    ]


def write(server, rounds, sizes, results):
    header = ["tables", *(size.name for size in sizes)]
    ratios, times = [], []
    for operation in OPERATIONS:
        label = f"`{operation.name}`, {JOBS} jobs"
        ratios.append([f"{label} ÷ `{operation.program}`", *(f"{ratio(results, operation, size):.2f}" for size in sizes)])
        for contender, name in zip(CONTENDERS, (label, f"`{operation.program}`")):
            times.append([name, *(cell(results[operation.name, contender, size.name]) for size in sizes)])
    return "\n".join(
        [
            "### Maintenance",
            "",
            f"{report.machine()}; PostgreSQL {server}. Medians of {rounds} rounds.",
            "",
            "How many times as long as PostgreSQL's own program the extension takes:",
            "",
            report.table(header, ratios),
            "Milliseconds, median (smallest to largest):",
            "",
            report.table(header, times),
        ]
    )


def cell(seconds):
    low, middle, high = (value * 1e3 for value in (min(seconds), statistics.median(seconds), max(seconds)))
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


main()
