"""The PostgreSQL of this machine that a copy of a catalog is made with."""

import glob
import os
import pathlib
import shutil
import subprocess

from dj_deploy.failure import Failure
from dj_deploy.server import EXTENSION

# Where packages put the servers of several versions side by side.
PATTERNS = ["/usr/lib/postgresql/*/bin/pg_config", "/usr/pgsql-*/bin/pg_config"]


class Installation:
    def __init__(self, pg_config):
        said = subprocess.run(
            [pg_config, "--version", "--bindir", "--sharedir"], capture_output=True, text=True, check=True
        )
        version, bindir, sharedir = said.stdout.splitlines()
        self.major = int("".join(c if c.isdigit() else " " for c in version).split()[0])
        self.bindir = pathlib.Path(bindir)
        self.sharedir = pathlib.Path(sharedir)

    def program(self, name):
        return str(self.bindir / name)

    def has_extension(self, name):
        return (self.sharedir / "extension" / f"{name}.control").exists()

    @property
    def is_complete(self):
        return self.has_extension(EXTENSION) and (self.bindir / "initdb").exists()


def find_installation(major):
    """That of PG_CONFIG, or the oldest that has the extension and is not older than the server."""
    found = [i for i in map(installation_of, candidates()) if i is not None and i.is_complete]
    fitting = sorted((i for i in found if i.major >= major), key=lambda i: i.major)
    if fitting:
        return fitting[0]
    package = f"postgresql-{major}-datajoint-deploy"
    if found:
        newest = max(i.major for i in found)
        raise Failure(
            f"the server is PostgreSQL {major}; the newest on this machine with the extension is {newest}",
            "A catalog is copied into a server that is not older.",
            f"Install PostgreSQL {major} or newer here with the extension (Debian: {package}).",
        )
    raise Failure(
        "the server does not have the extension, nor has a PostgreSQL on this machine",
        "Without it at the server, the plan is made on a copy of the server's catalog on this machine.",
        f"Install PostgreSQL here with the extension (Debian: {package}), or set PG_CONFIG.",
    )


def candidates():
    if named := os.environ.get("PG_CONFIG"):
        return [named]
    in_path = shutil.which("pg_config")
    return sorted({*([in_path] if in_path else []), *(path for p in PATTERNS for path in glob.glob(p))})


def installation_of(pg_config):
    try:
        return Installation(pg_config)
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return None
