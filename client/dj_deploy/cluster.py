"""A throw-away cluster on a Unix socket in a private directory. A process of its own, the keeper,
makes it, and ends it when the program's end of a pipe closes, whatever becomes of the program.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from dj_deploy.failure import Failure

ACCOUNT = "postgres"  # who runs the server where root runs the program: the server refuses root
PORT = "5432"  # part of the socket's name
LONGEST_START = 120  # seconds
FIXED = {
    "listen_addresses": "",
    "port": PORT,
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "allow_system_table_mods": "on",
    "logging_collector": "off",
}


@contextlib.contextmanager
def start_cluster(installation, superuser, database, encoding, settings):
    """Gives the connection string of its database for the superuser."""
    told, tells = os.pipe()
    watched, alive = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(told)
        os.close(alive)
        Keeper(installation, superuser, database, encoding, settings).live(tells, watched)
    os.close(tells)
    os.close(watched)
    try:
        with os.fdopen(told) as reading:
            outcome, _, text = reading.read().partition(" ")
        if outcome != "ready":
            raise Failure(
                "could not start a server on this machine", text or "The process that keeps it has died."
            )
        yield {"host": text, "port": PORT, "user": superuser, "dbname": database}
    finally:
        os.close(alive)
        os.waitpid(keeper, 0)


class Keeper:
    def __init__(self, installation, superuser, database, encoding, settings):
        self.installation = installation
        self.superuser = superuser
        self.database = database
        self.encoding = encoding
        self.settings = settings
        self.account = {}

    def live(self, tells, watched):
        """Never returns."""
        status = 1
        directory = None
        try:
            os.setsid()  # no Ctrl-C of the terminal reaches it
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_IGN)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            directory = self.make_directory()
            answer = self.start(directory)
            os.write(tells, answer.encode(errors="replace"))
            os.close(tells)
            while os.read(watched, 1):
                pass
            status = 0
        finally:
            if directory is not None:
                self.run("pg_ctl", "stop", f"--pgdata={directory}/data", "--mode=immediate", "--silent")
                shutil.rmtree(directory, ignore_errors=True)
            os._exit(status)

    def make_directory(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="dj-deploy-"))
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            os.chown(directory, account.pw_uid, account.pw_gid)
            self.account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return directory

    def start(self, directory):
        """What the program is told: "ready" and where, or "failed" and why."""
        data = directory / "data"
        error = self.run(
            "initdb",
            f"--pgdata={data}",
            f"--username={self.superuser}",
            f"--encoding={self.encoding}",
            "--auth=trust",
            "--no-locale",
            "--no-sync",
            "--no-instructions",
        )
        if error is not None:
            return f"failed {error}"
        with (data / "postgresql.conf").open("a") as file:
            for name, value in {**FIXED, "unix_socket_directories": directory, **self.settings}.items():
                quoted = str(value).replace("'", "''")
                file.write(f"{name} = '{quoted}'\n")
        error = self.run(
            "pg_ctl",
            "start",
            f"--pgdata={data}",
            f"--log={directory}/log",
            "--wait",
            f"--timeout={LONGEST_START}",
            "--silent",
        ) or self.create_database(directory)
        return f"ready {directory}" if error is None else f"failed {error}"

    def create_database(self, directory):
        if self.database == "postgres":
            return None
        return self.run(
            "createdb", f"--host={directory}", f"--username={self.superuser}", "--", self.database
        )

    def run(self, name, *arguments):
        """None, or what the program says of its failure."""
        finished = subprocess.run(
            [self.installation.program(name), *arguments],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=plain_environment(),
            check=False,
            **self.account,
        )
        return None if finished.returncode == 0 else f"{name}: {finished.stderr.strip()}"


def plain_environment():
    """Without what would lead a program of PostgreSQL elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
