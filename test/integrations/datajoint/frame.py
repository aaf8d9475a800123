"""What the programs here share: verdicts as script/test-integrations counts them, both calls, and the catalog.

Everything goes through the project's own connection, dj.conn(), which the DJ_* variables describe.
"""

import datajoint as dj
import psycopg2
from datajoint.deploy import set_replica_identity as theirs

__all__ = [
    "VERSION",
    "altered",
    "call",
    "identities",
    "one_by_one",
    "ours",
    "query",
    "raised",
    "same",
    "superuser",
    "theirs",
]

VERSION = f"DataJoint {dj.__version__}"


def same(title, got, expected):
    """A verdict. What differs is shown."""
    if got == expected:
        print(f"  ok      {title}", flush=True)
    else:
        print(f"  FAILED  {title}\n  | got       {got}\n  | expected  {expected}", flush=True)


def query(statement, *values):
    """All rows."""
    return dj.conn().query(statement, values).fetchall()


def call(operation, *positional, cast="", **named):
    """A function of the extension, as a project calls it: "SELECT dj_deploy.operation(%s, name => %s)"."""
    arguments = [f"%s{cast}" for _ in positional] + [f"{name} => %s" for name in named]
    statement = f"SELECT dj_deploy.{operation}({', '.join(arguments)})"
    return dj.conn().query(statement, (*positional, *named.values())).fetchone()[0]


def ours(schema, **named):
    """With skip_unchanged the form of four arguments, which has no defaults."""
    if "skip_unchanged" in named:
        named = {"mode": "full", "dry_run": True} | named
    return call("set_replica_identity", schema, **named)


def one_by_one(table, **named):
    """Ours for one table: a class, an instance or a name."""
    name = table if isinstance(table, str) else (table() if isinstance(table, type) else table).full_table_name
    return call("set_replica_identity", name, cast="::regclass", **named)


def raised(function, *arguments, **named):
    """The exception of a call that must fail."""
    try:
        result = function(*arguments, **named)
    except Exception as error:
        return error
    raise AssertionError(f"no error, but {result}")


def identities():
    """The replica identity of every table of every schema, with the index it uses, by name."""
    rows = query("""
        SELECT nspname, relname, relreplident::text, indexrelid::regclass::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace LEFT JOIN pg_index ON indrelid = c.oid AND indisreplident
        WHERE relkind IN ('r', 'p') ORDER BY 1, 2
        """)
    return {(schema, table): (identity, index) for schema, table, identity, index in rows}


def altered():
    """The tables that ALTER TABLE has been executed on since the last look, in order; an event trigger writes them down."""
    rows = query("SELECT object FROM public.altered ORDER BY number")
    query("DELETE FROM public.altered RETURNING number")
    return [name for (name,) in rows]


def superuser():
    connection = psycopg2.connect(
        host=dj.config["database.host"],
        port=dj.config["database.port"],
        user="postgres",
        dbname=dj.config["database.name"],
    )
    connection.autocommit = True
    return connection
