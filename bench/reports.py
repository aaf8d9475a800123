"""Measures the reports against the bare catalog queries that they rest on, and apply and its kin on an environment that is as
declared against the single operations, in one run on one server, and prints the results as Markdown. script/bench --reports
starts it. Everyone is a call in a session of its own that has made the same call once before; rows go to the client.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

import measure
import report
from contenders import SCHEMA

ROLE = "reader"
PUBLICATION = "cdc"
PARAMETERS = {"autovacuum_vacuum_scale_factor": 0.02}
ENVIRONMENT = json.dumps(
    {
        "version": 1,
        "publications": {PUBLICATION: {"publish_via_partition_root": True}},
        "schemas": {
            SCHEMA: {
                "replica_identity": "full",
                "publications": [PUBLICATION],
                "autovacuum": PARAMETERS,
                "grants": {ROLE: "read"},
            }
        },
    }
)
OPERATIONS = f"""
SELECT dj_deploy.set_replica_identity('{SCHEMA}', 'full', dry_run => false, skip_unchanged => true),
       dj_deploy.set_publication_membership('{SCHEMA}', '{PUBLICATION}', dry_run => false),
       dj_deploy.set_autovacuum('{SCHEMA}', '{json.dumps(PARAMETERS)}', dry_run => false),
       dj_deploy.set_grants('{SCHEMA}', '{ROLE}', 'read', dry_run => false)"""

OF_SCHEMA = f"c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind IN ('r', 'p')"
BARE_TABLES = f"""
SELECT c.relname, c.relkind, c.relreplident, c.relpersistence, c.reloptions, pg_get_userbyid(c.relowner),
       ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (k.indkey)),
       ARRAY(SELECT p.pubname FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid),
       pg_stat_get_live_tuples(c.oid), pg_total_relation_size(c.oid), pg_relation_size(c.reltoastrelid),
       pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_analyze_time(c.oid)
FROM pg_class c LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisprimary
WHERE {OF_SCHEMA} ORDER BY c.relname"""
BARE_CHECKS = pathlib.Path(__file__).with_name("check_cdc.sql").read_text().replace(":'schema'", f"'{SCHEMA}'")
BARE_FORECAST = f"""
SELECT c.relname, pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid), pg_stat_get_live_tuples(c.oid),
       pg_stat_get_live_tuples(c.reltoastrelid), pg_relation_size(c.oid), pg_relation_size(c.reltoastrelid), s.columns
FROM pg_class c LEFT JOIN (
    SELECT a.attrelid, array_agg(concat(a.attname, ' ', a.attlen, ' ', a.attalign, ' ', s.avg_width) ORDER BY a.attnum) AS columns
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_stats s ON s.schemaname = '{SCHEMA}' AND s.tablename = c.relname AND s.attname = a.attname
    WHERE {OF_SCHEMA} AND a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid) s ON s.attrelid = c.oid
WHERE {OF_SCHEMA} ORDER BY c.relname"""

# Ours, and what it is compared with; and how many times as long it may take.
PAIRS = {
    "`tables`": (f"SELECT * FROM dj_deploy.tables('{SCHEMA}')", "its catalog query", BARE_TABLES, 3),
    "`check_cdc`": (f"SELECT * FROM dj_deploy.check_cdc('{SCHEMA}')", "its catalog query", BARE_CHECKS, 3),
    "`wal_forecast`": (f"SELECT * FROM dj_deploy.wal_forecast('{SCHEMA}')", "its catalog query", BARE_FORECAST, 3),
    "`apply`, nothing to do": (f"SELECT dj_deploy.apply('{ENVIRONMENT}', false)", "the four operations", OPERATIONS, 2),
    "`drift`, none": (f"SELECT * FROM dj_deploy.drift('{ENVIRONMENT}')", "the four operations", OPERATIONS, None),
    "`describe`": (f"SELECT dj_deploy.describe('{SCHEMA}')", "the four operations", OPERATIONS, None),
}
LINEAR = 1.3


def main():
    options = read_options()
    results = {}
    sizes = [tables for tables in options.tables if tables >= 1000]
    for tables in sizes:
        scene = measure.make_scene(tables, options.directory)
        prepare(scene)
        take_turns(scene, options.rounds, results)
    print(write(scene.query("SHOW server_version"), options.rounds, sizes, results))
    print(report.verdicts(aims(sizes, results)), file=sys.stderr)


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--tables", type=int, nargs="+", required=True, help="those from 1,000 on are measured")
    return parser.parse_args()


def say(text):
    print(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.2f}: {text}", file=sys.stderr, flush=True)


def prepare(scene):
    """An environment as declared, statistics as autovacuum leaves them."""
    scene.query(f"SELECT dj_deploy.apply('{ENVIRONMENT}', false)", user="postgres")
    scene.query("VACUUM ANALYZE", user="postgres")
    if scene.query(f"SELECT count(*) FROM dj_deploy.drift('{ENVIRONMENT}')") != 0:
        sys.exit("bench: the environment is not as declared")


def take_turns(scene, rounds, results):
    """Adds {(name, "ours" or "theirs", tables): [seconds, one a round]}; who begins changes with the round."""
    for number in range(rounds):
        say(f"{scene.tables} tables, round {number + 1} of {rounds}")
        for name, (ours, _, theirs, _) in PAIRS.items():
            both = [("ours", ours), ("theirs", theirs)]
            for side, sql in both if number % 2 else reversed(both):
                results.setdefault((name, side, scene.tables), []).append(take(scene, sql))


def take(scene, sql):
    connection = scene.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages = error")
        for _ in range(2):  # the first fills the caches
            started = time.perf_counter()
            cursor.execute(sql)
            cursor.fetchall()
            seconds = time.perf_counter() - started
    connection.close()
    return seconds


def median(results, name, side, tables):
    return statistics.median(results[name, side, tables])


def ratio(results, name, tables):
    return median(results, name, "ours", tables) / median(results, name, "theirs", tables)


def growth(results, name, sizes):
    """The cost of a table in the largest schema, by that in the smallest."""
    return (median(results, name, "ours", sizes[-1]) / sizes[-1]) / (median(results, name, "ours", sizes[0]) / sizes[0])


def aims(sizes, results):
    rows = [
        (f"{name}, {tables} tables, × {other}", ratio(results, name, tables), "<=", aim)
        for name, (_, other, _, aim) in PAIRS.items()
        for tables in sizes
        if aim is not None and tables >= 5000
    ]
    if len(sizes) > 1:
        rows += [(f"{name}, a table of {sizes[-1]}, × one of {sizes[0]}", growth(results, name, sizes), "<=", LINEAR) for name in PAIRS]
    return rows


def write(server, rounds, sizes, results):
    header = ["tables", *(f"{tables:,}" for tables in sizes)]
    ratios = [
        [f"{name} ÷ {other}", *(f"{ratio(results, name, tables):.2f}" for tables in sizes)] for name, (_, other, _, _) in PAIRS.items()
    ]
    costs = [
        [name, *(f"{median(results, name, 'ours', tables) / tables * 1e6:.1f}" for tables in sizes)] for name in PAIRS
    ]
    return "\n".join(
        [
            "### Reports and the environment document",
            "",
            f"{report.machine()}; PostgreSQL {server}. Medians of {rounds} rounds.",
            "",
            "How many times as long as what it is compared with each takes:",
            "",
            report.table(header, ratios),
            "µs per table:",
            "",
            report.table(header, costs),
        ]
    )


if __name__ == "__main__":
    main()
