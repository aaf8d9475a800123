"""What a statement of rollout costs where commits reach the disk, against a client that sends the
same statements one by one.
"""

import frame
from frame import SCHEMA, Goal

TITLE = "Rollout, statement by statement"
AIM = 0.4
MODES = ("full", "default")
LABELS = {
    "rollout": "`rollout`",
    "psql": "psql with autocommit",
    "psql_asynchronous": "psql with autocommit, `synchronous_commit = off`",
}


def measure(bench):
    tables = 50 if bench.is_quick else 1000
    with bench.start("rollout_commits") as server:
        database = server.create("commits")
        frame.declare(database, tables)
        database.settle()
        runs = Runs(database, server.directory)
        for name in LABELS:
            getattr(runs, name)()
        frame.say("rolling out")
        takers = {
            name: getattr(runs, name)
            for name in LABELS
            if name != "psql_asynchronous" or not bench.goals_only
        }
        return {
            "tables": tables,
            "commit": frame.commit_seconds(database),
            "seconds": frame.in_turns(bench.rounds, takers),
        }


class Runs:
    """Each changes all tables to the mode that they are not in."""

    def __init__(self, database, directory):
        self.database = database
        self.modes = 0
        self.files = {}
        for mode in MODES:
            statements = database.query(f"SELECT dj_deploy.set_replica_identity('{SCHEMA}', '{mode}')")["ddl"]
            self.files[mode] = directory / f"{mode}.sql"
            self.files[mode].write_text("".join(f"{statement};\n" for statement in statements))

    def next_mode(self):
        self.modes += 1
        self.database.vacuum("pg_class")
        return MODES[self.modes % 2]

    def rollout(self):
        """The plan is made before the clock runs, as the file is."""
        mode = self.next_mode()
        with frame.Session(self.database) as session:
            session.seconds(
                "SELECT set_config('bench.plan',"
                f" dj_deploy.set_replica_identity('{SCHEMA}', '{mode}')::text, false)"
            )
            return session.seconds(
                "CALL dj_deploy.rollout(current_setting('bench.plan')::jsonb, dry_run => false)"
            )

    def psql(self):
        return frame.psql_seconds(self.database, f"\\i {self.files[self.next_mode()]}")

    def psql_asynchronous(self):
        return frame.psql_seconds(
            self.database, f"SET synchronous_commit = off;\n\\i {self.files[self.next_mode()]}"
        )


def goals(results):
    seconds = results["seconds"]
    value = frame.ratio(seconds["rollout"], seconds["psql"])
    return [Goal("`rollout` ÷ psql with autocommit, commits on disk", value, "<=", AIM)]


def per_statement(results):
    return {
        LABELS[name]: frame.median(seconds) / results["tables"] * 1e6
        for name, seconds in results["seconds"].items()
    }


def figures(results):
    rows = [[label, f"{cost:.1f}"] for label, cost in per_statement(results).items()]
    rows.append(["the smallest transaction that waits for the disk", f"{results['commit'] * 1e6:.1f}"])
    return f"{results['tables']:,} statements, `fsync = on`; µs a statement:\n\n" + frame.table(
        ["", "µs"], rows
    )


def summary(results):
    costs = list(per_statement(results).values())
    return [
        f"Where a commit takes {results['commit'] * 1e6:.0f} µs, `rollout` takes {costs[0]:.0f} µs a statement,"
        f" and psql with autocommit {costs[1]:.0f} µs."
    ]
