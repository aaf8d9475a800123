"""A dry run of apply with everything still to do, against the dry runs of the four operations that
it is made of: the calls as such, and with the text of their results, which the server writes for a
client. A document's result has six times as much of it: all changes, with what undoes them.
"""

import json

import frame
from frame import READER, SCHEMA, Goal

TITLE = "A document against its parts"
AIM = 1.5
PARAMETERS = {"autovacuum_vacuum_scale_factor": 0.02}
PARTS = {
    "`set_replica_identity`": f"dj_deploy.set_replica_identity('{SCHEMA}', 'full', true, true)",
    "`set_publication_membership`": f"dj_deploy.set_publication_membership('{SCHEMA}', 'cdc')",
    "`set_autovacuum`": f"dj_deploy.set_autovacuum('{SCHEMA}', '{json.dumps(PARAMETERS)}')",
    "`set_grants`": f"dj_deploy.set_grants('{SCHEMA}', '{READER}', 'read')",
}
WHOLE = {"`apply`": f"dj_deploy.apply('{frame.document()}')"}
WITH_TEXT = ", with its text"


def measure(bench):
    sizes = [50] if bench.is_quick else [1000] if bench.goals_only else [100, 1000, 5000]
    with bench.start("apply_parts") as server:
        return {size: measure_size(bench, server, size) for size in sizes}


def measure_size(bench, server, tables):
    database = frame.declared(server, tables)
    takers = {}
    for what, call in (WHOLE | PARTS).items():
        takers[what] = taker(database, f"SELECT pg_column_size({call})")
        takers[what + WITH_TEXT] = taker(database, f"SELECT {call}")
    return frame.in_turns(bench.rounds * 2, takers)


def taker(database, sql):
    return lambda: frame.warm_cost(database, sql)


def times(seconds, suffix=""):
    whole, parts = (sum(frame.median(seconds[what + suffix]) for what in whats) for whats in (WHOLE, PARTS))
    return whole / parts


def goals(results):
    size = "1000" if "1000" in results else max(results)
    what = f"`apply`, dry run ÷ the dry runs of its parts, {int(size):,} tables"
    return [Goal(what, times(results[size]), "<=", AIM)]


def figures(results):
    rows = [
        [what + suffix, *(frame.milliseconds(seconds[what + suffix]) for seconds in results.values())]
        for suffix in ("", WITH_TEXT)
        for what in WHOLE | PARTS
    ] + [
        [f"`apply` ÷ the others{suffix}", *(f"{times(seconds, suffix):.2f}" for seconds in results.values())]
        for suffix in ("", WITH_TEXT)
    ]
    return (
        "Dry runs with everything still to do, milliseconds of processor time, median (smallest to largest),"
        " warm; the calls as such, and with the text of their results:\n\n"
        + frame.table(["tables", *frame.numbers(results)], rows)
    )
