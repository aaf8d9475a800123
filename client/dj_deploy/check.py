"""check_cdc from outside: what it says of tables and publications is read off the copy; what it says
of the server, its slots, its sessions and the role is asked at the server, by the same queries.
"""

import importlib.resources
import json
import re

import psycopg2

from dj_deploy.output import SUM

COLUMNS = ["severity", "check_name", "schema_name", "table_name", "object", "finding", "remedy"]
SEVERITIES = {"e": "error", "w": "warning", "i": "info"}
ALIASES = {"lakebase_cdf": "lakehouse_sync"}

# A block holds statements whose literals double their quotes.
UP_TO_SEMICOLON = re.compile(r"""(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[^;'"])+""")
PERFORM = re.compile("^PERFORM ")

SCHEMAS = "SELECT COALESCE(array_agg(oid), '{}') FROM pg_namespace WHERE nspname = ANY (%s)"
TABLES = """
SELECT COALESCE(array_agg(c.oid), '{}') FROM pg_class c
WHERE c.relnamespace = ANY (%s::oid[]) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT c.relname ^@ '~'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"""
NAMED_PUBLICATION = "SELECT COALESCE(array_agg(oid), '{}') FROM pg_publication WHERE pubname = %s"
PUBLICATIONS = """
SELECT COALESCE(array_agg(p.oid), '{}') FROM pg_publication p
WHERE p.puballtables
   OR EXISTS (SELECT FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid
              WHERE r.prpubid = p.oid AND c.relnamespace = ANY (%(schemas)s::oid[]))
   OR EXISTS (SELECT FROM pg_publication_namespace s
              WHERE s.pnpubid = p.oid AND s.pnnspid = ANY (%(schemas)s::oid[]))"""


def check(copy, server, schemas, publication, consumer):
    """The rows of check_cdc, worst first, with their sum."""
    known = json.loads(importlib.resources.read_text("dj_deploy", "checks.json"))
    of_copy = copy.call("SELECT * FROM dj_deploy.check_cdc(%s, %s, %s)", [schemas, publication, consumer])[1]
    of_server = {one["name"] for one in known["checks"]}
    about = of_copy[-1][2:5]  # of what is about all that was asked for
    found = ask_server(server, known, schemas, publication, consumer, about)
    found += [row for row in of_copy if row[1] not in of_server and row[1] != SUM]
    order = list(SEVERITIES.values())
    found.sort(key=lambda row: order.index(row[0]))
    counts = [sum(row[0] == severity for row in found) for severity in order]
    tables = of_copy[-1][5].rpartition("(")[2].rstrip(")")
    text = f"errors: {counts[0]}, warnings: {counts[1]}, info: {counts[2]} ({tables})"
    rows = [[*row[:6], plain_remedy(copy, row[6])] for row in found]
    return [*rows, ["info", SUM, *about, text, None]]


def ask_server(server, known, schemas, publication, consumer, about_all):
    name = ALIASES.get(consumer.lower(), consumer.lower())
    place = known["consumers"].index(name)
    asked = [one for one in known["checks"] if one["severities"][place] != "-"]
    oids = server.value(SCHEMAS, [schemas])
    if publication is not None:
        publications = server.value(NAMED_PUBLICATION, [publication])
    elif name == "lakehouse_sync":
        publications = []
    else:
        publications = server.value(PUBLICATIONS, {"schemas": oids})
    parts = []
    for number, one in enumerate(asked):
        about, columns = "NULL, NULL, f.object", "object, finding, remedy"
        if one["is_about_tables"]:
            about, columns = "f.schema_name, f.table_name, NULL", "schema_name, table_name, finding, remedy"
        parts.append(f"SELECT {number}, {about}, f.finding, f.remedy FROM ({one['sql']}) AS f({columns})")
    sql = (known["facts"] + "\n" + "\nUNION ALL ".join(parts)).replace("%", "%%")
    sql = re.sub(r"\$([1-4])", lambda found: f"%({found[1]})s{CASTS[found[1]]}", sql)
    values = {"1": oids, "2": name, "3": server.value(TABLES, [oids]), "4": publications}
    rows = []
    for number, schema, table, about, finding, remedy in server.rows(sql, values):
        where = about_all if schema is None and about is None else [schema, table, about]
        one = asked[number]
        rows.append([SEVERITIES[one["severities"][place]], one["name"], *where, finding, remedy])
    return rows


CASTS = {"1": "::oid[]", "2": "::text", "3": "::oid[]", "4": "::oid[]"}


def plain_remedy(copy, remedy):
    """One statement a line, without calls of the extension; the remedy itself where such a call fails."""
    if remedy is None:
        return None
    # Of steps that are looked at before the steps ahead of them are done.
    said = len(copy.connection.notices)
    try:
        return ";\n".join(plain_statements(copy, remedy)) or remedy
    except psycopg2.Error:
        return remedy
    finally:
        del copy.connection.notices[said:]


def plain_statements(copy, statement):
    if statement.startswith("DO "):
        body = copy.value(f"SELECT {statement[3:]}").removeprefix("BEGIN ").removesuffix("END")
        parts = [part.strip() for part in UP_TO_SEMICOLON.findall(body) if part.strip()]
        return [text for part in parts for text in plain_statements(copy, PERFORM.sub("SELECT ", part))]
    if not statement.startswith(("SELECT dj_deploy.", "SELECT pg_catalog.count(dj_deploy.")):
        return [statement]
    shown = statement.replace("dry_run => false", "dry_run => true")
    shown = shown.replace("SELECT pg_catalog.count(", "SELECT pg_catalog.jsonb_agg(", 1)
    plans = [row[0] for row in copy.call(shown)[1]]
    return [text for plan in plans for one in (plan if isinstance(plan, list) else [plan]) for text in one["ddl"]]
