"""Measures what publications and types elsewhere cost, in one run on one server, side by side: a dry run over 5,000 tables with one
publication and with sixty, at a small and at a large work_mem, and calls about a schema of ten tables with and without 300,000
memberships and 200,000 types elsewhere. script/bench --publications starts it. Everyone is a call in a session of its own that has
made the same call once before.
"""

import argparse
import pathlib
import statistics
import sys
import time

import measure
import report
from contenders import SCHEMA

PUBLICATIONS = 60
TYPES = 200000
DRY_RUN = "SELECT dj_deploy.set_replica_identity('{}', 'full')"
CHECK = "SELECT * FROM dj_deploy.check_cdc('{}')"
SMALL = "ten"


def main():
    options = read_options()
    tables = 1000 if max(options.tables) < 5000 else 5000
    scene = measure.make_scene(tables, options.directory)
    alone = make_scene_of_ten(options.directory)
    add_ten_tables(scene)
    publish(scene, range(1, 2))
    calls = {
        "one publication": (scene, DRY_RUN.format(SCHEMA), "64kB"),
        "ten tables": (alone, DRY_RUN.format(SMALL), "64kB"),
        "ten tables, check_cdc": (alone, CHECK.format(SMALL), "64kB"),
    }
    results = take_rounds(calls, options.rounds)
    publish(scene, range(2, PUBLICATIONS + 1))
    crowded = {
        "sixty publications": (scene, DRY_RUN.format(SCHEMA), "64kB"),
        "sixty publications, work_mem 64 MB": (scene, DRY_RUN.format(SCHEMA), "64MB"),
        "ten tables beside memberships": (scene, DRY_RUN.format(SMALL), "64kB"),
        "ten tables beside memberships, check_cdc": (scene, CHECK.format(SMALL), "64kB"),
        "ten tables again": (alone, DRY_RUN.format(SMALL), "64kB"),
        "ten tables again, check_cdc": (alone, CHECK.format(SMALL), "64kB"),
    }
    results |= take_rounds(crowded, options.rounds)
    make_types(scene)
    results |= take_rounds({"ten tables beside types, check_cdc": (scene, CHECK.format(SMALL), "64kB")}, options.rounds)
    print(write(scene.query("SHOW server_version"), tables, options.rounds, results))
    print(report.verdicts(aims(results)), file=sys.stderr)


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--tables", type=int, nargs="+", required=True, help="5,000 tables, or 1,000 where that is more than all of them")
    return parser.parse_args()


def add_ten_tables(scene):
    for number in range(10):
        if number == 0:
            scene.query(f"CREATE SCHEMA {SMALL}")
        scene.query(f"CREATE TABLE {SMALL}.t{number} (id int PRIMARY KEY, note varchar(20))")


def make_scene_of_ten(directory):
    """A database with nothing but the ten tables."""
    scene = measure.Scene("ten", 10, directory)
    measure.Scene("postgres", 0, directory).query("CREATE DATABASE ten OWNER pipeline", user="postgres")
    scene.query("CREATE EXTENSION datajoint_deploy")
    add_ten_tables(scene)
    return scene


def publish(scene, numbers):
    for number in numbers:
        scene.query(f"SELECT dj_deploy.set_publication_membership('{SCHEMA}', 'p{number}', dry_run => false)", user="postgres")
    scene.query("VACUUM ANALYZE pg_catalog.pg_publication_rel", user="postgres")


def make_types(scene):
    scene.query(
        f"""DO $$ BEGIN
            FOR number IN 1 .. {TYPES} LOOP
                EXECUTE format('CREATE TYPE public.type_%s AS (id int, note text)', number);
                IF number % 1000 = 0 THEN COMMIT; END IF;
            END LOOP; END $$""",
        user="postgres",
    )
    scene.query("VACUUM ANALYZE pg_catalog.pg_type", user="postgres")


def take_rounds(calls, rounds):
    """{name: [seconds, one a round]}; all take turns in every round."""
    results = {}
    for _ in range(rounds):
        for name, (scene, sql, work_mem) in calls.items():
            results.setdefault(name, []).append(take(scene, sql, work_mem))
    return results


def take(scene, sql, work_mem):
    connection = scene.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages = error")
        cursor.execute(f"SET work_mem = '{work_mem}'")
        for _ in range(2):  # the first fills the caches
            started = time.perf_counter()
            cursor.execute(sql)
            cursor.fetchall()
            seconds = time.perf_counter() - started
    connection.close()
    return seconds


def ratio(results, name, other):
    return statistics.median(results[name]) / statistics.median(results[other])


PAIRS = [
    ("sixty publications", "one publication", 3),
    ("sixty publications, work_mem 64 MB", "one publication", 3),
    ("ten tables beside memberships", "ten tables again", 1.5),
    ("ten tables beside memberships, check_cdc", "ten tables again, check_cdc", 1.5),
    ("ten tables beside types, check_cdc", "ten tables again, check_cdc", 1.5),
]


def aims(results):
    return [(f"{name}, × {other}", ratio(results, name, other), "<=", aim) for name, other, aim in PAIRS]


def write(server, tables, rounds, results):
    lines = [
        f"{report.machine()}; PostgreSQL {server}. Medians of {rounds} rounds; {tables} tables in each publication.",
        "",
        "| call | ms | times |",
        "| --- | --- | --- |",
    ]
    others = {name: other for name, other, _ in PAIRS}
    for name, seconds in results.items():
        times = f"{ratio(results, name, others[name]):.2f} × {others[name]}" if name in others else ""
        lines.append(f"| {name} | {statistics.median(seconds) * 1000:.2f} | {times} |")
    return "\n".join(lines)


main()
