"""Measures rollout on a very large schema and on a busy database, and prints the results as Markdown. script/bench --rollout
starts it, on a server whose configuration is the default one but for wal_level. Plans are made beforehand and not counted.
"""

import argparse
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time

import psycopg2
import report
from contenders import OWNER, Scene

FEW = 1000
TABLES = 50
CLIENTS = 8
LONG = 25  # the table that the long transaction has read
MODES = {"full": "f", "default": "d"}

DECLARE = """
DO $$
BEGIN
    FOR number IN 1 .. {tables} LOOP
        EXECUTE format('CREATE TABLE {schema}.t%s (id integer PRIMARY KEY{columns})', number);
        IF number % 200 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$"""

LOOP = """
DO $$
DECLARE
    target regclass;
BEGIN
    FOR target IN SELECT oid FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r' ORDER BY oid LOOP
        EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', target);
    END LOOP;
END
$$"""

# The plan is in memory, uncompressed, a while before the call and until after it.
CALL = """
DO $$
DECLARE
    plan jsonb;
    result jsonb;
    started timestamptz;
BEGIN
    SELECT p.plan INTO plan FROM public.plans p WHERE p.name = '{name}';
    PERFORM pg_sleep({pause}), set_config('bench.called', extract(epoch FROM clock_timestamp())::text, false);
    CALL dj_deploy.rollout(plan, dry_run => false, result => result);
    PERFORM set_config('bench.returned', extract(epoch FROM clock_timestamp())::text, false),
        set_config('bench.modified', result->>'tables_modified', false);
END
$$"""

READ = "SELECT current_setting('bench.called')::float8, current_setting('bench.returned')::float8, current_setting('bench.modified')::int"


def main():
    options = read_options()
    is_quick = max(options.tables) <= FEW
    many = 20_000 if is_quick else 100_000
    seconds = 8 if is_quick else 30

    large = measure_large(make_scene("large", options.directory), many, options.rounds)
    set_fsync(options.directory, "on")
    busy = measure_busy(make_scene("busy", options.directory), options.directory, seconds, min(options.rounds, 3))
    server = Scene("postgres", 0, options.directory).query("SHOW server_version", user="postgres")
    print(write(server, many, seconds, large, busy))
    print(report.verdicts(aims(large, busy)), file=sys.stderr)


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--tables", type=int, nargs="+", required=True, help="up to 1,000: a smaller and shorter run")
    return parser.parse_args()


def say(text):
    print(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.2f}: {text}", file=sys.stderr, flush=True)


def make_scene(database, directory):
    scene = Scene(database, 0, directory)
    Scene("postgres", 0, directory).query(f"CREATE DATABASE {database} OWNER {OWNER}", user="postgres")
    scene.query("CREATE EXTENSION datajoint_deploy")
    scene.query("CREATE TABLE public.plans (name text, plan jsonb)", user="postgres")
    scene.query("ALTER TABLE public.plans ALTER plan SET STORAGE EXTERNAL", user="postgres")
    scene.query(f"ALTER TABLE public.plans OWNER TO {OWNER}", user="postgres")
    return scene


def set_fsync(directory, value):
    server = Scene("postgres", 0, directory)
    server.query(f"ALTER SYSTEM SET fsync = {value}", user="postgres")
    server.query("SELECT pg_reload_conf()", user="postgres")
    while server.query("SHOW fsync", user="postgres") != value:
        time.sleep(0.1)


def declare(scene, schema, tables, columns=""):
    say(f"declaring {tables:,} tables")
    scene.query(f"CREATE SCHEMA {schema}")
    scene.query(DECLARE.format(schema=schema, tables=tables, columns=columns))
    for mode in MODES:
        scene.query(f"INSERT INTO plans SELECT '{schema} {mode}', dj_deploy.set_replica_identity('{schema}', '{mode}')")


def roll_out(scene, schema, mode, tables, pause=0, watcher=contextlib.nullcontext):
    """(when it was called, when it returned), in a session of its own."""
    connection = scene.connect()
    with connection.cursor() as cursor, watcher(connection):
        cursor.execute(CALL.format(name=f"{schema} {mode}", pause=pause))
        cursor.execute(READ)
        called, returned, modified = cursor.fetchone()
    connection.close()
    if modified != tables:
        sys.exit(f"bench: rollout changed {modified} of {tables} tables")
    return called, returned


# A very large schema.


def measure_large(scene, many, rounds):
    declare(scene, "few", FEW)
    declare(scene, "many", many)
    costs = {FEW: [], many: []}
    for number in range(rounds + 1):
        say(f"{many:,} tables, round {number} of {rounds}")
        mode = list(MODES)[number % 2]
        for schema, tables in (("few", FEW), ("many", many)):
            called, returned = roll_out(scene, schema, mode, tables)
            if number > 0:
                costs[tables].append((returned - called) / tables)
    say("memory and locks")
    modes = [list(MODES)[(rounds + 1 + number) % 2] for number in range(4)]
    peaks = [watch_memory(scene, mode, many) for mode in modes[:3]]
    memory = {key: [peak[key] for peak in peaks] for key in peaks[0]}
    company = keep_company(scene, modes[3], many)
    return {"costs": costs, "memory": memory, "company": company, "loop": fail_loop(scene)}


def watch_memory(scene, mode, tables):
    """Bytes beyond those before the call: the peak until the last table was changed, and from then on; most rows in pg_locks."""
    samples, looks, is_done = [], [], threading.Event()
    last = scene.query(f"SELECT split_part(plan->'ddl'->>-1, '\"', 4) FROM plans WHERE name = 'many {mode}'")

    def sample(status):
        while not is_done.is_set():
            samples.append((time.time(), private_memory(status)))
            time.sleep(0.001)  # the copies of the result live for a few ms

    def look(pid):
        observer = scene.connect("postgres")
        with observer.cursor() as cursor:
            while not is_done.is_set():
                cursor.execute(
                    "SELECT (SELECT count(*) FROM pg_locks WHERE pid = %s),"
                    " (SELECT relreplident FROM pg_class WHERE oid = ('many.' || quote_ident(%s))::regclass)",
                    (pid, last),
                )
                looks.append((time.time(), *cursor.fetchone()))
                is_done.wait(0.1)
        observer.close()

    @contextlib.contextmanager
    def watch(connection):
        pid = connection.info.backend_pid
        threads = [
            threading.Thread(target=sample, args=[pathlib.Path(f"/proc/{pid}/status")]),
            threading.Thread(target=look, args=[pid]),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            is_done.set()
            for thread in threads:
                thread.join()

    called, returned = roll_out(scene, "many", mode, tables, 1, watch)
    before = [size for at, size in samples if at < called][-1]
    turned = max(at for at, _, identity in looks if identity != MODES[mode])
    return {
        "loop": max(size for at, size in samples if called <= at <= turned) - before,
        "end": max(size for at, size in samples if turned < at <= returned) - before,
        "locks": max(locks for at, locks, _ in looks if called <= at <= returned),
    }


def private_memory(status):
    numbers = dict(re.findall(r"^(VmRSS|RssShmem):\s+(\d+)", status.read_text(), re.MULTILINE))
    return (int(numbers["VmRSS"]) - int(numbers["RssShmem"])) * 1024


def keep_company(scene, mode, tables):
    """How many tables another session read-locked, and how many it created, while rollout ran; any error ends the bench."""
    counts, errors, is_done = {"locked": 0, "created": 0}, [], threading.Event()

    def work():
        connection = scene.connect()
        connection.autocommit = False
        try:
            with connection.cursor() as cursor:
                cursor.execute("CREATE SCHEMA meanwhile")
                while not is_done.is_set():
                    numbers = [(counts["locked"] + step) % tables + 1 for step in range(100)]
                    cursor.execute("LOCK TABLE %s IN ACCESS SHARE MODE" % ", ".join(f"many.t{number}" for number in numbers))
                    cursor.execute(f"CREATE TABLE meanwhile.t{counts['created']} (id integer)")
                    connection.commit()
                    counts["locked"] += len(numbers)
                    counts["created"] += 1
        except psycopg2.Error as error:
            errors.append(error)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    roll_out(scene, "many", mode, tables)
    is_done.set()
    thread.join()
    if errors:
        sys.exit(f"bench: another session failed: {errors[0]}")
    return counts


def fail_loop(scene):
    """What the server says to a PL/pgSQL loop."""
    try:
        scene.query(LOOP.format(schema="many"))
    except psycopg2.Error as error:
        return error.pgcode, error.diag.message_primary
    return None


# A busy database.


def measure_busy(scene, directory, seconds, rounds):
    """{contender: [run, ...]}; a run has the slowest statement of each table in ms, and when its tables were done."""
    declare(scene, "busy", TABLES, ", value integer NOT NULL DEFAULT 0")
    scripts = write_scripts(directory)
    for number in range(1, TABLES + 1):
        scene.query(f"INSERT INTO busy.t{number} SELECT generate_series(1, 1000)")
    runs = {name: [] for name in CONTENDERS}
    for number in range(rounds):
        for name, contender in CONTENDERS.items():
            say(f"busy, {name}, run {number + 1} of {rounds}")
            scene.query("CALL dj_deploy.rollout(dj_deploy.set_replica_identity('busy', 'default'), dry_run => false)")
            scene.query("CHECKPOINT", user="postgres")
            runs[name].append(run_busy(scene, directory, scripts, seconds, contender))
    return runs


def write_scripts(directory):
    """Two scripts a table, of one statement each: what pgbench logs of a transaction is then the statement's latency."""
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


def run_busy(scene, directory, scripts, seconds, contender):
    logs = directory / "clients"
    for path in directory.glob("clients.*"):
        path.unlink()
    command = ["pgbench", "--no-vacuum", f"--client={CLIENTS}", "--jobs=2", f"--time={seconds + 6}", "--log"]
    command += [f"--log-prefix={logs}", *scripts, f"--username={OWNER}", scene.database]
    clients = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    long = scene.connect()
    long.autocommit = False
    with long.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM busy.t{LONG}")
    began = time.time()
    moments, is_done = [], threading.Event()
    threads = [threading.Thread(target=watch_tables, args=[scene, moments, is_done])]
    if contender is not None:
        threads.append(threading.Thread(target=contender, args=[scene]))
    for thread in threads:
        thread.start()
    time.sleep(max(0, began + seconds - time.time()))
    ended = time.time()
    long.commit()
    long.close()
    for thread in threads[1:]:
        thread.join()
    output, errors = clients.communicate()
    is_done.set()
    threads[0].join()
    if clients.returncode != 0 or "number of failed transactions: 0 " not in output:
        sys.exit(f"bench: pgbench failed: {errors}{output}")
    when = {count: min((at for at, done in moments if done >= count), default=None) for count in (TABLES - 1, TABLES)}
    return {
        "slowest": read_slowest(directory),
        "others": when[TABLES - 1] and when[TABLES - 1] - began,
        "last": when[TABLES] and when[TABLES] - ended,
    }


def watch_tables(scene, moments, is_done):
    connection = scene.connect()
    with connection.cursor() as cursor:
        while not is_done.is_set():
            cursor.execute(
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'busy'::regnamespace AND relkind = 'r' AND relreplident = 'f'"
            )
            moments.append((time.time(), cursor.fetchone()[0]))
            is_done.wait(0.02)
    connection.close()


def read_slowest(directory):
    """{table: ms}. A line of pgbench's log: client, number, latency in µs, script, ..."""
    slowest = {}
    for path in directory.glob("clients.*"):
        with path.open() as lines:
            for line in lines:
                _, _, latency, script, *_ = line.split()
                table = int(script) // 2 + 1
                slowest[table] = max(slowest.get(table, 0), int(latency) / 1000)
    if len(slowest) != TABLES:
        sys.exit(f"bench: the clients used {len(slowest)} of {TABLES} tables")
    return slowest


CONTENDERS = {
    "nothing": None,
    "rollout": lambda scene: roll_out(scene, "busy", "full", TABLES),
    "loop": lambda scene: scene.query(LOOP.format(schema="busy")),
}


# The results.


def median_slowest(runs):
    """{table: ms}: medians of the runs."""
    return {table: statistics.median(run["slowest"][table] for run in runs) for table in range(1, TABLES + 1)}


def most_added(busy, name):
    """By how many ms the slowest statement of any table exceeds that of the same table without."""
    without, slowest = median_slowest(busy["nothing"]), median_slowest(busy[name])
    return max(slowest[table] - without[table] for table in slowest)


def median_of(runs, key):
    values = [run[key] for run in runs]
    return None if None in values else statistics.median(values)


def aims(large, busy):
    few, many = (statistics.median(costs) for costs in large["costs"].values())
    return [
        ("per table, many ÷ few", many / few, "<=", 1.3),
        ("memory while it runs, MB", max(large["memory"]["loop"]) / 1e6, "<=", 20),
        ("memory at its end, MB", max(large["memory"]["end"]) / 1e6, "<=", 20),
        ("PL/pgSQL loop fails", float(large["loop"] is not None and large["loop"][0] == "53200"), ">=", 1),
        ("slowest statement of any table, ms more with rollout", most_added(busy, "rollout"), "<=", 50),
    ]


def write(server, many, seconds, large, busy):
    few_cost, many_cost = (statistics.median(costs) * 1e6 for costs in large["costs"].values())
    memory, company, loop = large["memory"], large["company"], large["loop"]
    rows = [
        [f"µs per table, {FEW:,} tables", f"{few_cost:.1f}"],
        [f"µs per table, {many:,} tables", f"{many_cost:.1f}"],
        ["the one ÷ the other", f"{many_cost / few_cost:.2f}"],
        ["memory beyond the plan while it runs, MB", megabytes(memory["loop"])],
        ["memory beyond the plan when the result is made, MB", megabytes(memory["end"])],
        ["most locks that it held at once", str(max(memory["locks"]))],
        ["tables that another session locked meanwhile", f"{company['locked']:,}"],
        ["tables that another session created meanwhile", f"{company['created']:,}"],
        ["PL/pgSQL loop in one transaction", f"{loop[1]} ({loop[0]})" if loop else "came to its end"],
    ]
    names = {"nothing": "nothing", "rollout": "`rollout`", "loop": "PL/pgSQL loop"}
    busy_rows = [
        [
            names[name],
            f"{statistics.median(median_slowest(runs).values()):.1f}",
            f"{max(median_slowest(runs).values()):.1f}",
            "" if name == "nothing" else f"{most_added(busy, name):.1f}",
            moment(median_of(runs, "others")),
            moment(median_of(runs, "last")),
        ]
        for name, runs in busy.items()
    ]
    return "\n".join(
        [
            "### Rollout",
            "",
            f"{report.machine()}; PostgreSQL {server}, default configuration but for `wal_level = logical`.",
            "",
            f"{many:,} tables, `fsync = off`, medians of {len(large['costs'][many])} rounds in new sessions:",
            "",
            report.table(["", ""], rows),
            f"{CLIENTS} clients read and write {TABLES} tables, a transaction that has read one of them stays open for"
            f" {seconds} s. Medians of {len(busy['nothing'])} runs; the slowest statement of each table in ms, and seconds:",
            "",
            report.table(
                ["", "median table", "worst table", "most added", "all others done after", "last done after its end"], busy_rows
            ),
        ]
    )


def megabytes(sizes):
    low, high = min(sizes) / 1e6, max(sizes) / 1e6
    return f"{low:.1f} to {high:.1f}"


def moment(seconds):
    return "" if seconds is None else f"{seconds:.2f}"


main()
