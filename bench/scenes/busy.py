"""rollout on a busy database, whose tables clients read and write while a long transaction has read
one of them, against a loop of ALTER TABLE and against nothing: the slowest statement of each table,
and what readers feel over time.
"""

import contextlib
import subprocess
import sys
import threading
import time

import frame
from frame import SUPERUSER, Goal

TITLE = "Rollout on a busy database"
AIM = 50
TABLES = 50
CLIENTS = 8
LONG = 25  # the table that the long transaction has read
AFTER = 3  # seconds that the clients go on when the long transaction has ended
STEP = 0.1  # seconds; of the readers' latency over time


def measure(bench):
    seconds, rounds = (
        (1, 1) if bench.is_quick else (10, min(bench.rounds, 3)) if bench.goals_only else (20, bench.rounds)
    )
    contenders = {name: work for name, work in CONTENDERS.items() if name != "loop" or not bench.goals_only}
    # The default configuration, on disk.
    with bench.start("busy", {"fsync": "on"}) as server:
        database = server.create("busy")
        declare(database, TABLES)
        scripts = write_scripts(server.directory)
        runs = {name: [] for name in contenders}
        for number in range(rounds):
            for name, work in contenders.items():
                frame.say(f"{name}, run {number + 1} of {rounds}")
                roll_out(database, "default")
                database.query("CHECKPOINT", SUPERUSER)
                runs[name].append(run_busy(database, server.directory, scripts, seconds, work))
        return {"seconds": seconds, "runs": runs}


def declare(database, tables):
    database.query("CREATE SCHEMA busy")
    for number in range(1, tables + 1):
        database.query(
            f"CREATE TABLE busy.t{number} (id integer PRIMARY KEY, value integer NOT NULL DEFAULT 0)"
        )
        database.query(f"INSERT INTO busy.t{number} SELECT generate_series(1, 1000)")
    database.settle()


def write_scripts(directory):
    """Two scripts a table, of one statement each: what pgbench logs of a transaction is then the
    statement's latency.
    """
    options = []
    for number in range(1, TABLES + 1):
        for kind, statement in (
            ("read", "SELECT value FROM busy.t{} WHERE id = :id;"),
            ("write", "UPDATE busy.t{} SET value = value + 1 WHERE id = :id;"),
        ):
            path = directory / f"{kind}{number}.sql"
            path.write_text("\\set id random(1, 1000)\n" + statement.format(number) + "\n")
            options.append(f"--file={path}")
    return options


def run_busy(database, directory, scripts, seconds, work):
    clients = start_clients(database, directory, CLIENTS, 1 + seconds + AFTER, "--jobs=2", *scripts)
    time.sleep(1)
    moments, is_done = [], threading.Event()
    threads = [threading.Thread(target=watch_tables, args=[database, moments, is_done])]
    if work is not None:
        threads.append(threading.Thread(target=work, args=[database]))
    with open_transaction(database, f"SELECT count(*) FROM busy.t{LONG}"):
        began = time.time()
        for thread in threads:
            thread.start()
        time.sleep(max(0, began + seconds - time.time()))
        ended = time.time()
    for thread in threads[1:]:
        thread.join()
    output, errors = clients.communicate()
    is_done.set()
    threads[0].join()
    if clients.returncode != 0 or "number of failed transactions: 0 " not in output:
        sys.exit(f"bench: pgbench failed: {errors}{output}")
    when = {
        count: min((at for at, done in moments if done >= count), default=None)
        for count in (TABLES - 1, TABLES)
    }
    return {
        "slowest": slowest_of_tables(directory),
        "reads": worst_over_time(directory, began, seconds),
        "others": when[TABLES - 1] and when[TABLES - 1] - began,
        "last": when[TABLES] and when[TABLES] - ended,
    }


def start_clients(database, directory, number, seconds, *options):
    for path in directory.glob("clients.*"):
        path.unlink()
    command = ["pgbench", "--no-vacuum", f"--client={number}", f"--time={seconds}", "--log"]
    command += [f"--log-prefix={directory}/clients", *options]
    return subprocess.Popen(
        command, env=database.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextlib.contextmanager
def open_transaction(database, statement):
    connection = database.connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute(statement)
        yield
    connection.rollback()
    connection.close()


def watch_tables(database, moments, is_done):
    connection = database.connect()
    with connection.cursor() as cursor:
        while not is_done.is_set():
            cursor.execute(
                "SELECT count(*) FROM pg_class"
                " WHERE relnamespace = 'busy'::regnamespace AND relkind = 'r' AND relreplident = 'f'"
            )
            moments.append((time.time(), cursor.fetchone()[0]))
            is_done.wait(0.02)
    connection.close()


def read_logs(directory):
    """(script, when it ended, ms) of each statement. A line: client, number, latency in µs, script,
    second, microsecond, perhaps lag.
    """
    for path in directory.glob("clients.*"):
        with path.open() as lines:
            for line in lines:
                _, _, latency, script, second, microsecond, *_ = map(int, line.split())
                yield script, second + microsecond / 1e6, latency / 1000


def slowest_of_tables(directory):
    """{table: ms}"""
    slowest = {}
    for script, _, latency in read_logs(directory):
        table = script // 2 + 1
        slowest[table] = max(slowest.get(table, 0), latency)
    if len(slowest) != TABLES:
        sys.exit(f"bench: the clients used {len(slowest)} of {TABLES} tables")
    return slowest


def worst_over_time(directory, began, seconds):
    """The slowest of the reads that are under way in each step of time, in ms, from a second before
    to the end.
    """
    worst = [0.0] * int((1 + seconds + AFTER) / STEP)
    for script, ended, latency in read_logs(directory):
        if script % 2 == 0:
            first, last = (int((at - began + 1) / STEP) for at in (ended - latency / 1000, ended))
            for step in range(max(first, 0), min(last + 1, len(worst))):
                worst[step] = max(worst[step], latency)
    return worst


def roll_out(database, mode="full"):
    database.query(
        f"CALL dj_deploy.rollout(dj_deploy.set_replica_identity('busy', '{mode}'), dry_run => false)"
    )


CONTENDERS = {
    "nothing": None,
    "rollout": roll_out,
    "loop": lambda database: database.query(frame.identity_loop("busy")),
}
LABELS = {"nothing": "nothing", "rollout": "`rollout`", "loop": "PL/pgSQL loop"}


# The results.


def median_slowest(runs):
    """{table: ms}: medians of the runs."""
    return {table: frame.median(run["slowest"][table] for run in runs) for table in runs[0]["slowest"]}


def most_added(runs, name):
    """By how many ms the slowest statement of any table exceeds that of the same table without."""
    without, slowest = median_slowest(runs["nothing"]), median_slowest(runs[name])
    return max(slowest[table] - without[table] for table in slowest)


def median_of(runs, key):
    values = [run[key] for run in runs]
    return None if None in values else frame.median(values)


def goals(results):
    value = most_added(results["runs"], "rollout")
    return [Goal("slowest statement of any table, ms more with `rollout`", value, "<=", AIM)]


def figures(results):
    runs = results["runs"]
    rows = [
        [
            LABELS[name],
            f"{frame.median(median_slowest(runs[name]).values()):.1f}",
            f"{max(median_slowest(runs[name]).values()):.1f}",
            "" if name == "nothing" else f"{most_added(runs, name):.1f}",
            moment(median_of(runs[name], "others")),
            moment(median_of(runs[name], "last")),
        ]
        for name in runs
    ]
    return (
        f"{CLIENTS} clients read and write {TABLES} tables, a transaction that has read one of them stays"
        f" open for {results['seconds']} s. Medians of {frame.counted(len(runs['nothing']), 'run')}; the"
        " slowest statement of each table in ms, and seconds:\n\n"
        + frame.table(
            [
                "",
                "median table",
                "worst table",
                "most added",
                "all others done after",
                "last done after its end",
            ],
            rows,
        )
    )


def summary(results):
    runs = results["runs"]
    return [
        f"While a transaction of {results['seconds']} s has read one of {TABLES} tables, `rollout` adds at"
        f" most {most_added(runs, 'rollout'):.0f} ms to any client's statement; a loop of ALTER TABLE adds"
        f" {most_added(runs, 'loop'):,.0f} ms."
    ]


def moment(seconds):
    return "" if seconds is None else f"{seconds:.2f}"
