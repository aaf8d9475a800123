# asyncpg: see checks.txt. With POOLED=yes it keeps no prepared statement on the server; with the
# argument "prepare" it only does that.
import asyncio
import json
import os
import sys

import asyncpg

failed = 0


def check(title, shown):
    global failed
    failed += not shown
    print("ok" if shown else "not ok", title, flush=True)


identity = "SELECT dj_deploy.set_replica_identity($1, $2, dry_run => $3, skip_unchanged => $4)"


async def main():
    conn = await asyncpg.connect(statement_cache_size=0 if os.environ.get("POOLED") else 100)
    notices = []
    conn.add_log_listener(lambda _, n: n.severity == "WARNING" and notices.append((n.severity, n.sqlstate, n.message, n.detail, n.hint)))
    value = conn.fetchval

    async def refused(statement, *parameters):
        try:
            await conn.fetch(statement, *parameters)
        except asyncpg.PostgresError as error:
            return error
        raise SystemExit("not refused: " + statement)

    async def number_full(schema):
        return await value("SELECT count(*) FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relkind = 'r'"
                           " AND relreplident = 'f'", schema)

    if sys.argv[1:] == ["prepare"]:
        for _ in range(10):
            await value(identity, "lab", "full", True, False)
        return

    text = await value(identity, "lab", "full", True, False)
    notices.clear()
    check("jsonb is a str without a codec", type(text) is str and json.loads(text)["tables_analyzed"] == 15)
    await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)

    plan = await value(identity, "lab", "full", True, False)
    check("dry run: the result decoded, nothing done", type(plan) is dict and plan["tables_analyzed"] == 15
          and plan["tables_modified"] == 0 and len(plan["ddl"]) == 15
          and plan["ddl"][0] == 'ALTER TABLE "lab"."#rig" REPLICA IDENTITY FULL' and await number_full("lab") == 0)
    check("WARNING of a function: SQLSTATE, message, detail, hint", notices == [(
        "WARNING", "55000", 'UPDATE and DELETE on table "lab.subject" will fail with replica identity FULL',
        'Publication "partial" has a column list for the table, which replica identity FULL does not allow.',
        "Drop the column list, or set replica identity DEFAULT if the list covers the primary key.")])
    done = await value(identity, "lab", "full", False, False)
    check("run: the catalog has it", done["tables_modified"] == 15 and await number_full("lab") == 15)
    one = await value("SELECT dj_deploy.set_replica_identity($1::regclass, $2, dry_run => $3)", "lab.subject", "default", False)
    check("one table as regclass", one["ddl"] == ['ALTER TABLE "lab"."subject" REPLICA IDENTITY DEFAULT']
          and await number_full("lab") == 14)
    again = [(await value(identity, "lab", "full", False, True))["tables_modified"] for _ in range(2)]
    check("boolean parameters: skip_unchanged", again == [1, 0] and await number_full("lab") == 15)

    autovacuum = "SELECT dj_deploy.set_autovacuum($1, $2, dry_run => $3)"
    options = "SELECT reloptions FROM pg_class WHERE oid = 'lab.session'::regclass"
    await value(autovacuum, "lab", {"autovacuum_vacuum_insert_scale_factor": 0.05, "autovacuum_enabled": True}, False)
    was = await value(options)
    await value(autovacuum, "lab", {"autovacuum_vacuum_insert_scale_factor": None, "autovacuum_enabled": None}, False)
    check("jsonb parameter: set_autovacuum sets and resets", await value(options) is None
          and sorted(was) == ["autovacuum_enabled=true", "autovacuum_vacuum_insert_scale_factor=0.05"])

    environment = await value("SELECT dj_deploy.describe(VARIADIC $1)", ["lab", "ephys"])
    check("text[] parameter: describe VARIADIC", sorted(environment["schemas"]) == ["ephys", "lab"]
          and environment["schemas"]["lab"]["replica_identity"] == "full")
    apply = "SELECT dj_deploy.apply($1, dry_run => $2)"
    nothing = await value(apply, environment, True)
    environment["schemas"]["ephys"]["replica_identity"] = "full"
    done = await value(apply, environment, False)
    check("jsonb there and back: apply of describe, then of a change", nothing["ddl"] == []
          and done["tables_modified"] == await number_full("ephys") == len(done["changes"]) > 0)

    rows = await conn.fetch("SELECT * FROM dj_deploy.tables($1)", "lab")
    session = next(row for row in rows if row["table_name"] == "session")
    check("rows of a report: text, text[], bigint, jsonb, null", len(rows) == 16 and session["tier"] == "manual"
          and session["primary_key"] == ["subject_id", "session"] and session["bytes"] > 0 and session["autovacuum"] == {}
          and session["last_vacuum"] is None)

    vacuumed = await value("CALL dj_deploy.vacuum_analyze($1, dry_run => $2)", "behavior", False)
    check("CALL vacuum_analyze: its INOUT result", vacuumed["tables_modified"] == len(vacuumed["ddl"]) > 0 and await value(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'behavior'::regnamespace AND relkind = 'r' AND reltuples < 0") == 0)
    node = "SELECT pg_relation_filenode('lab.subject_pkey')"
    before = await value(node)
    rebuilt = await value("CALL dj_deploy.reindex($1::regclass, dry_run => $2)", "lab.subject", False)
    check("CALL reindex: its INOUT result", rebuilt["ddl"] == ['REINDEX TABLE CONCURRENTLY "lab"."subject"']
          and await value(node) != before)
    plan = await value(identity, "behavior", "full", True, False)
    done = await value("CALL dj_deploy.rollout($1, dry_run => $2)", plan, False)
    check("CALL rollout of a plan bound as jsonb", done["ddl"] == plan["ddl"] and await number_full("behavior") == 13)
    left = await value("CALL dj_deploy.reindex($1, dry_run => $2)", "audit", False)
    check("WARNING of a procedure, and what it left out", left["skipped"][0]["table_name"] == "entry" and notices[-1][:3] == (
        "WARNING", "01000", 'skipping "audit.entry": permission denied to maintain it'))

    error = await refused(identity, "lab", "nothing", False, False)
    check("error 22023: a wrong mode", error.sqlstate == "22023" and isinstance(error, asyncpg.InvalidParameterValueError)
          and error.message == "mode must be 'default' or 'full'; got 'nothing'" and await value("SELECT 1") == 1)
    error = await refused(identity, "lab.session", "full", False, False)
    check("error 3F000: no such schema; text is never a table", error.sqlstate == "3F000"
          and error.message == 'schema "lab.session" does not exist' and await value("SELECT 1") == 1)
    error = await refused(identity, "audit", "full", False, False)
    check("error 42501: a table of another owner, and nothing done", error.sqlstate == "42501"
          and error.message == 'must be owner of table "audit.entry"' and await number_full("audit") == 0)
    transaction = conn.transaction()
    await transaction.start()
    error = await refused("CALL dj_deploy.vacuum_analyze($1, dry_run => $2)", "lab", False)
    await transaction.rollback()
    check("error 25001: CALL in a transaction, with detail and hint", error.sqlstate == "25001"
          and error.message == "vacuum_analyze cannot run inside a transaction block"
          and error.detail.startswith("It commits as it goes")
          and error.hint.startswith("Send it alone, outside of BEGIN and COMMIT"))
    transaction = conn.transaction()
    await transaction.start()
    done = await value(identity, "lab", "default", False, False)
    inside = done["tables_modified"], await number_full("lab")
    await transaction.rollback()
    check("a run is rolled back with the driver's transaction", inside == (15, 0) and await number_full("lab") == 15)
    done = await value(identity, "lab", "default", False, True)
    check("the session works on after the errors", done["tables_modified"] == 15 and await number_full("lab") == 0)
    await conn.close()


asyncio.run(main())
sys.exit(failed > 0)
