"""The command line: what is asked, of which server, and how the answer is shown."""

import json
import signal
import sys

import psycopg2

from dj_deploy import check, execution, output
from dj_deploy.arguments import make_parser
from dj_deploy.catalog_copy import copy_catalog
from dj_deploy.failure import Failure
from dj_deploy.server import Server, failure_of, hide_password

DONE, FAILED, DIFFERENT = 0, 1, 2  # exit statuses
MOST_PLANS = 3

UNKNOWN_IN_COPY = {"bytes"}  # what only the server itself knows


def main():
    hide_password(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = make_parser().parse_args()
    try:
        return Command(options).run()
    except Failure as failure:
        print(f"dj-deploy: {failure}", file=sys.stderr)
    except psycopg2.Error as error:
        print(f"dj-deploy: {failure_of(error)}", file=sys.stderr)
    except KeyboardInterrupt as interruption:
        print("\n".join(["dj-deploy: interrupted", *map(str, interruption.args)]), file=sys.stderr)
    except BrokenPipeError:
        pass
    return FAILED


class Command:
    def __init__(self, options):
        self.options = options
        if "environment" in options:
            self.environment = read_environment(options.environment)

    def run(self):
        self.server = Server(self.options.dbname)
        try:
            return getattr(self, self.options.command)()
        finally:
            self.server.close()

    def progress(self, text):
        if not self.options.quiet:
            print(f"dj-deploy: {text}", file=sys.stderr, flush=True)

    def warn(self, text):
        print(f"dj-deploy: warning: {text}", file=sys.stderr)

    def say_warnings(self, where):
        for text in where.warnings():
            print(text, file=sys.stderr)

    def ask(self, step):
        """step(where to ask, is it a copy, the checksum of what was copied)."""
        if self.server.has_extension():
            result = step(self.server, False, None)
            self.say_warnings(self.server)
            return result
        with copy_catalog(self.server, self.progress, self.warn) as (copy, checksum):
            result = step(copy, True, checksum)
            self.say_warnings(copy)
            return result

    def schemas(self):
        def read(where, is_copy, _):
            columns, rows = where.call("SELECT * FROM dj_deploy.schemas()")
            kept = [index for index, name in enumerate(columns) if not (is_copy and name in UNKNOWN_IN_COPY)]
            return [columns[index] for index in kept], [[row[index] for index in kept] for row in rows]

        output.print_rows(*self.ask(read), self.options.format)
        return DONE

    def plan(self):
        def make(where, *_):
            plan = make_plan(where, self.environment)
            return plan, where.call(
                "SELECT schema_name, table_name, change, statement FROM dj_deploy.show(%s)",
                [json.dumps(plan)],
            )

        plan, (columns, rows) = self.ask(make)
        self.show_plan(plan, columns, rows)
        return DIFFERENT if plan["ddl"] else DONE

    def show_plan(self, plan, columns, rows):
        form = self.options.format
        if form == "json":
            output.print_json(plan)
        elif form == "sql":
            output.print_statements(plan["ddl"], form)
        else:
            if plan["ddl"]:
                output.print_rows(columns, rows, form)
                print()
            print(f"fingerprint: {plan['fingerprint']}")

    def drift(self):
        columns, rows = self.ask(
            lambda where, *_: where.call("SELECT * FROM dj_deploy.drift(%s)", [self.environment])
        )
        if rows or self.options.format == "json":
            output.print_rows(columns, rows, self.options.format)
        return DIFFERENT if rows else DONE

    def check(self):
        options = self.options

        def read(where, is_copy, _):
            if is_copy:
                return check.check(where, self.server, options.schemas, options.publication, options.consumer)
            return where.call(
                "SELECT * FROM dj_deploy.check_cdc(%s, %s, %s)",
                [options.schemas, options.publication, options.consumer],
            )[1]

        rows = self.ask(read)
        if options.format == "sql":
            may_alter_system = self.server.value("SELECT current_setting('is_superuser')") == "on"
            output.print_remedies(rows, may_alter_system)
        elif options.format == "table":
            output.print_findings(rows)
        else:
            output.print_rows(check.COLUMNS, rows, options.format)
        return DIFFERENT if any(row[0] == "error" for row in rows) else DONE

    def describe(self):
        output.print_json(
            self.ask(
                lambda where, *_: call_one(
                    where, "SELECT dj_deploy.describe(VARIADIC %s)", [self.options.schemas]
                )
            )
        )
        return DONE

    def apply(self):
        for _ in range(MOST_PLANS):
            try:
                plan = self.ask(self.apply_once)
                break
            except execution.Outdated:
                self.progress("the catalog has changed meanwhile; planning again")
        else:
            raise Failure(
                "the server's catalog keeps changing",
                f"It changed during each of {MOST_PLANS} plans.",
                "Try again when no other deployment runs.",
            )
        if self.options.format == "json":
            output.print_json(plan)
        elif self.options.format in ("sql", "markdown"):
            output.print_statements(plan["ddl"], self.options.format)
        self.progress(f"executed {counted(plan)}" if plan["ddl"] else "nothing to do")
        return DONE

    def apply_once(self, where, is_copy, checksum):
        if not is_copy and not self.options.rollout:
            return call_one(
                where, "SELECT dj_deploy.apply(%s, false, %s)", [self.environment, self.options.fingerprint]
            )
        plan = make_plan(where, self.environment)
        if self.options.fingerprint not in (None, plan["fingerprint"]):
            raise Failure(
                "the plan is not the one that was expected",
                f"Its fingerprint is {plan['fingerprint']}.",
                "Look at the plan again.",
            )
        if not is_copy:
            where.execute(
                "CALL dj_deploy.rollout(%s, false, %s)", [json.dumps(plan), f"{self.options.max_wait} s"]
            )
            return plan
        require_allowed(plan)
        if not plan["ddl"]:
            execution.require_checksum(self.server, checksum)
            return plan
        self.progress(f"executing {counted(plan)}")
        if self.options.rollout:
            execution.roll_out(self.server, plan, checksum, self.options.max_wait, self.progress)
        else:
            execution.execute_at_once(self.server, plan, checksum)
        return plan


def call_one(where, sql, values):
    return where.call(sql, values)[1][0][0]


def make_plan(where, environment):
    return call_one(where, "SELECT dj_deploy.apply(%s)", [environment])


def counted(plan):
    return "1 statement" if len(plan["ddl"]) == 1 else f"{len(plan['ddl'])} statements"


def require_allowed(plan):
    if plan.get("refused"):
        raise Failure("the environment does not allow this plan", "\n".join(map(str, plan["refused"])))


def read_environment(path):
    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"could not read {path}", str(error)) from None
