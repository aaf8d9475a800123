"""Executes a plan at a server that does not have the extension."""

import random
import time

import psycopg2
import psycopg2.errors

from dj_deploy.catalog_copy import quoted
from dj_deploy.checksum import CHECKSUM
from dj_deploy.failure import MOST_NAMED, Failure
from dj_deploy.server import failure_of

LOCK_TIMEOUT = "5s"  # where the session has none
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds
PROGRESS_INTERVAL = 1.0
WITHOUT_LOCK = {None, "AccessShareLock"}  # GRANT locks no table

# Who holds a lock on the table, as far as the caller may see it.
BLOCKERS = """
SELECT DISTINCT format('process %%s (role "%%s", application "%%s", %%s)', l.pid, a.usename,
           a.application_name,
           COALESCE('transaction open for ' || date_trunc('second', clock_timestamp() - a.xact_start)::text,
                    'age of its transaction unknown'))
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.locktype = 'relation' AND l.relation = to_regclass(%s) AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY 1"""


class Outdated(Exception):
    """The server's catalog is no longer what the plan was made of."""


def execute_at_once(server, plan, checksum):
    """All statements in one transaction."""
    current = None
    try:
        with server.transaction():
            if server.value("SELECT current_setting('lock_timeout')") == "0":
                server.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            require_checksum(server, checksum)
            server.execute("SET LOCAL search_path TO DEFAULT")
            for current in plan["changes"]:
                server.execute(current["ddl"])
    except psycopg2.errors.LockNotAvailable as error:
        raise busy_failure(server, [(current, None)], failure_of(error).message) from None


def require_checksum(server, checksum):
    if server.value(CHECKSUM) != checksum:
        raise Outdated


def roll_out(server, plan, checksum, max_wait, progress):
    """A transaction for each statement; a table's lock is taken only if it is free."""
    require_checksum(server, checksum)
    queue = Queue(server, plan["changes"], progress)
    pause, deadline = SHORTEST_PAUSE, time.monotonic() + max_wait
    while True:
        done = queue.done
        try:
            queue.go_round()
        except BaseException:
            progress(queue.summary)
            raise
        if not queue.waiting or time.monotonic() >= deadline:
            break
        pause = SHORTEST_PAUSE if queue.done > done else min(2 * pause, LONGEST_PAUSE)
        time.sleep(min(pause * random.uniform(0.5, 1), max(0.0, deadline - time.monotonic())))
    queue.raise_failures()


class Queue:
    """What of one table is not done keeps what follows for the same table waiting, or fails it."""

    def __init__(self, server, changes, progress):
        self.server = server
        self.progress = progress
        self.total = len(changes)
        self.waiting = [(change, None) for change in changes]
        self.failures = []
        self.failed = set()
        self.done = 0

    @property
    def summary(self):
        return f"{self.done} of {self.total} statements done"

    def go_round(self):
        """What is left is waiting afterwards, with the earlier statement that it waits for, if any."""
        changes, self.waiting, busy = self.waiting, [], {}
        told = time.monotonic()
        for change, _ in changes:
            if time.monotonic() >= told + PROGRESS_INTERVAL:
                told = time.monotonic()
                self.progress(self.summary)
            table = table_of(change)
            before = (table, what_comes_before(change))
            if not self.failed.isdisjoint(before):
                self.failures.append(f"{change['ddl']}: an earlier statement failed that it depends on")
                self.failed |= {table, kind_of(change)}
                continue
            earlier = next((busy[key] for key in before if key in busy), None)
            if earlier is None and self.is_tried(change, table):
                continue
            for key in (table, kind_of(change)):
                busy.setdefault(key, change["ddl"])
            self.waiting.append((change, earlier))
        self.progress(f"{self.summary}, {len(self.waiting)} waiting")

    def is_tried(self, change, table):
        """False where it is to be tried again."""
        try:
            execute_if_free(self.server, change)
            self.done += 1
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected):
            return False
        except psycopg2.Error as error:
            if self.server.connection.closed:
                raise
            self.failed |= {table, kind_of(change)}
            self.failures.append(f"{change['ddl']}: {failure_of(error).message}")
        return True

    def raise_failures(self):
        undone = len(self.waiting) + len(self.failures)
        message = f"could not execute {undone} of {self.total} statements; the others are committed"
        if self.waiting:
            raise busy_failure(self.server, self.waiting, message, self.failures)
        if self.failures:
            raise Failure(message, "\n".join(self.failures))


# No write shall fail on the way: what is published has its identity before, and what gets a weaker
# one is no longer published as it was.
IDENTITY, JOINING, PUBLICATION, OTHER = "identity", "joining", "publication", "other"


def kind_of(change):
    if change["property"] == "replica_identity":
        return IDENTITY
    if " PUBLICATION " not in change["ddl"].split('"')[0]:
        return OTHER
    return JOINING if '" ADD TABLE ' in change["ddl"] else PUBLICATION


def what_comes_before(change):
    """The kind of which nothing earlier in the plan may be left undone."""
    return {IDENTITY: PUBLICATION, JOINING: IDENTITY, PUBLICATION: IDENTITY}.get(kind_of(change))


def execute_if_free(server, change):
    """In one message, so that no lock is held for the time that a message takes."""
    statements = ["SET LOCAL lock_timeout = '10ms'", change["ddl"]]
    if change["lock"] not in WITHOUT_LOCK and change["table_name"] is not None:
        statements.insert(1, f"LOCK TABLE ONLY {table_of(change)} IN {mode_of(change['lock'])} MODE NOWAIT")
    server.execute_together(statements)


def mode_of(lock):
    """AccessExclusiveLock becomes ACCESS EXCLUSIVE."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in lock.removesuffix("Lock"))
    return words.strip().upper()


def table_of(change):
    if change["table_name"] is None:
        return change["ddl"]
    return f"{quoted(change['schema_name'])}.{quoted(change['table_name'])}"


def busy_failure(server, waiting, message, failures=()):
    lines = list(failures)
    for change, earlier in waiting[:MOST_NAMED]:
        blockers = [] if change["table_name"] is None else blockers_of(server, table_of(change))
        if blockers:
            reason = f"blocked by {', '.join(blockers)}"
        elif earlier is not None:
            reason = f"waits for {earlier}"
        else:
            reason = "another transaction was in the way"
        lines.append(f"{change['ddl']}: {reason}")
    if len(waiting) > MOST_NAMED:
        lines.append(f"{len(waiting) - MOST_NAMED} more are not shown")
    return Failure(message, "\n".join(lines), "Try again when the tables are free, or allow a longer wait.")


def blockers_of(server, table):
    try:
        return server.column(BLOCKERS, [table])
    except psycopg2.Error:
        return []
