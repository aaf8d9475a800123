"""The operations other than set_replica_identity, each against the statements that a person would
write: how long the first run takes, and how long the repeated one that finds everything as it shall
be.
"""

import dataclasses
import json
import sys
import typing

import frame
import resources
from frame import SCHEMA, USER_TABLES, Goal, loop
from scenes.identity import per_table, ratios, times

TITLE = "The other operations"
PUBLICATION = "cdc"
ROLE = frame.READER
PARAMETERS = {"autovacuum_vacuum_scale_factor": 0.02, "autovacuum_vacuum_insert_scale_factor": 0.05}

CATALOGS = ["pg_class", "pg_namespace", "pg_depend", "pg_shdepend", "pg_publication", "pg_publication_rel"]

CREATE_PUBLICATION = f"CREATE PUBLICATION {PUBLICATION} WITH (publish_via_partition_root = true);"
SET_PARAMETERS = f"SET ({', '.join(f'{name} = {value}' for name, value in PARAMETERS.items())})"
GRANT_USAGE = f"GRANT USAGE ON SCHEMA {SCHEMA} TO {ROLE};"

# What people put around a statement that fails the second time.
UNLESS_DUPLICATE = "BEGIN {} EXCEPTION WHEN duplicate_object THEN NULL; END;"


@dataclasses.dataclass
class Contender:
    """Each statement is made of the list of quoted table names. Text is made before the clock runs."""

    name: str
    first_label: str
    first: typing.Callable
    repeated_label: str
    repeated: typing.Callable
    is_dry: bool = False

    def sql(self, kind, tables):
        return (self.first if kind == "first" else self.repeated)(tables)


@dataclasses.dataclass
class Operation:
    name: str
    arguments: str
    tables: str  # a condition on pg_class c
    hand_written: list
    reset: str
    settled: str  # a condition on pg_class c

    def call(self, dry_run=False):
        return f"SELECT dj_deploy.{self.name}('{SCHEMA}', {self.arguments}, dry_run => {dry_run})"

    def key(self, contender, kind):
        return f"{self.name} {contender} {kind}"

    @property
    def contenders(self):
        run, dry = (lambda tables: self.call()), (lambda tables: self.call(dry_run=True))
        name = f"`{self.name}`"
        return [
            Contender("extension", f"{name}, first run", run, f"{name}, repeated", run),
            Contender("dry", f"{name}, dry run before", dry, f"{name}, dry run afterwards", dry, is_dry=True),
            *self.hand_written,
        ]


def same(name, label, sql):
    """What a person writes the first time and may repeat as it is."""
    return Contender(name, f"{label}, first run", sql, f"{label}, repeated", sql)


OPERATIONS = [
    Operation(
        name="set_publication_membership",
        arguments=f"'{PUBLICATION}'",
        tables=USER_TABLES,
        hand_written=[
            Contender(
                "one_statement",
                "`ALTER PUBLICATION … ADD TABLE a, b, …`, first run",
                lambda tables: (
                    f"{CREATE_PUBLICATION} ALTER PUBLICATION {PUBLICATION} ADD TABLE {', '.join(tables)}"
                ),
                "`ALTER PUBLICATION … SET TABLE a, b, …`, repeated",
                lambda tables: f"ALTER PUBLICATION {PUBLICATION} SET TABLE {', '.join(tables)}",
            ),
            Contender(
                "loop",
                "loop of `ALTER PUBLICATION … ADD TABLE`, first run",
                lambda tables: (
                    CREATE_PUBLICATION
                    + loop(f"ALTER PUBLICATION {PUBLICATION} ADD TABLE %I.%I", tables=USER_TABLES)
                ),
                "loop of `ALTER PUBLICATION … ADD TABLE` that ignores `duplicate_object`, repeated",
                lambda tables: loop(
                    f"ALTER PUBLICATION {PUBLICATION} ADD TABLE %I.%I", UNLESS_DUPLICATE, USER_TABLES
                ),
            ),
        ],
        reset=f"DROP PUBLICATION IF EXISTS {PUBLICATION}",
        settled="c.oid IN"
        " (SELECT r.prrelid FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid"
        f" WHERE p.pubname = '{PUBLICATION}')",
    ),
    Operation(
        name="set_autovacuum",
        arguments=f"'{json.dumps(PARAMETERS)}'",
        tables="true",
        hand_written=[
            same(
                "script",
                "script of `ALTER TABLE … SET (…)`",
                lambda tables: "".join(f"ALTER TABLE {table} {SET_PARAMETERS};\n" for table in tables),
            ),
            same(
                "loop",
                "loop of `ALTER TABLE … SET (…)`",
                lambda tables: loop(f"ALTER TABLE %I.%I {SET_PARAMETERS}"),
            ),
        ],
        reset=loop(f"ALTER TABLE %I.%I RESET ({', '.join(PARAMETERS)})"),
        settled=f"c.reloptions @> '{{{','.join(f'{name}={value}' for name, value in PARAMETERS.items())}}}'",
    ),
    Operation(
        name="set_grants",
        arguments=f"'{ROLE}', 'read'",
        tables="true",
        hand_written=[
            same(
                "whole_schema",
                "`GRANT … ON ALL TABLES IN SCHEMA`",
                lambda tables: f"{GRANT_USAGE} GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {ROLE}",
            ),
            same(
                "one_statement",
                "`GRANT … ON TABLE a, b, …`",
                lambda tables: f"{GRANT_USAGE} GRANT SELECT ON TABLE {', '.join(tables)} TO {ROLE}",
            ),
            same(
                "loop",
                "loop of `GRANT … ON TABLE`",
                lambda tables: GRANT_USAGE + loop(f"GRANT SELECT ON TABLE %I.%I TO {ROLE}"),
            ),
        ],
        reset=f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM {ROLE};"
        f" REVOKE ALL ON SCHEMA {SCHEMA} FROM {ROLE}",
        settled=f"has_schema_privilege('{ROLE}', c.relnamespace, 'USAGE')"
        f" AND has_table_privilege('{ROLE}', c.oid, 'SELECT')",
    ),
]


LABELS = {
    operation.key(contender.name, kind): label
    for operation in OPERATIONS
    for contender in operation.contenders
    for kind, label in (("first", contender.first_label), ("repeated", contender.repeated_label))
}


def measure(bench):
    sizes = (20,) if bench.is_quick else (5000,) if bench.goals_only else (1000, 5000)
    with bench.start("operations") as server:
        databases = {size: frame.declared(server, size) for size in sizes}
        results = {
            "seconds": {
                size: take_rounds(database, size, bench.rounds) for size, database in databases.items()
            }
        }
        if not bench.goals_only:
            results["traces"] = {"tables": max(sizes), "calls": count_traces(databases[max(sizes)])}
        return results


def take_rounds(database, size, rounds):
    """{operation, contender and "first" or "repeated": [seconds, one a round]}, in turns and rounds
    as in identity.
    """
    results = {}
    for number in range(rounds + 1):
        for operation in OPERATIONS:
            frame.say(f"{size:,} tables, {operation.name}, round {number} of {rounds}")
            take_round(database, operation, number, results)
        if number == 0:
            results.clear()
    return results


def take_round(database, operation, number, results):
    tables = list_tables(database, operation)
    everyone = operation.contenders
    turn = number % len(everyone)
    for contender in everyone[turn:] + everyone[:turn]:
        for kind in ("first", "repeated"):
            if kind == "first":
                database.query(operation.reset)
            database.vacuum(*CATALOGS)
            seconds = frame.cold(database, contender.sql(kind, tables))
            results.setdefault(operation.key(contender.name, kind), []).append(seconds)
            if contender.is_dry and kind == "first":
                database.query(operation.call())
            require_settled(database, operation, contender, len(tables))


def list_tables(database, operation):
    return database.query(
        "SELECT array_agg(format('%I.%I', n.nspname, c.relname) ORDER BY c.relname)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE n.nspname = '{SCHEMA}' AND c.relkind IN ('r', 'p') AND {operation.tables}"
    )


def require_settled(database, operation, contender, tables):
    """Everyone did the same: the catalog says so, and the extension finds nothing left to do."""
    settled = database.query(
        f"SELECT count(*) FROM pg_class c WHERE c.relnamespace = '{SCHEMA}'::regnamespace"
        f" AND c.relkind IN ('r', 'p') AND {operation.settled}"
    )
    left = len(database.query(operation.call(dry_run=True))["ddl"])
    if settled != tables or left:
        sys.exit(
            f"bench: {operation.name}: {contender.name} settled {settled} of {tables} tables,"
            f" and left {left} statements"
        )


def count_traces(database):
    """{call: [WAL bytes, transaction ids, locks on the schema's relations]}"""
    traces = {}
    for operation in OPERATIONS:
        name = f"`{operation.name}`"
        database.query(operation.reset)
        database.vacuum(*CATALOGS)
        traces[f"{name}, first run"] = resources.count_trace(database, operation.call())
        database.query(operation.call())
        database.vacuum(*CATALOGS)
        traces[f"{name}, repeated"] = resources.count_trace(database, operation.call())
        traces[f"{name}, dry run afterwards"] = resources.count_trace(database, operation.call(dry_run=True))
    return traces


# The results.


def goals(results):
    row = results["seconds"].get("5000")
    rows = []
    for operation in OPERATIONS if row else []:
        first, repeated = (
            frame.median(row[operation.key("extension", kind)]) for kind in ("first", "repeated")
        )
        first_by_hand, repeated_by_hand = (
            fastest_by_hand(row, operation, kind) for kind in ("first", "repeated")
        )
        rows += [
            Goal(
                f"`{operation.name}`, first run ÷ the fastest by hand, 5,000 tables",
                first / first_by_hand,
                "<=",
                1.2,
            ),
            Goal(
                f"fastest repetition by hand ÷ `{operation.name}`, 5,000 tables",
                repeated_by_hand / repeated,
                ">=",
                5,
            ),
        ]
    return rows


def fastest_by_hand(row, operation, kind):
    return min(frame.median(row[operation.key(contender.name, kind)]) for contender in operation.hand_written)


def figures(results):
    def compared(kind):
        pairs = [
            (operation.key(contender.name, kind), operation.key("extension", kind))
            for operation in OPERATIONS
            for contender in operation.hand_written
        ]
        return ratios(results["seconds"], pairs, LABELS)

    parts = [
        "How many times as long as the extension's first run a hand-written first run takes:\n",
        compared("first"),
        "How many times as long as the extension's repeated run a hand-written repetition takes:\n",
        compared("repeated"),
        "µs a table:\n",
        per_table(results["seconds"], LABELS),
    ]
    if "traces" in results:
        parts += [
            f"What one call leaves behind, at {results['traces']['tables']:,} tables:\n",
            resources.traces_table(results["traces"]["calls"]),
            "Milliseconds, median (smallest to largest):\n",
            times(results["seconds"], LABELS),
        ]
    return "\n".join(parts)
