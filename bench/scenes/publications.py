"""What publications cost: a dry run over many tables that one publication has, and sixty, at a
small and a large work_mem.
"""

import frame
from frame import SCHEMA, Goal

TITLE = "Many publications of many tables"
AIM = 3
PUBLICATIONS = 60
DRY_RUN = f"SELECT dj_deploy.set_replica_identity('{SCHEMA}', 'full')"


def measure(bench):
    tables, many = (20, 3) if bench.is_quick else (5000, PUBLICATIONS)
    with bench.start("publications") as server:
        one = server.create("one")
        frame.declare(one, tables)
        sixty = server.copy(one, "sixty")
        publish(one, 1)
        publish(sixty, many)
        frame.say("calling")
        takers = {
            "one publication": taker(one, "64kB"),
            "sixty publications": taker(sixty, "64kB"),
            "sixty publications, `work_mem` 64 MB": taker(sixty, "64MB"),
        }
        return {"tables": tables, "seconds": frame.in_turns(bench.rounds, takers)}


def publish(database, publications):
    frame.say(f"making {publications} publications")
    listed = database.query(
        "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class"
        f" WHERE relnamespace = '{SCHEMA}'::regnamespace AND relkind = 'r' AND relname NOT LIKE '~%'"
    )
    for number in range(publications):
        database.query(f"CREATE PUBLICATION p{number} FOR TABLE {listed}")
    database.settle()


def taker(database, work_mem):
    def take():
        with frame.Session(database) as session:
            session.seconds(f"SET work_mem = '{work_mem}'")
            session.seconds(DRY_RUN)
            return session.cost(DRY_RUN)

    return take


def times(results):
    one, *others = results["seconds"]
    return {name: frame.ratio(results["seconds"][name], results["seconds"][one]) for name in others}


def goals(results):
    return [Goal(f"dry run, {name} ÷ one", value, "<=", AIM) for name, value in times(results).items()]


def figures(results):
    ratios = times(results)
    rows = [
        [name, frame.milliseconds(seconds), f"{ratios[name]:.2f}" if name in ratios else ""]
        for name, seconds in results["seconds"].items()
    ]
    return (
        f"A dry run over {results['tables']:,} tables, each in all publications;"
        " milliseconds of processor time, warm:\n\n" + frame.table(["", "ms", "÷ one publication"], rows)
    )
