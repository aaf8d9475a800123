"""A DataJoint project that deploys by the extension: calls through dj.conn(), and the pipeline goes on working."""

import json
import threading
import time

import datajoint as dj
import psycopg2
import pipeline
from frame import VERSION, call, identities, ours, query, raised, same, superuser

AUTOVACUUM = {"autovacuum_vacuum_insert_scale_factor": 0.05}
SESSION = {"subject_id": 1, "session": 3}
SCHEMAS = ("lab", "behavior", "ephys", "analysis")


def main():
    dj.config["safemode"] = False
    results_and_parameters()
    warnings()
    errors()
    transactions()
    procedures()
    reconnecting()
    deploy()
    old_rows = follow_changes()
    new_tables()
    insert_and_populate()
    delete(old_rows)
    drop()


def results_and_parameters():
    statement = "SELECT dj_deploy.set_replica_identity('lab') -> 'tables_analyzed' AS tables"
    same("a result is a dict, a number an int", (query(statement)[0][0], type(ours("lab"))), (15, dict))
    same("as_dict: by the name of the column", dj.conn().query(statement, as_dict=True).fetchone(), {"tables": 15})
    same(
        "parameters: text, boolean, jsonb as json.dumps() writes it",
        call("set_autovacuum", "lab", json.dumps(AUTOVACUUM), dry_run=True)["tables_analyzed"],
        16,
    )
    same(
        "a dict is no parameter",
        str(raised(call, "set_autovacuum", "lab", AUTOVACUUM)),
        "can't adapt type 'dict'",
    )
    same(
        "a percent sign in the statement is written twice",
        [
            raised(query, f"SELECT dj_deploy.set_replica_identity('l{sign}b')").args[0].splitlines()[0]
            for sign in ("%", "%%")
        ],
        ["tuple index out of range", 'schema "l%b" does not exist'],
    )
    same(
        "a table by its full_table_name, or by name in the text",
        query(
            "SELECT dj_deploy.set_replica_identity(%s::regclass) = dj_deploy.set_replica_identity('lab.session'::regclass)",
            pipeline.Session().full_table_name,
        ),
        [(True,)],
    )


def warnings():
    dj.conn().query("CREATE PUBLICATION columns FOR TABLE lab.session (subject_id, session)")
    ours("lab")
    same(
        "WARNINGs: DataJoint shows none; psycopg2 keeps them in notices",
        [notice.splitlines()[0] for notice in dj.conn()._conn.notices if notice.startswith("WARNING")],
        ['WARNING:  UPDATE and DELETE on table "lab.session" will fail with replica identity FULL'],
    )
    dj.conn().query("DROP PUBLICATION columns")


def errors():
    """What DataJoint makes of a SQLSTATE."""
    expected = {
        "set_replica_identity('lab', mode => 'nothing')": (psycopg2.errors.InvalidParameterValue, "22023"),
        "set_replica_identity(schema => NULL)": (psycopg2.errors.NullValueNotAllowed, "22004"),
        "set_replica_identity('gone')": (psycopg2.errors.InvalidSchemaName, "3F000"),
        "set_grants('lab', 'nobody', 'read')": (psycopg2.errors.UndefinedObject, "42704"),
        "set_replica_identity('lab.gone'::regclass)": (dj.errors.MissingTableError, "42P01"),
        "set_replica_identity('pg_catalog')": (dj.errors.AccessError, "42501"),
    }
    for text, (kind, state) in expected.items():
        error = raised(query, f"SELECT dj_deploy.{text}")
        client_error = error.__context__ if isinstance(error, dj.DataJointError) else error
        same(
            f"{text}: {state} is {kind.__module__.split('.')[0]}'s {kind.__name__}",
            (type(error), client_error.pgcode),
            (kind, state),
        )
    error = raised(query, "SELECT dj_deploy.set_autovacuum('lab', '{\"autovacum_enabled\": true}')")
    same("the hint is in diag", error.diag.message_hint.splitlines()[0][:12], "Perhaps you ")
    same("the connection is usable after an error", query("SELECT 1"), [(1,)])


def transactions():
    ours("lab", mode="default", dry_run=False)
    with dj.conn().transaction:
        ours("lab", dry_run=False)
        dj.conn().query("SAVEPOINT before_error")
        error = raised(ours, "gone")
        dj.conn().query("ROLLBACK TO SAVEPOINT before_error")
    same(
        "dj.conn().transaction: after an error and ROLLBACK TO SAVEPOINT it goes on",
        (error.pgcode, identities()["lab", "session"]),
        ("3F000", ("f", None)),
    )
    error = raised(deploy_in_transaction_that_fails)
    same(
        "without one, all that was in it is undone",
        (error.pgcode, identities()["lab", "session"]),
        ("3F000", ("f", None)),
    )


def deploy_in_transaction_that_fails():
    with dj.conn().transaction:
        ours("lab", mode="default", dry_run=False)
        ours("gone")


def procedures():
    statement = "CALL dj_deploy.vacuum_analyze('lab', dry_run => %s)"
    result = query(statement, False)[0][0]
    same(
        "a CALL runs: DataJoint's connection is autocommit; its result is a row",
        (len(query(statement, False)), result["tables_modified"]),
        (1, 16),
    )
    plan = ours("analysis", mode="full")
    result = query("CALL dj_deploy.rollout(%s, dry_run => false)", json.dumps(plan))[0][0]
    same("rollout takes a result back by json.dumps()", result["ddl"], plan["ddl"])
    query("CALL dj_deploy.rollout(dj_deploy.set_replica_identity('analysis', 'default'), dry_run => false)")
    same(
        "or a call in the call",
        {key: identities()[key] for key in identities() if key[0] == "analysis"}["analysis", "figure"],
        ("d", None),
    )
    error = raised(call_in_transaction, statement, False)
    same(
        "a CALL in dj.conn().transaction: 25001",
        (type(error), error.pgcode, str(error).splitlines()[0]),
        (psycopg2.errors.ActiveSqlTransaction, "25001", "vacuum_analyze cannot run inside a transaction block"),
    )
    same("its dry run is fine there", len(call_in_transaction(statement, True)["ddl"]), 16)
    same("and so is the next CALL outside", query(statement, False)[0][0]["tables_modified"], 16)


def call_in_transaction(statement, *values):
    with dj.conn().transaction:
        return query(statement, *values)[0][0]


def reconnecting():
    """A server process ends, as in a restart, in the middle of a call."""
    ours("lab", mode="default", dry_run=False)
    process = dj.conn()._conn.get_backend_pid()
    blocker = superuser()
    blocker.autocommit = False
    blocker.cursor().execute("LOCK TABLE lab.session IN ACCESS SHARE MODE")
    ending = threading.Thread(target=end_when_waiting, args=(process, blocker))
    ending.start()
    error = raised(ours, "lab", mode="full", dry_run=False)
    ending.join()
    closed = raised(query, "SELECT 1")
    dj.conn().connect()
    same(
        "a server process that ends in the middle of a call: an error without SQLSTATE, and nothing is altered",
        (type(error), error.pgcode, identities()["lab", "#rig"]),
        (psycopg2.OperationalError, None, ("d", None)),
    )
    same(
        f"{VERSION} does not connect again by itself; dj.conn().connect() does, and the call is repeated",
        (type(closed), ours("lab", mode="full", dry_run=False)["tables_modified"]),
        (psycopg2.InterfaceError, 15),
    )


def end_when_waiting(process, blocker):
    """Ends the process once it waits for the blocker, and then lets go."""
    cursor = superuser().cursor()
    waiting = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
    living = "SELECT FROM pg_stat_activity WHERE pid = %s"
    for until, rows in ((waiting, 1), (living, 0)):
        for _ in range(200):
            cursor.execute(until, (process,))
            if cursor.rowcount == rows:
                break
            time.sleep(0.02)
        cursor.execute("SELECT pg_terminate_backend(%s)", (process,))
    blocker.close()


def deploy():
    before = identities()
    for schema in SCHEMAS:
        ours(schema, dry_run=False)
        call("set_publication_membership", schema, "cdc", dry_run=False)
        call("set_autovacuum", schema, json.dumps(AUTOVACUUM), dry_run=False)
        call("set_grants", schema, "lab_analyst", "read", future_tables=True, dry_run=False)
    user_tables = {(schema, table) for schema in SCHEMAS for table in dj.Schema(schema).list_tables()}
    hidden = {key for key in identities() if key[0] in SCHEMAS} - user_tables
    same("deployed: all 52 user tables are at full", {identities()[key] for key in user_tables}, {("f", None)})
    same(
        "hidden tables are left alone", {key: identities()[key] for key in hidden}, {key: before[key] for key in hidden}
    )
    same("there are some", len(hidden) > 0, True)
    same("deployed: the publication holds them", members(), user_tables)
    same(
        "deployed: all tables, hidden ones too, have the parameter",
        {
            (schema, table)
            for schema, table, options in parameters()
            if options == ["autovacuum_vacuum_insert_scale_factor=0.05"]
        },
        user_tables | hidden,
    )
    same("deployed a second time: nothing to do", second_deploy(), [])


def second_deploy():
    done = []
    for schema in SCHEMAS:
        done += ours(schema, dry_run=False, skip_unchanged=True)["ddl"]
        done += call("set_publication_membership", schema, "cdc", dry_run=False)["ddl"]
        done += call("set_autovacuum", schema, json.dumps(AUTOVACUUM), dry_run=False)["ddl"]
        done += call("set_grants", schema, "lab_analyst", "read", future_tables=True, dry_run=False)["ddl"]
    return done


def members():
    return set(query("SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = 'cdc'"))


def parameters():
    return query("""
        SELECT nspname, relname, reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname IN ('lab', 'behavior', 'ephys', 'analysis') AND relkind = 'r'
        """)


def follow_changes():
    """A logical slot, as a consumer of changes has one. Returns what reads on from there."""
    cursor = superuser().cursor()
    cursor.execute("SELECT pg_create_logical_replication_slot('life', 'test_decoding')")

    def changes():
        cursor.execute("SELECT data FROM pg_logical_slot_get_changes('life', NULL, NULL)")
        return [data for (data,) in cursor.fetchall()]

    return changes


def new_tables():
    class Cage(dj.Manual):
        definition = """
        cage : int32
        ---
        -> Subject
        """

    pipeline.lab(Cage, context=vars(pipeline))
    same("a table declared since: at default", identities()["lab", "cage"], ("d", None))
    same("and in no publication", ("lab", "cage") in members(), False)
    same(
        "the next deploy picks it up, and nothing else",
        second_deploy(),
        [
            'ALTER TABLE "lab"."cage" REPLICA IDENTITY FULL',
            'ALTER PUBLICATION "cdc" ADD TABLE "lab"."cage"',
            'ALTER TABLE "lab"."cage" SET (autovacuum_vacuum_insert_scale_factor = 0.05)',
        ],
    )
    pipeline.Cage = Cage
    Cage.insert1({"cage": 1, "subject_id": 1})
    jobs = pipeline.LickDetection.jobs
    jobs.refresh()
    same(
        "a job table that DataJoint makes meanwhile stays at default and unpublished, and gets the parameter",
        (second_deploy(), identities()["behavior", jobs.table_name]),
        (['ALTER TABLE "behavior"."~~lick_detection" SET (autovacuum_vacuum_insert_scale_factor = 0.05)'], ("d", None)),
    )
    analyst = dj.Connection(dj.config["database.host"], "lab_analyst", "", use_tls=False)
    cages = dj.FreeTable(analyst, '"lab"."cage"')
    same(
        "future_tables: the analyst fetches from it, and may not insert",
        (cages.to_dicts(), type(raised(cages.insert1, {"cage": 2, "subject_id": 1}))),
        ([{"cage": 1, "subject_id": 1}], dj.errors.AccessError),
    )
    analyst.close()


def insert_and_populate():
    pipeline.fill_session(1, 3)
    pipeline.Training.insert1({**SESSION, "task": "discrimination", "stage": 2})
    pipeline.TrialOutcome.populate()
    pipeline.Video.populate(reserve_jobs=True)
    pipeline.LickDetection.populate(reserve_jobs=True)
    pipeline.Psychometrics.populate()
    made = (
        pipeline.Session.Trial,
        pipeline.TrialOutcome,
        pipeline.Video.Block,
        pipeline.LickDetection.Lick,
        pipeline.Psychometrics,
    )
    same(
        "insert and populate, with parts and jobs, go on", [len(table & SESSION) for table in made], [10, 10, 3, 12, 1]
    )
    pipeline.Session.update1({**SESSION, "note": "checked"})
    same("update1 goes on", (pipeline.Session & SESSION).fetch1("note"), "checked")


def delete(changes):
    changes()
    (pipeline.Weighing & {"subject_id": 1}).delete()
    lines = [line for line in changes() if "DELETE" in line]
    same(
        "delete: a consumer sees each whole old row",
        (len(lines), {"weight[real]" in line for line in lines}),
        (5, {True}),
    )
    (pipeline.Session & SESSION).delete()
    left = (
        pipeline.Session,
        pipeline.Session.Trial,
        pipeline.TrialOutcome,
        pipeline.Video.Block,
        pipeline.LickDetection,
        pipeline.Psychometrics,
    )
    same("delete cascades through two schemas", [len(table & SESSION) for table in left], [0] * 6)
    tables = {line.split()[1] for line in changes() if "DELETE" in line}
    same(
        "and reaches the consumer from both",
        {"lab.session__trial:", "behavior.__lick_detection__lick:"} <= tables,
        True,
    )


def drop():
    pipeline.Cage.drop()
    pipeline.analysis.drop()
    same(
        "drop: a table and a schema leave the publication",
        [key for key in members() if key[0] == "analysis" or key[1] == "cage"],
        [],
    )
    same(
        "and the next deploy has nothing to do",
        [call("set_publication_membership", schema, "cdc")["ddl"] for schema in SCHEMAS[:3]],
        [[]] * 3,
    )
    superuser().cursor().execute("SELECT pg_drop_replication_slot('life')")


main()
