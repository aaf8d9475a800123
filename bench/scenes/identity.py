"""The replica identity of a schema: the extension against a PL/pgSQL loop, psql and DataJoint's own
dj.deploy, in sessions that are new, as those of a deploy hook are.
"""

import sys

import contenders
import frame
import resources
from contenders import LIMIT, call
from frame import SCHEMA, Goal

TITLE = "Replica identity of a schema"
SIZES = (100, 1000, 5000, 20000)
CHANGERS = ("extension", "loop", "psql_one_transaction", "psql_gexec", "psql_autocommit", "datajoint")
READERS = ("extension_skipping", "extension_dry", "datajoint_dry", "commit")
COMMIT_BOUND = ("extension", "loop", "psql_autocommit", "datajoint")
# What has an aim.
GOALS = {1000: ("extension", "loop"), 5000: ("extension", "loop"), 20000: ("extension",)}
GOALS_READERS = ("extension_skipping", "extension_dry")

LABELS = {
    "extension first": "extension, first run",
    "extension repeated": "extension, repeated",
    "extension_skipping repeated": "extension, repeated with `skip_unchanged`",
    "extension_dry repeated": "extension, dry run",
    "loop first": "PL/pgSQL loop, first run",
    "loop repeated": "PL/pgSQL loop, repeated",
    "psql_one_transaction first": "psql `\\gexec` in one transaction, first run",
    "psql_one_transaction repeated": "psql `\\gexec` in one transaction, repeated",
    "psql_gexec first": "psql `\\gexec`, first run",
    "psql_gexec repeated": "psql `\\gexec`, repeated",
    "psql_autocommit first": "psql with autocommit, first run",
    "psql_autocommit repeated": "psql with autocommit, repeated",
    "datajoint first": "`dj.deploy`, first run",
    "datajoint repeated": "`dj.deploy`, repeated",
    "datajoint_dry repeated": "`dj.deploy`, dry run",
}
OTHERS = CHANGERS[1:]


def measure(bench):
    sizes = (20,) if bench.is_quick else tuple(GOALS) if bench.goals_only else SIZES
    with bench.start("identity") as server:
        databases = {size: frame.declared(server, size) for size in sizes}
        require_durable_commits(server)
        results = {"durable": {}}
        for size, database in databases.items():
            everybody = (
                (GOALS.get(size, CHANGERS), GOALS_READERS) if bench.goals_only else (CHANGERS, READERS)
            )
            results["durable"][size] = take_rounds(database, size, *everybody, bench.rounds)
        if not bench.goals_only:
            results |= measure_more(server, databases, bench.rounds, 10 if bench.is_quick else 1000)
        return results


def measure_more(server, databases, rounds, calls):
    middle = {size: database for size, database in databases.items() if size in (1000, 5000)} or databases
    server.set("fsync", "off")
    volatile = {
        size: take_rounds(database, size, COMMIT_BOUND, ["commit"], rounds)
        for size, database in middle.items()
    }
    server.set("fsync", "on")
    frame.say("WAL, locks and memory")
    last, first = max(middle), min(databases)
    return {
        "volatile": volatile,
        "traces": {"tables": last, "calls": resources.count_traces(middle[last])},
        "peaks": {size: resources.measure_peaks(database) for size, database in databases.items()},
        "growth": {
            "tables": first,
            "count": calls,
            "calls": resources.measure_growth(databases[first], calls),
        },
    }


def require_durable_commits(server):
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        if server.query(f"SHOW {setting}") != "on":
            sys.exit(f"bench: {setting} is off, so commits are not what they are in production")


def take_rounds(database, size, changers, readers, rounds):
    """{"contender first" or "contender repeated": [seconds, one a round]}. All take turns in every
    round, each round begins with the next one, and a first round that nobody counts brings tables
    and catalogs to their steady state.
    """
    results = {}
    for number in range(rounds + 1):
        frame.say(f"{size:,} tables, round {number} of {rounds}")
        turn = number % len(changers)
        for name in changers[turn:] + changers[:turn]:
            database.query(call(mode="default"))
            database.vacuum("pg_class")
            if take(results, database, name, "first"):
                require_full(database, name, size)
            database.query(call())
            database.vacuum("pg_class")
            take(results, database, name, "repeated")
        database.vacuum("pg_class")
        for name in readers:
            take(results, database, name, "repeated")
        if number == 0:
            results = {key: seconds for key, seconds in results.items() if seconds == [LIMIT]}
    return results


def take(results, database, name, kind):
    """Returns whether it came to its end. Who once exceeds the limit is not asked again."""
    seconds = results.setdefault(f"{name} {kind}", [])
    if LIMIT not in seconds:
        seconds.append(getattr(contenders, name)(database))
    return LIMIT not in seconds


def require_full(database, name, size):
    full = database.query(
        "SELECT count(*) FROM pg_class"
        f" WHERE relnamespace = '{SCHEMA}'::regnamespace AND relkind = 'r' AND relreplident = 'f'"
    )
    if full != size:
        sys.exit(f"bench: {name} set {full} of {size} tables")


# The results.


def goals(results):
    durable = results["durable"]
    rows = []
    for size in [size for size in durable if size in ("1000", "5000")]:
        value = frame.ratio(durable[size]["extension first"], durable[size]["loop first"])
        rows.append(Goal(f"first run ÷ PL/pgSQL loop, {int(size):,} tables", value, "<=", 1.05))
    if "5000" in durable:
        value = frame.ratio(durable["5000"]["loop repeated"], durable["5000"]["extension_skipping repeated"])
        rows.append(Goal("PL/pgSQL loop ÷ `skip_unchanged`, repeated, 5,000 tables", value, ">=", 7))
    if "20000" in durable:
        rows.append(
            Goal("dry run, µs a table of 20,000", cost(durable, "20000", "extension_dry repeated"), "<=", 5)
        )
        for key in [key for key in LABELS if key.startswith("extension")]:
            value = cost(durable, "20000", key) / cost(durable, "1000", key)
            rows.append(Goal(f"{LABELS[key]}, a table of 20,000 ÷ one of 1,000", value, "<=", 1.3))
    return rows


def cost(results, size, key):
    """µs a table."""
    return frame.median(results[size][key]) / int(size) * 1e6


def figures(results):
    if "volatile" not in results:
        return per_table(results["durable"], LABELS)
    durable, volatile = results["durable"], results["volatile"]
    return "\n".join(
        [
            "What one commit, the disk included, takes in these rounds, in µs:\n",
            commits(durable, volatile),
            "How many times as long as the extension's first run the others' first run takes:\n",
            ratios(durable, [(f"{name} first", "extension first") for name in OTHERS], LABELS),
            "How many times as long as the extension's repeated run the others' repeated run takes:\n",
            ratios(durable, [(f"{name} repeated", "extension repeated") for name in OTHERS], LABELS),
            "How many times as long as its run with `skip_unchanged` the others' repeated run takes:\n",
            ratios(durable, [(f"{name} repeated", "extension_skipping repeated") for name in OTHERS], LABELS),
            "How many times as long as the extension's dry run that of `dj.deploy` takes:\n",
            ratios(durable, [("datajoint_dry repeated", "extension_dry repeated")], LABELS),
            "The first run again, with `fsync = off`, where a commit costs next to nothing:\n",
            ratios(volatile, [(f"{name} first", "extension first") for name in COMMIT_BOUND[1:]], LABELS),
            "µs a table:\n",
            per_table(durable, LABELS),
            f"What one call leaves behind, at {results['traces']['tables']:,} tables:\n",
            resources.traces_table(results["traces"]["calls"]),
            "The most private memory of the backend during one call beyond what a new one has, in MB:\n",
            resources.peaks_table(results["peaks"]),
            f"Growth of one session's memory over {results['growth']['count']:,} calls"
            f" at {results['growth']['tables']:,} tables, bytes:\n",
            frame.table(
                ["call", "growth"],
                [[name, f"{value:,}"] for name, value in results["growth"]["calls"].items()],
            ),
            "Milliseconds, median (smallest to largest):\n",
            times(durable, LABELS),
        ]
    )


def summary(results):
    durable, size = (
        results["durable"],
        next(size for size in ("5000", *results["durable"]) if size in results["durable"]),
    )
    row = durable[size]
    return [
        f"First run, {int(size):,} tables: {cost(durable, size, 'extension first'):.0f} µs a table. A PL/pgSQL"
        " loop takes"
        f" {frame.ratio(row['loop first'], row['extension first']):.2f} times as long, psql with autocommit"
        f" {frame.ratio(row['psql_autocommit first'], row['extension first']):.1f}, `dj.deploy`"
        f" {frame.ratio(row['datajoint first'], row['extension first']):.1f}.",
        f"Nothing to do, `skip_unchanged`: {cost(durable, size, 'extension_skipping repeated'):.1f} µs a table;"
        " the loop alters all again,"
        f" {frame.ratio(row['loop repeated'], row['extension_skipping repeated']):.0f} times as long.",
    ]


def commits(durable, volatile):
    rows = [
        [
            label,
            *(
                f"{frame.median(part[size]['commit repeated']) * 1e6:.0f}" if size in part else ""
                for size in durable
            ),
        ]
        for label, part in (("`fsync = on`", durable), ("`fsync = off`", volatile))
    ]
    return frame.table(["tables", *frame.numbers(durable)], rows)


def over(seconds):
    return "> " if frame.median(seconds) == LIMIT else ""


def ratios(results, pairs, labels):
    rows = [
        [
            labels[other],
            *(over(row[other]) + f"{frame.ratio(row[other], row[own]):.2f}" for row in results.values()),
        ]
        for other, own in pairs
    ]
    return frame.table(["tables", *frame.numbers(results)], rows)


def per_table(results, labels):
    header = ["tables", *frame.numbers(results)]
    grows = "1000" in results and list(results)[-1] != "1000"
    largest = list(results)[-1]
    if grows:
        header.append(f"{int(largest):,} ÷ 1,000")
    rows = []
    for key, label in labels.items():
        if any(key not in row for row in results.values()):
            continue
        row = [label, *(over(results[size][key]) + f"{cost(results, size, key):.1f}" for size in results)]
        if grows:
            row.append(
                over(results[largest][key])
                + f"{cost(results, largest, key) / cost(results, '1000', key):.2f}"
            )
        rows.append(row)
    return frame.table(header, rows)


def times(results, labels):
    rows = [
        [label, *(over(row[key]) + frame.milliseconds(row[key]) for row in results.values())]
        for key, label in labels.items()
    ]
    return frame.table(["tables", *frame.numbers(results)], rows)
