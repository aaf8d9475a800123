"""A dry run of apply with everything still to do, against the dry runs of the four operations that
it is made of.
"""

import json

import frame
from frame import READER, SCHEMA, Goal

TITLE = "A document against its parts"
AIM = 1.5
PARAMETERS = {"autovacuum_vacuum_scale_factor": 0.02}
PARTS = {
    "`set_replica_identity`": f"SELECT dj_deploy.set_replica_identity('{SCHEMA}', 'full', true, true)",
    "`set_publication_membership`": f"SELECT dj_deploy.set_publication_membership('{SCHEMA}', 'cdc')",
    "`set_autovacuum`": f"SELECT dj_deploy.set_autovacuum('{SCHEMA}', '{json.dumps(PARAMETERS)}')",
    "`set_grants`": f"SELECT dj_deploy.set_grants('{SCHEMA}', '{READER}', 'read')",
}
WHOLE = {"`apply`": f"SELECT dj_deploy.apply('{frame.document()}')"}


def measure(bench):
    sizes = [50] if bench.is_quick else [1000] if bench.goals_only else [100, 1000, 5000]
    with bench.start("apply_parts") as server:
        return {size: measure_size(bench, server, size) for size in sizes}


def measure_size(bench, server, tables):
    database = frame.declared(server, tables)
    takers = {what: (lambda sql=sql: frame.warm_cost(database, sql)) for what, sql in (WHOLE | PARTS).items()}
    return frame.in_turns(bench.rounds * 2, takers)


def times(seconds):
    return sum(frame.median(values) for what, values in seconds.items() if what in WHOLE) / sum(
        frame.median(values) for what, values in seconds.items() if what in PARTS
    )


def goals(results):
    size = "1000" if "1000" in results else max(results)
    what = f"`apply`, dry run ÷ the dry runs of its parts, {int(size):,} tables"
    return [Goal(what, times(results[size]), "<=", AIM)]


def figures(results):
    rows = [
        [what, *(frame.milliseconds(seconds[what]) for seconds in results.values())] for what in WHOLE | PARTS
    ]
    rows.append(
        ["`apply` ÷ the sum of the others", *(f"{times(seconds):.2f}" for seconds in results.values())]
    )
    return (
        "Dry runs with everything still to do, milliseconds of processor time, median (smallest to largest),"
        " warm:\n\n" + frame.table(["tables", *frame.numbers(results)], rows)
    )
