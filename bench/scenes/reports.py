"""Reports against the bare catalog queries that they rest on, and apply and its kin on an
environment that is as declared against the single operations. Everyone is a call in a session of
its own that has made the same call once before; rows go to the client.
"""

import json
import sys

import frame
from frame import HERE, SCHEMA, SUPERUSER, Goal

TITLE = "Reports and the environment document"
# Processor time is that of one backend.
SETTINGS = frame.DURABLE | {"max_parallel_workers_per_gather": 0}
ROLE = frame.READER
PARAMETERS = {"autovacuum_vacuum_scale_factor": 0.02}
ENVIRONMENT = frame.document()
OPERATIONS = f"""
SELECT dj_deploy.set_replica_identity('{SCHEMA}', 'full', dry_run => false, skip_unchanged => true),
       dj_deploy.set_publication_membership('{SCHEMA}', 'cdc', dry_run => false),
       dj_deploy.set_autovacuum('{SCHEMA}', '{json.dumps(PARAMETERS)}', dry_run => false),
       dj_deploy.set_grants('{SCHEMA}', '{ROLE}', 'read', dry_run => false)"""

OF_SCHEMA = f"c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind IN ('r', 'p')"
BARE_TABLES = f"""
SELECT c.relname, c.relkind, c.relreplident, c.relpersistence, c.reloptions, pg_get_userbyid(c.relowner),
       ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (k.indkey)),
       ARRAY(SELECT p.pubname FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
             WHERE r.prrelid = c.oid),
       pg_stat_get_live_tuples(c.oid), pg_total_relation_size(c.oid), pg_relation_size(c.reltoastrelid),
       pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_analyze_time(c.oid)
FROM pg_class c LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisprimary
WHERE {OF_SCHEMA} ORDER BY c.relname"""
BARE_CHECKS = (HERE / "check_cdc.sql").read_text().replace(":'schema'", f"'{SCHEMA}'")
BARE_FORECAST = f"""
SELECT c.relname, pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid),
       pg_stat_get_live_tuples(c.oid), pg_stat_get_live_tuples(c.reltoastrelid),
       pg_relation_size(c.oid), pg_relation_size(c.reltoastrelid), s.columns
FROM pg_class c LEFT JOIN (
    SELECT a.attrelid,
           array_agg(concat(a.attname, ' ', a.attlen, ' ', a.attalign, ' ', s.avg_width)
                     ORDER BY a.attnum) AS columns
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
    "`wal_forecast`": (
        f"SELECT * FROM dj_deploy.wal_forecast('{SCHEMA}')",
        "its catalog query",
        BARE_FORECAST,
        3,
    ),
    "`apply`, nothing to do": (
        f"SELECT dj_deploy.apply('{ENVIRONMENT}', false)",
        "the four operations",
        OPERATIONS,
        2,
    ),
    "`drift`, none": (
        f"SELECT * FROM dj_deploy.drift('{ENVIRONMENT}')",
        "the four operations",
        OPERATIONS,
        None,
    ),
    "`describe`": (f"SELECT dj_deploy.describe('{SCHEMA}')", "the four operations", OPERATIONS, None),
}
LINEAR = 1.3


def measure(bench):
    sizes = (20, 40) if bench.is_quick else (1000, 5000, 20000)
    with bench.start("reports", SETTINGS) as server:
        return {size: measure_size(server, size, bench.rounds) for size in sizes}


def measure_size(server, size, rounds):
    """{name: {"ours" or "theirs": [seconds, one a round]}}"""
    database = server.create(f"tables_{size}")
    frame.declare(database, size)
    database.query(f"SELECT dj_deploy.apply('{ENVIRONMENT}', false)", SUPERUSER)
    database.settle()
    if database.query(f"SELECT count(*) FROM dj_deploy.drift('{ENVIRONMENT}')") != 0:
        sys.exit("bench: the environment is not as declared")
    frame.say("calling")
    return {
        name: frame.in_turns(rounds, {"ours": taker(database, ours), "theirs": taker(database, theirs)})
        for name, (ours, _, theirs, _) in PAIRS.items()
    }


def taker(database, sql):
    return lambda: frame.warm_cost(database, sql)


# The results.


def ratio(results, name, size):
    return frame.ratio(results[size][name]["ours"], results[size][name]["theirs"])


def cost(results, name, size):
    """µs a table."""
    return frame.median(results[size][name]["ours"]) / int(size) * 1e6


def goals(results):
    first, *_, last = results
    rows = [
        Goal(f"{name} ÷ {other}, {int(size):,} tables", ratio(results, name, size), "<=", aim)
        for name, (_, other, _, aim) in PAIRS.items()
        for size in results
        if aim is not None and int(size) >= 5000
    ]
    return rows + [
        Goal(
            f"{name}, a table of {int(last):,} ÷ one of {int(first):,}",
            cost(results, name, last) / cost(results, name, first),
            "<=",
            LINEAR,
        )
        for name in PAIRS
    ]


def figures(results):
    header = ["tables", *frame.numbers(results)]
    ratios = [
        [f"{name} ÷ {other}", *(f"{ratio(results, name, size):.2f}" for size in results)]
        for name, (_, other, _, _) in PAIRS.items()
    ]
    costs = [[name, *(f"{cost(results, name, size):.1f}" for size in results)] for name in PAIRS]
    return (
        "How many times as much processor time as what it is compared with each takes, warm:\n\n"
        + frame.table(header, ratios)
        + "\nµs of processor time a table:\n\n"
        + frame.table(header, costs)
    )
