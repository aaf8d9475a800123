"""A copy of a server's catalog in a throw-away cluster: roles, schemas, tables and publications,
without data, subscriptions and passwords. What it is made of passes through memory and pipes.
"""

import contextlib
import os
import re
import subprocess
import tempfile

import psycopg2.errors
import psycopg2.extensions

from dj_deploy.checksum import CHECKSUM
from dj_deploy.cluster import plain_environment, start_cluster
from dj_deploy.failure import Failure, listed
from dj_deploy.installation import find_installation
from dj_deploy.likeness import FACTS, require_likeness
from dj_deploy.server import EXTENSION, Server

# The lock table and the prepared transactions decide what a transaction can hold.
SETTINGS = ["max_locks_per_transaction", "max_connections", "max_prepared_transactions"]

LONGEST_LOCK_WAIT = "10s"

# What holds passwords of others, or has its like nowhere but there.
LEFT_OUT = re.compile(r"^\d+; \d+ \d+ (USER MAPPING|SUBSCRIPTION|SECURITY LABEL|DATABASE|EVENT TRIGGER) ")

OWNER = "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()"
GRANTS = """
SELECT r.rolname::text, a.privilege_type, a.is_grantable
FROM pg_database d
CROSS JOIN LATERAL aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) AS a
LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE d.datname = current_database()
ORDER BY 1, 2"""

COLLATIONS = """
SELECT DISTINCT c.collname::text
FROM pg_collation c
JOIN pg_attribute a ON a.attcollation = c.oid
WHERE c.collnamespace = 'pg_catalog'::regnamespace AND c.collname NOT IN ('default', 'C', 'POSIX')
ORDER BY 1"""

# What pg_dump does not hand on: an identity whose index is gone, a partition on its way out, and who owns a
# publication FOR ALL TABLES where that is no superuser. The statements repeat it in the copy.
LOST_IN_DUMP = """
SELECT format('UPDATE pg_class SET relreplident = %L WHERE oid = %L::regclass', c.relreplident, c.oid::regclass)
FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relreplident = 'i'
  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)
UNION ALL
SELECT format('UPDATE pg_publication SET pubowner = %L::regrole WHERE pubname = %L', p.pubowner::regrole, p.pubname)
FROM pg_publication p
UNION ALL
SELECT format('UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = %L::regclass', h.inhrelid::regclass)
FROM pg_inherits h WHERE h.inhdetachpending
ORDER BY 1"""

# PostgreSQL 17 has one privilege on tables more, MAINTAIN. Who had all before has all in the copy.
ALL_BUT_MAINTAIN = r"""'^("(?:[^"]|"")*"|[^"=]*)=(a\*?r\*?w\*?d\*?D\*?x\*?t)(\*?)/', '\1=\2\3m\3/'"""
ADD_MAINTAIN = f"""
UPDATE pg_class SET relacl = ARRAY(SELECT regexp_replace(a::text, {ALL_BUT_MAINTAIN})::aclitem FROM unnest(relacl) a)
WHERE relacl IS NOT NULL AND relkind IN ('r', 'p', 'v', 'm', 'f') AND oid >= 16384;
UPDATE pg_default_acl
SET defaclacl = ARRAY(SELECT regexp_replace(a::text, {ALL_BUT_MAINTAIN})::aclitem FROM unnest(defaclacl) a)
WHERE defaclobjtype = 'r'"""

# pg_dump locks each table in ACCESS SHARE mode, for which it needs a privilege on it.
UNREADABLE = """
SELECT n.nspname::text, c.relname::text
FROM pg_namespace n
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
  AND has_schema_privilege(n.oid, 'USAGE') AND NOT has_table_privilege(c.oid, 'SELECT')
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (c.oid IS NOT NULL OR NOT has_schema_privilege(n.oid, 'USAGE'))
ORDER BY 1, 2"""


@contextlib.contextmanager
def copy_catalog(server, progress, warn):
    """Gives a Server of the copy, where the caller is who it is at the server, and the checksum of
    what was copied. Calls warn(text) where something is left out.
    """
    installation = find_installation(server.major)
    superuser, user = (
        server.value("SELECT rolname::text FROM pg_roles WHERE oid = 10"),
        server.value("SELECT current_user::text"),
    )
    settings = {name: server.value("SELECT current_setting(%s)", [name]) for name in SETTINGS}
    progress("starting a server for a copy of the catalog")
    database, encoding = server.value("SELECT current_database()::text"), server.value("SHOW server_encoding")
    with start_cluster(installation, superuser, database, encoding, settings) as where:
        conninfo = psycopg2.extensions.make_dsn(**where)
        with nothing_from_environment():
            copy = Server(conninfo)
        try:
            copying = Copying(server, copy, installation, conninfo, progress, warn)
            copying.run()
            if copying.unreadable:
                warn(f"role {quoted(user)} may not read, and so is not planned for: {copying.unread_names}")
            copy.execute(f"SET SESSION AUTHORIZATION {quoted(user)}")
            yield copy, copying.checksum
        finally:
            copy.close()


@contextlib.contextmanager
def nothing_from_environment():
    """What leads libpq to the server is not to lead it away from the copy."""
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(plain_environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


class Copying:
    def __init__(self, server, copy, installation, conninfo, progress, warn):
        self.server = server
        self.copy = copy
        self.installation = installation
        self.conninfo = conninfo
        self.progress = progress
        self.warn = warn

    def run(self):
        self.refuse_missing_extensions()
        self.progress("copying roles")
        self.load_roles()
        self.copy_rights_on_database()
        self.copy_collations()
        self.progress("copying the catalog")
        self.load_schemas()
        require_likeness(
            self.facts, self.copy.rows(FACTS), set(self.unreadable), self.complaints, self.warn
        )
        self.copy.execute(f"CREATE EXTENSION {EXTENSION}")

    def refuse_missing_extensions(self):
        missing = [
            name
            for name in self.server.column("SELECT extname::text FROM pg_extension ORDER BY extname")
            if name != "plpgsql" and not self.installation.has_extension(name)
        ]
        # Only those count whose types or functions a table needs.
        needed = [name for name in missing if self.is_needed(name)]
        if needed:
            names = ", ".join(f'"{name}"' for name in needed)
            raise Failure(
                f"the extension {names} of the server is not installed on this machine",
                "Columns of tables have its types.",
                f"Install it for PostgreSQL {self.installation.major} here"
                f" (Debian: such as postgresql-{self.installation.major}-{needed[0].replace('_', '-')}).",
            )

    def is_needed(self, extension):
        return self.server.value(
            """
            SELECT EXISTS (
                SELECT FROM pg_depend d
                JOIN pg_extension e ON e.oid = d.refobjid
                JOIN pg_type t ON t.oid = d.objid
                JOIN pg_attribute a ON a.atttypid = t.oid OR a.atttypid = t.typarray
                JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
                WHERE d.classid = 'pg_type'::regclass AND d.refclassid = 'pg_extension'::regclass
                  AND d.deptype = 'e' AND e.extname = %s
                  AND NOT EXISTS (SELECT FROM pg_depend m
                                  WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid
                                    AND m.deptype = 'e'))
            """,
            [extension],
        )

    def load_roles(self):
        # By itself it would look for a database named postgres, where the caller may have no access.
        database = psycopg2.extensions.make_dsn(dbname=self.server.value("SELECT current_database()::text"))
        script = self.dump(
            "pg_dumpall",
            f"--database={database}",
            "--roles-only",
            "--no-role-passwords",
            "--no-comments",
            "--no-security-labels",
        )
        # The bootstrap superuser has the name of the server's, and is there.
        self.load("psql", "--no-psqlrc", "--quiet", "--output=/dev/null", script=script)

    def copy_rights_on_database(self):
        database = quoted(self.server.value("SELECT current_database()::text"))
        owner, grants = self.server.value(OWNER), self.server.rows(GRANTS)
        self.copy.execute(f"ALTER DATABASE {database} OWNER TO {quoted(owner)}")
        self.copy.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {quoted(owner)}")
        for role, privilege, is_grantable in grants:
            to = "PUBLIC" if role is None else quoted(role)
            option = " WITH GRANT OPTION" if is_grantable else ""
            self.copy.execute(f"GRANT {privilege} ON DATABASE {database} TO {to}{option}")

    def copy_collations(self):
        for name in self.server.column(COLLATIONS):
            if not self.copy.value("SELECT EXISTS (SELECT FROM pg_collation WHERE collname = %s)", [name]):
                self.copy.execute(f'CREATE COLLATION pg_catalog.{quoted(name)} FROM "C"')

    def load_schemas(self):
        self.unreadable = self.server.rows(UNREADABLE)
        with self.server.snapshot() as snapshot:
            self.checksum = self.server.value(CHECKSUM)
            self.facts = self.server.rows(FACTS)
            lost = self.server.column(LOST_IN_DUMP)
            archive = self.dump(
                "pg_dump",
                "--format=custom",
                "--compress=0",
                "--schema-only",
                "--no-comments",
                "--no-security-labels",
                "--no-subscriptions",
                "--no-tablespaces",
                f"--lock-wait-timeout={LONGEST_LOCK_WAIT}",
                f"--snapshot={snapshot}",
                *(exclusion(schema, table) for schema, table in self.unreadable),
            )
        listed = subprocess.run(
            [self.installation.program("pg_restore"), "--list"],
            input=archive,
            capture_output=True,
            check=True,
        ).stdout.decode(errors="surrogateescape")
        kept = [line for line in listed.splitlines() if not LEFT_OUT.match(line)]
        with tempfile.NamedTemporaryFile("w", errors="surrogateescape") as contents:
            contents.write("\n".join(kept) + "\n")
            contents.flush()
            self.complaints = self.load("pg_restore", f"--use-list={contents.name}", script=archive)
        for statement in lost:
            with contextlib.suppress(psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName):
                self.copy.execute(statement)
        if self.server.major < 17 <= self.installation.major:
            self.copy.execute(ADD_MAINTAIN)

    @property
    def unread_names(self):
        names = [
            f"schema {quoted(schema)}" if table is None else f"{quoted(schema)}.{quoted(table)}"
            for schema, table in self.unreadable
        ]
        return listed(names)

    def dump(self, program, *arguments):
        finished = subprocess.run(
            [self.installation.program(program), f"--dbname={self.server.conninfo}", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if finished.returncode != 0:
            raise Failure(
                "could not copy the server's catalog", finished.stderr.decode(errors="replace").strip()
            )
        return finished.stdout

    def load(self, program, *arguments, script):
        """The errors. They are no failure by themselves: require_likeness() tells what counts."""
        finished = subprocess.run(
            [self.installation.program(program), f"--dbname={self.conninfo}", *arguments],
            input=script,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=plain_environment(),
            check=False,
        )
        return [line for line in finished.stderr.decode(errors="replace").splitlines() if "rror:" in line]


def exclusion(schema, table):
    return (
        f"--exclude-schema={quoted(schema)}"
        if table is None
        else f"--exclude-table={quoted(schema)}.{quoted(table)}"
    )


def quoted(name):
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
