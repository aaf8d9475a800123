"""rollout of a very large schema, on a server whose configuration is the default one but for
wal_level and fsync: what a table costs, memory, locks, and who else can work meanwhile. Plans are
made beforehand and not counted.
"""

import contextlib
import pathlib
import re
import sys
import threading
import time

import frame
import psycopg2
from frame import OWNER, SUPERUSER, Goal

TITLE = "Rollout of a very large schema"
MODES = {"full": "f", "default": "d"}

DECLARE = """
DO $$
BEGIN
    FOR number IN 1 .. {tables} LOOP
        EXECUTE format('CREATE TABLE {schema}.t%s (id integer PRIMARY KEY)', number);
        IF number % 200 = 0 THEN
            COMMIT;
        END IF;
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

READ = """
SELECT current_setting('bench.called')::float8, current_setting('bench.returned')::float8,
       current_setting('bench.modified')::int"""


def measure(bench):
    few, many = (20, 200) if bench.is_quick else (1000, 100_000)
    with bench.start("rollout", {"fsync": "off"}) as server:
        database = server.create("large")
        database.query("CREATE TABLE public.plans (name text, plan jsonb)", SUPERUSER)
        database.query("ALTER TABLE public.plans ALTER plan SET STORAGE EXTERNAL", SUPERUSER)
        database.query(f"ALTER TABLE public.plans OWNER TO {OWNER}", SUPERUSER)
        for schema, tables in (("few", few), ("many", many)):
            declare(database, schema, tables)
        return measure_large(database, few, many, bench.rounds)


def declare(database, schema, tables):
    frame.say(f"declaring {tables:,} tables")
    database.query(f"CREATE SCHEMA {schema}")
    database.query(DECLARE.format(schema=schema, tables=tables))
    for mode in MODES:
        database.query(
            f"INSERT INTO plans SELECT '{schema} {mode}', dj_deploy.set_replica_identity('{schema}', '{mode}')"
        )


def measure_large(database, few, many, rounds):
    costs = {few: [], many: []}
    for number in range(rounds + 1):
        frame.say(f"{many:,} tables, round {number} of {rounds}")
        mode = list(MODES)[number % 2]
        for schema, tables in (("few", few), ("many", many)):
            called, returned = roll_out(database, schema, mode, tables)
            if number > 0:
                costs[tables].append((returned - called) / tables)
    frame.say("memory and locks")
    modes = [list(MODES)[(rounds + 1 + number) % 2] for number in range(4)]
    peaks = [watch_memory(database, mode, many) for mode in modes[:3]]
    memory = {key: [peak[key] for peak in peaks] for key in peaks[0]}
    company = keep_company(database, modes[3], many)
    return {
        "few": few,
        "many": many,
        "costs": costs,
        "memory": memory,
        "company": company,
        "loop": fail_loop(database),
    }


def roll_out(database, schema, mode, tables, pause=0, watcher=contextlib.nullcontext):
    """(when it was called, when it returned), in a session of its own."""
    connection = database.connect()
    with connection.cursor() as cursor, watcher(connection):
        cursor.execute("SET client_min_messages = error")
        cursor.execute(CALL.format(name=f"{schema} {mode}", pause=pause))
        cursor.execute(READ)
        called, returned, modified = cursor.fetchone()
    connection.close()
    if modified != tables:
        sys.exit(f"bench: rollout changed {modified} of {tables} tables")
    return called, returned


def watch_memory(database, mode, tables):
    """Bytes beyond those before the call: the peak until the last table was changed, and from then
    on; most rows in pg_locks.
    """
    samples, looks, is_done = [], [], threading.Event()
    last = database.query(
        f"SELECT split_part(plan->'ddl'->>-1, '\"', 4) FROM plans WHERE name = 'many {mode}'"
    )

    def sample(status):
        while not is_done.is_set():
            samples.append((time.time(), private_memory(status)))
            time.sleep(0.001)  # the copies of the result live for a few ms

    def look(pid):
        observer = database.connect(SUPERUSER)
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

    called, returned = roll_out(database, "many", mode, tables, 1, watch)
    before = [size for at, size in samples if at < called][-1]
    turned = max(at for at, _, identity in looks if identity != MODES[mode])
    return {
        "loop": peak(samples, called, turned) - before,
        "end": peak(samples, turned, returned) - before,
        "locks": max((locks for at, locks, _ in looks if called <= at <= returned), default=0),
    }


def peak(samples, first, last):
    """A quick scene is over before anybody has looked."""
    return max((size for at, size in samples if first <= at <= last), default=samples[0][1])


def private_memory(status):
    numbers = dict(re.findall(r"^(VmRSS|RssShmem):\s+(\d+)", status.read_text(), re.MULTILINE))
    return (int(numbers["VmRSS"]) - int(numbers["RssShmem"])) * 1024


def keep_company(database, mode, tables):
    """How many tables another session read-locked, and how many it created, while rollout ran; any
    error ends the bench.
    """
    counts, errors, is_done = {"locked": 0, "created": 0}, [], threading.Event()

    def work():
        connection = database.connect()
        connection.autocommit = False
        try:
            with connection.cursor() as cursor:
                cursor.execute("CREATE SCHEMA meanwhile")
                while not is_done.is_set():
                    numbers = [(counts["locked"] + step) % tables + 1 for step in range(100)]
                    cursor.execute(
                        "LOCK TABLE %s IN ACCESS SHARE MODE"
                        % ", ".join(f"many.t{number}" for number in numbers)
                    )
                    cursor.execute(f"CREATE TABLE meanwhile.t{counts['created']} (id integer)")
                    connection.commit()
                    counts["locked"] += len(numbers)
                    counts["created"] += 1
        except psycopg2.Error as error:
            errors.append(error)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    roll_out(database, "many", mode, tables)
    is_done.set()
    thread.join()
    if errors:
        sys.exit(f"bench: another session failed: {errors[0]}")
    return counts


def fail_loop(database):
    """What the server says to a PL/pgSQL loop."""
    try:
        database.query(frame.identity_loop("many"))
    except psycopg2.Error as error:
        return error.pgcode, error.diag.message_primary
    return None


# The results.


def per_table(results):
    return [frame.median(results["costs"][str(results[size])]) * 1e6 for size in ("few", "many")]


def goals(results):
    few, many = per_table(results)
    return [
        Goal(f"`rollout`, a table of {results['many']:,} ÷ one of {results['few']:,}", many / few, "<=", 1.3),
        Goal(
            "`rollout`, memory beyond the plan while it runs, MB",
            max(results["memory"]["loop"]) / 1e6,
            "<=",
            20,
        ),
        Goal(
            "`rollout`, memory beyond the plan at its end, MB", max(results["memory"]["end"]) / 1e6, "<=", 20
        ),
    ]


def figures(results):
    few, many = per_table(results)
    memory, company, loop = results["memory"], results["company"], results["loop"]
    rows = [
        [f"µs a table, {results['few']:,} tables", f"{few:.1f}"],
        [f"µs a table, {results['many']:,} tables", f"{many:.1f}"],
        ["the one ÷ the other", f"{many / few:.2f}"],
        ["memory beyond the plan while it runs, MB", megabytes(memory["loop"])],
        ["memory beyond the plan when the result is made, MB", megabytes(memory["end"])],
        ["most locks that it held at once", str(max(memory["locks"]))],
        ["tables that another session locked meanwhile", f"{company['locked']:,}"],
        ["tables that another session created meanwhile", f"{company['created']:,}"],
        ["PL/pgSQL loop in one transaction", f"{loop[1]} ({loop[0]})" if loop else "came to its end"],
    ]
    rounds = len(results["costs"][str(results["many"])])
    medians = f"medians of {frame.counted(rounds, 'round')}"
    return f"`fsync = off`, {medians} in new sessions:\n\n" + frame.table(["", ""], rows)


def megabytes(sizes):
    return f"{min(sizes) / 1e6:.1f} to {max(sizes) / 1e6:.1f}"
