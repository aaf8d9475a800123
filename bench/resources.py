"""What a call leaves behind, counted by the server, and the memory of its backend, read from /proc."""

import pathlib
import threading
import time

import psycopg2.errors

import contenders
from contenders import call

CALLS = 1000

ALLOCATED = "SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts"

TABLE_LOCKS = f"""
    SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relnamespace = '{contenders.SCHEMA}'::regnamespace"""


def count_traces(scene):
    """(tables, {call: (WAL bytes, transaction ids, locks on the schema's relations)})"""
    traces = {}
    scene.query(call(mode="default"))
    vacuum(scene)
    traces["first run"] = count_trace(scene, call())
    scene.query(call())
    # A reader tidies pages that are full of dead rows, whose rows they are does not matter, and that writes WAL.
    traces["repeated with `skip_unchanged`, right after a run"] = count_trace(scene, call(skip_unchanged=True))
    vacuum(scene)
    traces["repeated with `skip_unchanged`"] = count_trace(scene, call(skip_unchanged=True))
    traces["dry run"] = count_trace(scene, call(dry_run=True))
    traces["repeated run"] = count_trace(scene, call())
    return scene.tables, traces


def vacuum(scene, catalogs=("pg_class",)):
    """Every ALTER leaves a dead row in pg_class; no contender shall pay for those of the one before."""
    scene.query(f"VACUUM {', '.join(f'pg_catalog.{catalog}' for catalog in catalogs)}", user="postgres")


def count_trace(scene, sql):
    connection = scene.connect()
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


def measure_peaks(scene):
    """(tables, {call: bytes}): the most private memory that a new backend has during one call beyond what it had."""
    return scene.tables, {
        "run": measure_peak(scene, call()),
        "repeated with `skip_unchanged`": measure_peak(scene, call(skip_unchanged=True)),
        "dry run": measure_peak(scene, call(dry_run=True)),
        "PL/pgSQL loop": measure_peak(scene, contenders.LOOP),
    }


def measure_peak(scene, sql):
    connection = scene.connect()
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


def measure_growth(scene):
    """(tables, {call: bytes}): by how much the memory contexts of one session grow over many calls after a first."""
    calls = {
        "run": call(),
        "repeated with `skip_unchanged`": call(skip_unchanged=True),
        "dry run": call(dry_run=True),
        "refused call": call(mode="nothing"),
    }
    connection = scene.connect("postgres")
    growth = {}
    with connection.cursor() as cursor:
        for name, sql in calls.items():
            before = allocated_after(cursor, sql, 2)
            growth[name] = allocated_after(cursor, sql, CALLS) - before
    connection.close()
    return scene.tables, growth


def allocated_after(cursor, sql, calls):
    for _ in range(calls):
        try:
            cursor.execute(sql)
        except psycopg2.errors.InvalidParameterValue:
            pass
    for _ in range(2):  # the first time fills caches of its own
        cursor.execute(ALLOCATED)
    return cursor.fetchone()[0]
