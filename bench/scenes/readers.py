"""Readers of a table beside rollout, while somebody's GRANT on that table is not committed, and
without that GRANT.
"""

import contextlib
import subprocess
import threading
import time

import frame
from frame import OWNER, READER, Goal

TITLE = "Readers beside rollout and an uncommitted GRANT"
AIM = 2
TABLES = 20
READ = 10  # the table that is read and granted
CLIENTS = 2
RATE = 1000  # reads a second


def measure(bench):
    seconds, rounds = (1, 1) if bench.is_quick else (3, bench.rounds)
    with bench.start("readers") as server:
        database = server.create("readers")
        declare(database)
        script = server.directory / "read.sql"
        script.write_text(f"\\set id random(1, 1000)\nSELECT value FROM busy.t{READ} WHERE id = :id;\n")
        frame.say(f"reading, {rounds} rounds of {3 * (seconds + 2)} s")
        takers = {
            name: (lambda name=name: take(database, script, seconds, name))
            for name in ("nothing", "rollout", "grant")
        }
        return {"seconds": seconds, "worst": frame.in_turns(rounds, takers)}


def declare(database):
    database.query("CREATE SCHEMA busy")
    for number in range(1, TABLES + 1):
        database.query(
            f"CREATE TABLE busy.t{number} (id integer PRIMARY KEY, value integer NOT NULL DEFAULT 0)"
        )
        database.query(f"INSERT INTO busy.t{number} SELECT generate_series(1, 1000)")
    database.settle()


def take(database, script, seconds, beside):
    """The most milliseconds that a read took while the GRANT was there, or as long without."""
    database.query(
        "CALL dj_deploy.rollout(dj_deploy.set_replica_identity('busy', 'default'), dry_run => false)"
    )
    log = script.parent / "reads"
    for path in script.parent.glob("reads.*"):
        path.unlink()
    command = ["pgbench", "--no-vacuum", f"--client={CLIENTS}", f"--rate={RATE}", f"--time={seconds + 2}"]
    command += ["--log", f"--log-prefix={log}", f"--file={script}"]
    readers = subprocess.Popen(
        command, env=database.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    time.sleep(1)
    began = time.time()
    with uncommitted_grant(database) if beside == "grant" else contextlib.nullcontext():
        rollout = threading.Thread(target=roll_out, args=[database])
        if beside != "nothing":
            rollout.start()
        time.sleep(seconds)
        ended = time.time()
    if beside != "nothing":
        rollout.join()
    if readers.wait() != 0:
        raise RuntimeError(readers.stderr.read())
    left = database.query(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'busy'::regnamespace AND relreplident = 'f'"
    )
    assert left == (0 if beside == "nothing" else TABLES), f"rollout changed {left} tables"
    return max(latency for at, latency in read_log(script.parent) if began <= at - latency / 1000 <= ended)


@contextlib.contextmanager
def uncommitted_grant(database):
    connection = database.connect(OWNER)
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON busy.t{READ} TO {READER}")
        yield
    connection.rollback()
    connection.close()


def roll_out(database):
    database.query("CALL dj_deploy.rollout(dj_deploy.set_replica_identity('busy', 'full'), dry_run => false)")


def read_log(directory):
    """(when it ended, milliseconds) of each read. A line: client, number, latency in µs, script,
    second, microsecond, lag.
    """
    for path in directory.glob("reads.*"):
        for line in path.read_text().splitlines():
            _, _, latency, _, second, microsecond, *_ = map(int, line.split())
            yield second + microsecond / 1e6, latency / 1000


def goals(results):
    worst = results["worst"]
    value = frame.median(worst["grant"]) - frame.median(worst["rollout"])
    return [
        Goal("readers' worst beside `rollout` and a GRANT, ms over that without the GRANT", value, "<=", AIM)
    ]


LABELS = {"nothing": "nothing", "rollout": "`rollout`", "grant": "`rollout` and an uncommitted GRANT"}


def figures(results):
    rows = [
        [LABELS[name], f"{frame.median(worst):.1f}", f"{min(worst):.1f} to {max(worst):.1f}"]
        for name, worst in results["worst"].items()
    ]
    return (
        f"{CLIENTS} clients read one table, {RATE:,} times a second, for {results['seconds']} s."
        " The slowest read in ms,"
        f" of {len(results['worst']['nothing'])} runs:\n\n"
        + frame.table(["beside", "median", "smallest to largest"], rows)
    )
