"""describe of a schema whose tables are granted to few and to many roles."""

import frame
from frame import SCHEMA, Goal

TITLE = "Many roles"
AIM = 1.3
ROLES = (25, 50, 100)


def measure(bench):
    tables, roles = (10, (2, 4, 8)) if bench.is_quick else (500, ROLES)
    with bench.start("roles") as server:
        databases = {count: make(server, tables, count) for count in roles}
        frame.say("calling")
        takers = {count: describer(database) for count, database in databases.items()}
        return {"tables": tables, "seconds": frame.in_turns(bench.rounds * 2, takers)}


def make(server, tables, roles):
    database = server.create(f"roles_{roles}")
    frame.declare(database, tables)
    frame.say(f"granting to {roles} roles")
    for number in range(1, roles + 1):
        server.query(
            f"DO $$ BEGIN CREATE ROLE role_{number}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        database.query(f"SELECT dj_deploy.set_grants('{SCHEMA}', 'role_{number}', 'read', dry_run => false)")
    database.settle()
    return database


def describer(database):
    return lambda: frame.warm_cost(database, f"SELECT dj_deploy.describe('{SCHEMA}')")


def per_role(results):
    return {int(roles): frame.median(seconds) / int(roles) for roles, seconds in results["seconds"].items()}


def goals(results):
    costs = per_role(results)
    few, many = min(costs), max(costs)
    return [Goal(f"`describe`, a role of {many} ÷ one of {few}", costs[many] / costs[few], "<=", AIM)]


def figures(results):
    rows = [
        ["ms", *(frame.milliseconds(seconds) for seconds in results["seconds"].values())],
        ["µs a role", *(f"{cost * 1e6:.0f}" for cost in per_role(results).values())],
    ]
    return f"`describe` of {results['tables']:,} tables, processor time, warm:\n\n" + frame.table(
        ["roles", *frame.numbers(results["seconds"])], rows
    )
