"""A connection to the server that is to be configured, as libpq makes it. A password is handed on
in the environment alone, which other users of the machine cannot read.
"""

import contextlib
import os
import select
import sys

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.extras

from dj_deploy.failure import Failure

EXTENSION = "datajoint_deploy"
# Servers with a pooler between give another name back; it shows who asks in pg_stat_activity.
APPLICATION = "dj-deploy"


def hide_password(arguments):
    """Starts the program again without the password when a connection string among the arguments
    has one: the arguments of a process are for everybody to see.
    """
    cleaned = [without_password(argument) for argument in arguments]
    if cleaned == arguments:
        return
    interpreter = [sys.executable, *(["-E"] if sys.flags.ignore_environment else [])]
    os.execv(sys.executable, [*interpreter, sys.argv[0], *cleaned])


def without_password(argument):
    option, sign, text = argument.partition("=") if argument.startswith("--") else ("", "", argument)
    if "password" not in text and "://" not in text:
        return argument
    try:
        parts = psycopg2.extensions.parse_dsn(text)
    except psycopg2.ProgrammingError:
        return argument
    if "password" not in parts:
        return argument
    os.environ["PGPASSWORD"] = parts.pop("password")
    return option + sign + psycopg2.extensions.make_dsn(**parts)


# For one query, or the rest of a transaction: behind a pooler the session is not ours alone.
SAFE = "SET LOCAL search_path = pg_catalog, pg_temp; "


class Connection(psycopg2.extensions.connection):
    is_open = False
    is_interrupted = False


class Interrupted(KeyboardInterrupt):
    """By Ctrl-C, with what the server says of the statement that it has cancelled."""


def wait(connection):
    """Until the server has answered, as libpq does; but Ctrl-C cancels the statement at the server."""
    while True:
        try:
            state = connection.poll()
            if state == psycopg2.extensions.POLL_OK:
                return
            for_reading = [connection.fileno()] if state == psycopg2.extensions.POLL_READ else []
            for_writing = [connection.fileno()] if state == psycopg2.extensions.POLL_WRITE else []
            select.select(for_reading, for_writing, [])
        except KeyboardInterrupt:
            if not connection.is_open:
                raise
            connection.is_interrupted = True
            connection.cancel()


psycopg2.extensions.set_wait_callback(wait)


class Server:
    """Statements at the server; each is a transaction of its own unless begin() was called."""

    def __init__(self, conninfo):
        is_name = conninfo and "=" not in conninfo and "://" not in conninfo
        self.conninfo = psycopg2.extensions.make_dsn(dbname=conninfo) if is_name else conninfo
        try:
            self.connection = psycopg2.connect(
                self.conninfo, fallback_application_name=APPLICATION, connection_factory=Connection
            )
        except psycopg2.OperationalError as error:
            raise Failure(str(error).strip()) from None
        self.connection.is_open = True
        self.connection.autocommit = True
        self.major = self.connection.server_version // 10000

    @contextlib.contextmanager
    def transaction(self, characteristics=""):
        self.execute(f"BEGIN {characteristics}")
        with self.rolled_back_on_error():
            yield
        self.execute("COMMIT")

    @contextlib.contextmanager
    def rolled_back_on_error(self):
        try:
            yield
        except BaseException:
            with contextlib.suppress(psycopg2.Error, KeyboardInterrupt):
                self.execute("ROLLBACK")
            raise

    def execute_together(self, statements):
        """In one transaction, sent as one message."""
        with self.rolled_back_on_error():
            self.execute("; ".join(["BEGIN", *statements, "COMMIT"]))

    @contextlib.contextmanager
    def snapshot(self):
        """Gives one that other sessions can import until the end."""
        with self.transaction("ISOLATION LEVEL REPEATABLE READ, READ ONLY"):
            yield self.value("SELECT pg_export_snapshot()")

    def close(self):
        self.connection.close()

    @contextlib.contextmanager
    def executed(self, sql, values):
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(sql, values)
            except psycopg2.Error as error:
                if self.connection.is_interrupted:
                    raise Interrupted(str(failure_of(error))) from None
                raise
            if self.connection.is_interrupted:
                raise Interrupted
            yield cursor

    def execute(self, sql, values=None):
        with self.executed(sql, values):
            pass

    def call(self, sql, values=None):
        """The names of the columns, and the rows, of a call of the extension, as the session is."""
        with self.executed(sql, values) as cursor:
            return [column.name for column in cursor.description], cursor.fetchall()

    def rows(self, sql, values=None):
        """The rows of a query of the catalog, whatever the role's search_path is."""
        return self.call(SAFE + sql, values)[1]

    def column(self, sql, values=None):
        return [row[0] for row in self.rows(sql, values)]

    def value(self, sql, values=None):
        return self.rows(sql, values)[0][0]

    def has_extension(self):
        return self.value("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = %s)", [EXTENSION])

    def warnings(self):
        """What the server has said since it was asked last. No setting is changed for it: behind a
        pooler the session is not ours alone.
        """
        said = [notice.strip() for notice in self.connection.notices if notice.startswith("WARNING")]
        self.connection.notices.clear()
        return said


def failure_of(error):
    """An error of a server as its own parts."""
    diagnostics = error.diag
    if diagnostics.message_primary is None:
        return Failure(str(error).strip() or "the connection was lost")
    state = f" ({diagnostics.sqlstate})" if diagnostics.sqlstate else ""
    return Failure(diagnostics.message_primary + state, diagnostics.message_detail, diagnostics.message_hint)
