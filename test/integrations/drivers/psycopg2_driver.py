# psycopg2: see checks.txt. It binds on the client's side and never prepares anything.
import sys

import psycopg2
from psycopg2.extras import Json, RealDictCursor

failed = 0


def check(title, shown):
    global failed
    failed += not shown
    print("ok" if shown else "not ok", title, flush=True)


conn = psycopg2.connect("")
conn.autocommit = True


def value(statement, *parameters):
    cursor = conn.cursor()
    cursor.execute(statement, parameters)
    return cursor.fetchone()[0]


def refused(statement, *parameters):
    try:
        conn.cursor().execute(statement, parameters)
    except psycopg2.Error as error:
        return error
    raise SystemExit("not refused: " + statement)


identity = "SELECT dj_deploy.set_replica_identity(%s, %s, dry_run => %s, skip_unchanged => %s)"


def warnings():
    return [notice for notice in conn.notices if notice.startswith("WARNING")]


def number_full(schema):
    return value("SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND relreplident = 'f'", schema)


plan = value(identity, "lab", "full", True, False)
check("dry run: the result decoded, nothing done", type(plan) is dict and plan["tables_analyzed"] == 15
      and plan["tables_modified"] == 0 and len(plan["ddl"]) == 15
      and plan["ddl"][0] == 'ALTER TABLE "lab"."#rig" REPLICA IDENTITY FULL' and number_full("lab") == 0)
check("WARNING of a function: its whole text, but psycopg2 has no SQLSTATE of it", warnings() == [
    'WARNING:  UPDATE and DELETE on table "lab.subject" will fail with replica identity FULL\n'
    'DETAIL:  Publication "partial" has a column list for the table, which replica identity FULL does not allow.\n'
    "HINT:  Drop the column list, or set replica identity DEFAULT if the list covers the primary key.\n"])
check("run: the catalog has it", value(identity, "lab", "full", False, False)["tables_modified"] == 15 and number_full("lab") == 15)
one = value("SELECT dj_deploy.set_replica_identity(%s::regclass, %s, dry_run => %s)", "lab.subject", "default", False)
check("one table as regclass", one["ddl"] == ['ALTER TABLE "lab"."subject" REPLICA IDENTITY DEFAULT'] and number_full("lab") == 14)
again = [value(identity, "lab", "full", False, True)["tables_modified"] for _ in range(2)]
check("boolean parameters: skip_unchanged", again == [1, 0] and number_full("lab") == 15)

autovacuum = "SELECT dj_deploy.set_autovacuum(%s, %s, dry_run => %s)"
options = "SELECT reloptions FROM pg_class WHERE oid = 'lab.session'::regclass"
value(autovacuum, "lab", Json({"autovacuum_vacuum_insert_scale_factor": 0.05, "autovacuum_enabled": True}), False)
was = value(options)
value(autovacuum, "lab", Json({"autovacuum_vacuum_insert_scale_factor": None, "autovacuum_enabled": None}), False)
check("jsonb parameter: set_autovacuum sets and resets", value(options) is None
      and sorted(was) == ["autovacuum_enabled=true", "autovacuum_vacuum_insert_scale_factor=0.05"])

environment = value("SELECT dj_deploy.describe(VARIADIC %s)", ["lab", "ephys"])
check("text[] parameter: describe VARIADIC", sorted(environment["schemas"]) == ["ephys", "lab"]
      and environment["schemas"]["lab"]["replica_identity"] == "full")
apply = "SELECT dj_deploy.apply(%s, dry_run => %s)"
nothing = value(apply, Json(environment), True)
environment["schemas"]["ephys"]["replica_identity"] = "full"
done = value(apply, Json(environment), False)
check("jsonb there and back: apply of describe, then of a change", nothing["ddl"] == []
      and done["tables_modified"] == number_full("ephys") == len(done["changes"]) > 0)

cursor = conn.cursor(cursor_factory=RealDictCursor)
cursor.execute("SELECT * FROM dj_deploy.tables(%s)", ["lab"])
rows = cursor.fetchall()
session = next(row for row in rows if row["table_name"] == "session")
check("rows of a report: text, text[], bigint, jsonb, null", len(rows) == 16 and session["tier"] == "manual"
      and session["primary_key"] == ["subject_id", "session"] and session["bytes"] > 0 and session["autovacuum"] == {}
      and session["last_vacuum"] is None)

vacuumed = value("CALL dj_deploy.vacuum_analyze(%s, dry_run => %s)", "behavior", False)
check("CALL vacuum_analyze: its INOUT result", vacuumed["tables_modified"] == len(vacuumed["ddl"]) > 0
      and value("SELECT count(*) FROM pg_class WHERE relnamespace = 'behavior'::regnamespace AND relkind = 'r' AND reltuples < 0") == 0)
node = "SELECT pg_relation_filenode('lab.subject_pkey')"
before = value(node)
rebuilt = value("CALL dj_deploy.reindex(%s::regclass, dry_run => %s)", "lab.subject", False)
check("CALL reindex: its INOUT result", rebuilt["ddl"] == ['REINDEX TABLE CONCURRENTLY "lab"."subject"'] and value(node) != before)
plan = value(identity, "behavior", "full", True, False)
done = value("CALL dj_deploy.rollout(%s, dry_run => %s)", Json(plan), False)
check("CALL rollout of a plan bound as jsonb", done["ddl"] == plan["ddl"] and number_full("behavior") == 13)
left = value("CALL dj_deploy.reindex(%s, dry_run => %s)", "audit", False)
check("WARNING of a procedure, and what it left out", warnings()[-1] == 'WARNING:  skipping "audit.entry": permission denied to maintain it\n'
      and left["skipped"][0]["table_name"] == "entry")

error = refused(identity, "lab", "nothing", False, False)
check("error 22023: a wrong mode", error.pgcode == "22023" and isinstance(error, psycopg2.errors.InvalidParameterValue)
      and error.diag.message_primary == "mode must be 'default' or 'full'; got 'nothing'" and value("SELECT 1") == 1)
error = refused(identity, "lab.session", "full", False, False)
check("error 3F000: no such schema; text is never a table", error.pgcode == "3F000"
      and error.diag.message_primary == 'schema "lab.session" does not exist' and value("SELECT 1") == 1)
error = refused(identity, "audit", "full", False, False)
check("error 42501: a table of another owner, and nothing done", error.pgcode == "42501"
      and error.diag.message_primary == 'must be owner of table "audit.entry"' and number_full("audit") == 0)
with conn:  # a transaction all the same
    error = refused("CALL dj_deploy.vacuum_analyze(%s, dry_run => %s)", "lab", False)
conn.autocommit = False
check("error 25001: CALL in a transaction, with detail and hint", error.pgcode == "25001"
      and error.diag.message_primary == "vacuum_analyze cannot run inside a transaction block"
      and error.diag.message_detail.startswith("It commits as it goes")
      and error.diag.message_hint.startswith("Send it alone, outside of BEGIN and COMMIT"))
inside = value(identity, "lab", "default", False, False)["tables_modified"], number_full("lab")
conn.rollback()
conn.autocommit = True
check("a run is rolled back with the driver's transaction", inside == (15, 0) and number_full("lab") == 15)
check("the session works on after the errors", value(identity, "lab", "default", False, True)["tables_modified"] == 15
      and number_full("lab") == 0)
sys.exit(failed > 0)
