"""Documents with few and with many publications: describe, a dry run of apply, drift."""

import frame
from frame import SCHEMA, Goal

TITLE = "Documents with many publications"
AIM = 1.3
TABLES = 10
PUBLICATIONS = (100, 1000)
CALLS = {
    "describe": f"SELECT dj_deploy.describe('{SCHEMA}')",
    "apply, dry run, nothing to do": "SELECT dj_deploy.apply('{document}')",
    "apply, dry run, everything to do": "SELECT dj_deploy.apply('{other}')",
    "drift, none": "SELECT * FROM dj_deploy.drift('{document}')",
}


def measure(bench):
    sizes = (4, 8) if bench.is_quick else PUBLICATIONS
    with bench.start("documents") as server:
        databases = {size: make(server, size) for size in sizes}
        results = {}
        for what, sql in CALLS.items():
            frame.say(what)
            takers = {size: taker(database, sql) for size, database in databases.items()}
            results[what] = frame.in_turns(bench.rounds, takers)
        return results


def make(server, publications):
    frame.say(f"making {publications} publications")
    database = server.create(f"publications_{publications}")
    frame.declare(database, TABLES)
    for number in range(publications):
        database.query(
            f"SELECT dj_deploy.set_publication_membership('{SCHEMA}', 'p{number}', dry_run => false)"
        )
    database.settle()
    return database


def taker(database, sql):
    """The document is that of the database; the other one has no table in any publication."""
    described = f"dj_deploy.describe('{SCHEMA}')"
    document = database.query(f"SELECT {described}::text")
    other = database.query(f"SELECT jsonb_set({described}, '{{schemas,{SCHEMA},publications}}', '[]')::text")
    sql = sql.replace("{document}", document).replace("{other}", other)
    return lambda: frame.warm_cost(database, sql)


def per_publication(seconds):
    return {int(size): frame.median(values) / int(size) for size, values in seconds.items()}


def goals(results):
    rows = []
    for what, seconds in results.items():
        costs = per_publication(seconds)
        few, many = min(costs), max(costs)
        rows.append(
            Goal(f"`{what}`, a publication of {many:,} ÷ one of {few:,}", costs[many] / costs[few], "<=", AIM)
        )
    return rows


def figures(results):
    sizes = next(iter(results.values()))
    rows = [
        [
            f"`{what}`",
            *(frame.milliseconds(values) for values in seconds.values()),
            *(f"{cost * 1e6:.0f}" for cost in per_publication(seconds).values()),
        ]
        for what, seconds in results.items()
    ]
    header = [
        "publications",
        *(f"{size}, ms" for size in frame.numbers(sizes)),
        *(f"{size}, µs a publication" for size in frame.numbers(sizes)),
    ]
    return f"Each publication has all {TABLES} tables of the schema; processor time, warm:\n\n" + frame.table(
        header, rows
    )
