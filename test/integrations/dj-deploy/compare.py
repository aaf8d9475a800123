"""Random databases of the server without the extension, and their twins with it: what is planned,
described, reported and left behind from outside is what the extension plans, describes, reports and
leaves behind inside. compare.py ARCHIVE SEED FIRST LAST: the program dj-deploy, whose modules are
used, and which of the databases that the seed gives; 0 is DataJoint's pipeline.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys

import psycopg2

sys.path.insert(0, sys.argv[1])

from dj_deploy import check, execution
from dj_deploy.catalog_copy import copy_catalog
from dj_deploy.command import make_plan
from dj_deploy.failure import Failure
from dj_deploy.server import Server, failure_of

TESTS = pathlib.Path(__file__).parents[2]
ROLES = ["analyst", "operator"]
CONSUMERS = ["any", "lakebase_cdf", "debezium", "clickpipes", "postgres"]

# What deployments write, by names.
STATE = """
SELECT concat_ws(' ', c.oid::regclass, c.relreplident, c.reloptions, c.relacl,
                 (SELECT i.indexrelid::regclass FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))
FROM pg_class c WHERE c.relnamespace::regnamespace::text !~ '^(pg_|information_schema|dj_deploy)'
UNION ALL
SELECT concat_ws(' ', p.pubname, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot)
FROM pg_publication p
UNION ALL
SELECT concat_ws(' ', p.pubname, r.prrelid::regclass, pg_get_expr(r.prqual, r.prrelid), r.prattrs)
FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
UNION ALL
SELECT concat_ws(' ', p.pubname, n.pnnspid::regnamespace)
FROM pg_publication_namespace n JOIN pg_publication p ON p.oid = n.pnpubid
ORDER BY 1"""


def main():
    _, archive, seed, first, last = sys.argv
    print(f"seed {seed}, databases {first} to {last}", flush=True)
    with_changes = done = 0
    for number, database in enumerate(random_databases(seed, first, last), int(first)):
        differences, changes, is_done = compare(database)
        with_changes += changes > 0
        done += is_done
        for what, outside, inside in differences:
            print(f"database {number}: {what}\n  outside {outside}\n  inside  {inside}", flush=True)
        if differences:
            print(json.dumps(database, default=str), flush=True)
            return 1
    print(f"{with_changes} of the plans have changes, {done} could be executed")
    return 0 if done > 0 else 1


def random_databases(seed, first, last):
    generator = pathlib.Path(__file__).with_name("random_databases")
    with connected("postgres", "postgres") as connection:
        version = str(connection.server_version // 10000)
    printed = subprocess.run([generator, version, seed, first if first != "0" else "1", last], capture_output=True, text=True, check=True)
    return [pipeline()] * (first == "0") + list(map(json.loads, printed.stdout.splitlines()))


def pipeline():
    """As upgrade/configure.sql makes it, before its environment is applied."""
    document = json.loads((TESTS / "integrations/upgrade/environment.json").read_text())
    partitions = [
        "CREATE TABLE lab.event (day date PRIMARY KEY, what text) PARTITION BY RANGE (day)",
        "CREATE TABLE behavior.event_2026 PARTITION OF lab.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    ]
    return {
        "file": TESTS / "fixtures/pipeline.sql",
        "statements": partitions,
        "document": document,
        "schemas": list(document["schemas"]),
    }


@contextlib.contextmanager
def connected(database, user):
    connection = psycopg2.connect(dbname=database, user=user)
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def make_twins(database):
    with connected("postgres", "postgres") as connection:
        run(connection, "DROP DATABASE IF EXISTS outside WITH (FORCE)", "DROP DATABASE IF EXISTS inside WITH (FORCE)")
        for role in ROLES:
            run(connection, f"DROP ROLE IF EXISTS {role}", f"CREATE ROLE {role}")
        run(connection, "CREATE DATABASE outside OWNER deployer")
        if "file" in database:
            psql = ["psql", "-X", "-q", "-o", os.devnull, "-d", "outside", "-U", "deployer", "-f", database["file"]]
            subprocess.run(psql, check=True)
        with connected("outside", "deployer") as owner:
            for statement in database.get("statements", []):
                with contextlib.suppress(psycopg2.Error):  # The server refuses some.
                    run(owner, statement)
        run(connection, "CREATE DATABASE inside OWNER deployer TEMPLATE outside")
    with connected("inside", "postgres") as connection:
        run(connection, "CREATE EXTENSION datajoint_deploy")


def run(connection, *statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def compare(database):
    """The differences found, how many changes the plan has, and whether they were executed."""
    make_twins(database)
    differences = []

    def same(what, outside, inside):
        if outside == inside:
            return
        if isinstance(outside, list) and isinstance(inside, list):
            outside, inside = (
                [row for row in outside if row not in inside] or "the same",
                [row for row in inside if row not in outside] or "the same",
            )
        differences.append((what, outside, inside))

    document, schemas = json.dumps(database["document"]), database["schemas"]
    outside, inside = Server("dbname=outside user=deployer"), Server("dbname=inside user=deployer")
    try:
        with copy_catalog(outside, ignore, ignore) as (copy, checksum):
            plan, expected = attempt(make_plan, copy, document), attempt(make_plan, inside, document)
            same("plan", plan, expected)
            for sql, values in (
                ("SELECT dj_deploy.describe(VARIADIC %s)", schemas),
                ("SELECT to_jsonb(d) FROM dj_deploy.drift(%s) d", document),
            ):
                same(sql, attempt(rows_of, copy, sql, values), attempt(rows_of, inside, sql, values))
            for consumer in CONSUMERS:
                found = check.check(copy, outside, schemas, None, consumer)
                asked = inside.call("SELECT * FROM dj_deploy.check_cdc(%s, NULL, %s)", [schemas, consumer])[1]
                same(f"check for {consumer}", without_remedies(found), without_remedies(asked))
        if not isinstance(plan, dict) or plan.get("refused"):
            return differences, 0, False
        same("apply", attempt(execution.execute_at_once, outside, plan, checksum), attempt(apply, inside, document))
        same("what is left", outside.column(STATE), inside.column(STATE))
        with copy_catalog(outside, ignore, ignore) as (copy, _):
            left = rows_of(copy, "SELECT to_jsonb(d) FROM dj_deploy.drift(%s) d", document)
        same("drift afterwards", left, rows_of(inside, "SELECT to_jsonb(d) FROM dj_deploy.drift(%s) d", document))
        return differences, len(plan["changes"]), bool(plan["changes"]) and not left
    finally:
        outside.close()
        inside.close()


def ignore(_):
    pass


def attempt(function, *arguments):
    """What it returns, or why it failed."""
    try:
        return function(*arguments)
    except psycopg2.Error as error:
        return failure_of(error).message
    except Failure as failure:
        return failure.message


def apply(inside, document):
    inside.call("SELECT dj_deploy.apply(%s, false)", [document])


def rows_of(where, sql, values):
    return where.call(sql, [values])[1]


def without_remedies(rows):
    return sorted(str(tuple(row[:6])) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
