"""The arguments of the command. The manual page is made of what stands here, too."""

import argparse
import importlib.resources
import re
import sys

from dj_deploy.output import FORMATS


class Parser(argparse.ArgumentParser):
    def error(self, message):
        """Ends with 1. By itself it would be 2, which says that there are changes."""
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: error: {message}\n")


def make_parser():
    whole = Parser(
        prog="dj-deploy",
        description="Brings the schemas of a PostgreSQL database into the state that an environment"
        " document describes, and shows first what that changes. The server may have the extension"
        " datajoint_deploy or not: without it the plan is made on a copy of the server's catalog in"
        " a throw-away server on this machine. The connection is that of libpq: PGHOST, PGSERVICE,"
        " ~/.pgpass and the like hold. Exit status: 0 nothing to do, or done; 2 there are changes (plan),"
        " differences (drift) or findings of severity error (check); 1 it could not be done.",
        allow_abbrev=False,
    )
    version = importlib.resources.read_text("dj_deploy", "VERSION")
    whole.add_argument("--version", action="version", version=f"%(prog)s {version}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, about):
        command = commands.add_parser(
            name, help=about, description=about.capitalize() + ".", allow_abbrev=False
        )
        command.add_argument(
            "-d", "--dbname", default="", metavar="CONNINFO", help="database or connection string"
        )
        command.add_argument(
            "--format",
            choices=FORMATS,
            default="table",
            help="of what is printed (default: %(default)s)",
        )
        command.add_argument("-q", "--quiet", action="store_true", help="no progress")
        return command

    add("schemas", "list the schemas of the database")
    for name, about in (
        ("plan", "show what would change, and the fingerprint of the plan"),
        ("apply", "change what differs"),
        ("drift", "show what differs from the environment"),
    ):
        command = add(name, about)
        command.add_argument(
            "environment", metavar="ENVIRONMENT.json", help='the document; "-" reads it from the input'
        )
        if name == "apply":
            command.add_argument("--fingerprint", metavar="F", help="refuse a plan that has another one")
            command.add_argument(
                "--rollout",
                action="store_true",
                help="a transaction for each statement; never wait in a table's queue",
            )
            command.add_argument(
                "--max-wait",
                type=duration,
                default=600,
                metavar="T",
                help="how long to go round with --rollout, such as 30s, 10min (default: 10min)",
            )
    command = add("check", "show what a consumer of changes would miss, and what mends it")
    command.add_argument("schemas", nargs="+", metavar="SCHEMA")
    command.add_argument(
        "--publication",
        metavar="P",
        help="that the consumer reads (default: all that publish tables of the schemas)",
    )
    command.add_argument(
        "--consumer", default="any", metavar="C", help="such as debezium, lakebase_cdf, clickpipes, postgres"
    )
    add("describe", "print the document of schemas as they are").add_argument(
        "schemas", nargs="+", metavar="SCHEMA"
    )
    return whole


def duration(text):
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(ms|s|min|h)?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 30s, 10min")
    return float(found[1]) * {"ms": 0.001, "s": 1, "min": 60, "h": 3600, None: 1}[found[2]]
