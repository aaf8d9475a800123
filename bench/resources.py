"""What a call leaves behind, counted by the server, and the memory of its backend, read from /proc."""

import pathlib
import threading
import time

import frame
import psycopg2.errors
from contenders import call
from frame import SCHEMA, SUPERUSER

ALLOCATED = "SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts"

TABLE_LOCKS = f"""
    SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
        AND c.relnamespace = '{SCHEMA}'::regnamespace"""


def count_traces(database):
    """{call: [WAL bytes, transaction ids, locks on the schema's relations]}"""
    traces = {}
    database.query(call(mode="default"))
    database.vacuum("pg_class")
    traces["first run"] = count_trace(database, call())
    database.query(call())
    # A reader tidies pages that are full of dead rows, whose rows they are does not matter, and
    # that writes WAL.
    traces["repeated with `skip_unchanged`, right after a run"] = count_trace(
        database, call(skip_unchanged=True)
    )
    database.vacuum("pg_class")
    traces["repeated with `skip_unchanged`"] = count_trace(database, call(skip_unchanged=True))
    traces["dry run"] = count_trace(database, call(dry_run=True))
    traces["repeated run"] = count_trace(database, call())
    return traces


def count_trace(database, sql):
    connection = database.connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        # The backend's own WAL, unlike the position in the log, is not disturbed by other processes.
        cursor.execute(f"EXPLAIN (ANALYZE, WAL, FORMAT JSON) {sql}")
        wal_bytes = cursor.fetchone()[0][0]["Plan"]["WAL Bytes"]
        cursor.execute("SELECT count(pg_current_xact_id_if_assigned())")
        transaction_ids = cursor.fetchone()[0]
        cursor.execute(TABLE_LOCKS)
        locks = cursor.fetchone()[0]
    connection.rollback()
    connection.close()
    return wal_bytes, transaction_ids, locks


def measure_peaks(database):
    """{call: bytes}: the most private memory that a new backend has during one call beyond what it had."""
    return {
        "run": measure_peak(database, call()),
        "repeated with `skip_unchanged`": measure_peak(database, call(skip_unchanged=True)),
        "dry run": measure_peak(database, call(dry_run=True)),
        "PL/pgSQL loop": measure_peak(database, frame.identity_loop()),
    }


def measure_peak(database, sql):
    connection = database.connect()
    status = pathlib.Path(f"/proc/{connection.info.backend_pid}/status")
    before = private_memory(status)
    samples = [before]
    is_done = threading.Event()

    def sample():
        while not is_done.is_set():
            samples.append(private_memory(status))
            time.sleep(0.0005)

    sampler = threading.Thread(target=sample)
    sampler.start()
    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages = error")
        cursor.execute(sql)
    is_done.set()
    sampler.join()
    samples.append(private_memory(status))
    connection.close()
    return max(samples) - before


def private_memory(status):
    """Without the shared buffers that the backend has touched, which VmRSS and VmHWM include."""
    line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


def measure_growth(database, calls):
    """{call: bytes}: by how much the memory contexts of one session grow over many calls after a first."""
    kinds = {
        "run": call(),
        "repeated with `skip_unchanged`": call(skip_unchanged=True),
        "dry run": call(dry_run=True),
        "refused call": call(mode="nothing"),
    }
    connection = database.connect(SUPERUSER)
    growth = {}
    with connection.cursor() as cursor:
        for name, sql in kinds.items():
            before = allocated_after(cursor, sql, 2)
            growth[name] = allocated_after(cursor, sql, calls) - before
    connection.close()
    return growth


def allocated_after(cursor, sql, calls):
    for _ in range(calls):
        try:
            cursor.execute(sql)
        except psycopg2.errors.InvalidParameterValue:
            pass
    for _ in range(2):  # the first time fills caches of its own
        cursor.execute(ALLOCATED)
    return cursor.fetchone()[0]


def traces_table(calls):
    rows = [[name, *(f"{value:,}" for value in values)] for name, values in calls.items()]
    return frame.table(["call", "WAL bytes", "transaction ids", "locks on the schema's relations"], rows)


def peaks_table(peaks):
    calls = next(iter(peaks.values()))
    rows = [[name, *(f"{peak[name] / 1e6:.1f}" for peak in peaks.values())] for name in calls]
    return frame.table(["tables", *frame.numbers(peaks)], rows)
