"""Readers of a table beside rollout, while somebody's GRANT on that table is not committed, and
without that GRANT.
"""

import contextlib
import sys
import threading
import time

import frame
from frame import READER, Goal
from scenes.busy import declare, open_transaction, read_logs, roll_out, start_clients

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
        declare(database, TABLES)
        script = server.directory / "read.sql"
        script.write_text(f"\\set id random(1, 1000)\nSELECT value FROM busy.t{READ} WHERE id = :id;\n")
        frame.say(f"reading, {frame.counted(rounds, 'round')} of {3 * (seconds + 2)} s")
        takers = {
            name: (lambda name=name: take(database, script, seconds, name))
            for name in ("nothing", "rollout", "grant")
        }
        return {"seconds": seconds, "worst": frame.in_turns(rounds, takers)}


def take(database, script, seconds, beside):
    """The most milliseconds that a read took while the GRANT was there, or as long without."""
    roll_out(database, "default")
    directory = script.parent
    options = [f"--rate={RATE}", f"--file={script}"]
    readers = start_clients(database, directory, CLIENTS, seconds + 2, *options)
    time.sleep(1)
    began = time.time()
    grant = open_transaction(database, f"GRANT SELECT ON busy.t{READ} TO {READER}")
    with grant if beside == "grant" else contextlib.nullcontext():
        rollout = threading.Thread(target=roll_out, args=[database])
        if beside != "nothing":
            rollout.start()
        time.sleep(seconds)
        ended = time.time()
    if beside != "nothing":
        rollout.join()
    output, errors = readers.communicate()
    if readers.returncode != 0:
        sys.exit(f"bench: pgbench failed: {errors}{output}")
    left = database.query(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'busy'::regnamespace AND relreplident = 'f'"
    )
    assert left == (0 if beside == "nothing" else TABLES), f"rollout changed {left} tables"
    return max(latency for _, at, latency in read_logs(directory) if began <= at - latency / 1000 <= ended)


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
        f" of {frame.counted(len(results['worst']['nothing']), 'run')}:\n\n"
        + frame.table(["beside", "median", "smallest to largest"], rows)
    )
