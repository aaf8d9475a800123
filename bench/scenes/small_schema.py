"""Does a small schema pay for the rest of the cluster? Every call and report about ten tables, in
an empty cluster and in one with very many relations, memberships of publications and roles, types,
and grants to the role that the calls name.
"""

import concurrent.futures
import itertools
import json
import sys

import frame
from frame import READER, SCHEMA, SUPERUSER, Goal

TITLE = "A small schema in a large database and cluster"
AIM = 1.5
WARM = 3  # times that each call is made before
AT_ONCE, MOST_AT_ONCE = 0.05, 200  # a measurement is as many calls as take so many seconds
TABLES = 10
ELSEWHERE = 20  # schemas with the other tables
PUBLICATIONS = 60
# The target of schemas() is the whole database.
WITHOUT_AIM = {"schemas()"}
WORKERS = {"vacuum_analyze", "reindex"}  # have others work for them, so the clock counts
# At the end of each VACUUM the server reads all of pg_class, whoever calls it.
BY_HAND = "VACUUM ANALYZE of each table by hand"

SETTINGS = {
    "autovacuum": "off",
    "checkpoint_timeout": "1d",
    "max_wal_size": "64GB",
    "max_locks_per_transaction": 2048,
    "shared_buffers": "512MB",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


DECLARED = frame.document()
OTHER = frame.document("default", 0.05, "write", [])


def calls():
    """{what: [SQL, ...]}; where there are several they take turns, so that each has something to do."""
    autovacuum, other_autovacuum = (
        json.dumps({"autovacuum_vacuum_scale_factor": scale}) for scale in (0.02, 0.05)
    )
    changes = {
        "set_replica_identity": ("'default'", "'full'"),
        "set_publication_membership": ("'cdc', member => false", "'cdc', member => true"),
        "set_autovacuum": (f"'{other_autovacuum}'", f"'{autovacuum}'"),
        "set_grants": (f"'{READER}', 'write'", f"'{READER}', 'read'"),
    }
    targets = {
        "": f"'{SCHEMA}'",
        ", several schemas": f"ARRAY['{SCHEMA}', 'second']",
        ", one table": f"""'{SCHEMA}."#method_0000"'::regclass""",
    }
    found = {}
    for (name, (other, declared)), (kind, target) in itertools.product(changes.items(), targets.items()):
        found[f"{name}{kind}, dry run"] = [f"SELECT dj_deploy.{name}({target}, {other})"]
        found[f"{name}{kind}"] = [
            f"SELECT dj_deploy.{name}({target}, {args}, dry_run => false)" for args in (other, declared)
        ]
        found[f"{name}{kind}, nothing to do"] = [
            f"SELECT dj_deploy.{name}({target}, {declared}, dry_run => false)"
        ]
    found["set_grants, future_tables, dry run"] = [
        f"SELECT dj_deploy.set_grants('{SCHEMA}', '{READER}', 'write', future_tables => true)"
    ]
    found |= {
        "apply, dry run": [f"SELECT dj_deploy.apply('{OTHER}')"],
        "apply": [f"SELECT dj_deploy.apply('{text}', false)" for text in (OTHER, DECLARED)],
        "apply, nothing to do": [f"SELECT dj_deploy.apply('{DECLARED}', false)"],
        "drift": [f"SELECT * FROM dj_deploy.drift('{OTHER}')"],
        "drift, none": [f"SELECT * FROM dj_deploy.drift('{DECLARED}')"],
        "assert_converged": [f"SELECT dj_deploy.assert_converged('{DECLARED}')"],
        "describe": [f"SELECT dj_deploy.describe('{SCHEMA}')"],
    }
    for report in ("tables", "check_cdc", "wal_forecast", "blockers"):
        found[report] = [f"SELECT * FROM dj_deploy.{report}('{SCHEMA}')"]
    plan = f"dj_deploy.set_replica_identity('{SCHEMA}', '%s')"
    found |= {
        "show of a plan": [f"SELECT * FROM dj_deploy.show({plan % 'full'})"],
        "rollout, dry run": [f"CALL dj_deploy.rollout({plan % 'full'})"],
        "rollout": [
            f"CALL dj_deploy.rollout({plan % mode}, dry_run => false)" for mode in ("default", "full")
        ],
        "vacuum_analyze, dry run": [f"CALL dj_deploy.vacuum_analyze('{SCHEMA}')"],
        "reindex, dry run": [f"CALL dj_deploy.reindex('{SCHEMA}')"],
        "reindex": [f"CALL dj_deploy.reindex('{SCHEMA}', dry_run => false)"],
        "vacuum_analyze": [f"CALL dj_deploy.vacuum_analyze('{SCHEMA}', dry_run => false)"],
        # Leaves a session with caches of the whole database, which every later call would pay for.
        "schemas()": ["SELECT * FROM dj_deploy.schemas()"],
    }
    return found


def measure(bench):
    scale = 0.01 if bench.is_quick else 1
    with bench.start("empty", SETTINGS) as empty, bench.start("crowded", SETTINGS) as crowded:
        few, many = empty.create("few"), crowded.create("many")
        for database in (few, many):
            database.query("CREATE SCHEMA second")
            frame.declare(database, TABLES)
        crowd = make_crowd(crowded, many, scale)
        for database in (few, many):
            database.query(f"SELECT dj_deploy.apply('{DECLARED}', false)")
            database.settle()
        require_all_called(few)
        frame.say("calling")
        results = compare(few, many, bench.rounds)
        return {"crowd": crowd, "calls": results}


def require_all_called(database):
    functions = database.query(
        "SELECT array_agg(DISTINCT proname::text) FROM pg_proc WHERE pronamespace = 'dj_deploy'::regnamespace"
    )
    sql = " ".join(itertools.chain(*calls().values()))
    missing = [name for name in functions if f"dj_deploy.{name}(" not in sql]
    if missing:
        sys.exit(f"bench: small_schema does not call {', '.join(missing)}")


def compare(few, many, rounds):
    """{call: {"empty" or "crowded": [seconds a call]}}, in two sessions that have made each call before."""
    results = {}
    with frame.Session(few) as empty, frame.Session(many) as crowded:
        for what, variants in calls().items():
            for sql in variants * WARM:
                crowded.seconds(sql)
                seconds = empty.seconds(sql)
            times = max(1, min(MOST_AT_ONCE, int(AT_ONCE / seconds)))
            takers = {
                name: taker(session, what, variants * times)
                for name, session in (("empty", empty), ("crowded", crowded))
            }
            is_slow = what in WORKERS | WITHOUT_AIM
            results[what] = frame.in_turns(rounds if is_slow else 2 * rounds, takers)
        results[BY_HAND] = frame.in_turns(rounds, {"empty": vacuumer(empty), "crowded": vacuumer(crowded)})
    return results


def taker(session, what, statements):
    take = session.seconds if what in WORKERS else session.cost
    return lambda: take(*statements) / len(statements)


def vacuumer(session):
    session.cursor.execute(
        "SELECT oid::regclass::text FROM pg_class"
        f" WHERE relnamespace = '{SCHEMA}'::regnamespace AND relkind = 'r'"
    )
    statements = [f"VACUUM ANALYZE {table}" for (table,) in session.cursor.fetchall()]
    return lambda: sum(session.seconds(statement) for statement in statements)


# The crowd. Only its catalogs count: no file is written to disk before it is needed, and statements are few.

MAKE = """
CREATE PROCEDURE make(statement text, first integer, last integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR number IN first .. last LOOP
        EXECUTE replace(statement, '%', number::text);
        IF number % 1000 = 0 THEN COMMIT; END IF;
    END LOOP;
END $$"""


def make_crowd(server, database, scale):
    """What there is in the end, counted."""
    tables, types, other_tables = int(100_000 * scale), int(200_000 * scale), int(50_000 * scale)
    each, roles = tables // ELSEWHERE, int(550 * scale**0.5)
    other = server.create("other")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        works = [
            pool.submit(fill_database, database, each, types),
            pool.submit(fill_cluster, other, other_tables, roles),
        ]
        for work in works:
            work.result()
    frame.say("the crowd: VACUUM ANALYZE")
    for place in (database, other):
        place.settle()
    return {what: database.query(sql.format(READER=READER), SUPERUSER) for what, sql in COUNTS.items()}


def fill_database(database, tables_each, types):
    database.query(MAKE)
    for number in range(ELSEWHERE):
        if number % 5 == 0:
            frame.say(f"the crowd: {number * tables_each:,} of {ELSEWHERE * tables_each:,} tables")
        database.query(f"CREATE SCHEMA elsewhere_{number}")
        database.query(f"CALL make('CREATE TABLE elsewhere_{number}.t% (id integer)', 1, {tables_each})")
        if number % 2 == 0:
            database.query(f"GRANT SELECT ON ALL TABLES IN SCHEMA elsewhere_{number} TO {READER}")
    frame.say(f"the crowd: {types:,} types")
    database.query("CREATE SCHEMA types")
    database.query(f"CALL make('CREATE TYPE types.type_% AS (id integer)', 1, {types})")
    frame.say(f"the crowd: {PUBLICATIONS * tables_each:,} memberships of publications")
    listed = ", ".join(f"elsewhere_0.t{number}" for number in range(1, tables_each + 1))
    for number in range(PUBLICATIONS):
        database.query(f"CREATE PUBLICATION p{number} FOR TABLE {listed}")


def fill_cluster(other, tables, roles):
    """Another database, and memberships of every role of one half in every role of the other half."""
    other.query(MAKE)
    frame.say(f"the crowd: {roles**2:,} memberships of roles")
    for kind in ("group", "member"):
        other.query(f"CALL make('CREATE ROLE {kind}_%', 1, {roles})", SUPERUSER)
    groups, members = (
        ", ".join(f"{kind}_{number}" for number in range(1, roles + 1)) for kind in ("group", "member")
    )
    other.query(f"GRANT {groups} TO {members}", SUPERUSER)
    frame.say(f"the crowd: {tables:,} tables in another database")
    other.query("CREATE SCHEMA elsewhere")
    other.query(f"CALL make('CREATE TABLE elsewhere.t% (id integer)', 1, {tables})")
    other.query(f"GRANT SELECT ON ALL TABLES IN SCHEMA elsewhere TO {READER}")


COUNTS = {
    "relations": "SELECT count(*) FROM pg_class",
    "types": "SELECT count(*) FROM pg_type",
    "memberships of publications": "SELECT count(*) FROM pg_publication_rel",
    "memberships of roles": "SELECT count(*) FROM pg_auth_members",
    "grants to the role": "SELECT count(*) FROM pg_shdepend WHERE refobjid = '{READER}'::regrole",
    "schemas": "SELECT count(*) FROM pg_namespace",
}


# The results.


def times(results, what):
    """For vacuum_analyze, what the server takes more is counted as if it had taken that in the
    empty cluster, too.
    """
    seconds, alone = results["calls"][what], frame.median(results["calls"][what]["empty"])
    if what == "vacuum_analyze":
        by_hand = results["calls"][BY_HAND]
        alone += frame.median(by_hand["crowded"]) - frame.median(by_hand["empty"])
    return frame.median(seconds["crowded"]) / alone


def goals(results):
    """One for each function: the worst of its forms."""
    worst = {}
    for what in results["calls"]:
        name, value = what.split(",")[0], times(results, what)
        if what not in WITHOUT_AIM | {BY_HAND} and value > worst.get(name, (0, ""))[0]:
            worst[name] = value, what
    return [
        Goal(f"ten tables in a crowd ÷ alone: `{what}`", value, "<=", AIM) for value, what in worst.values()
    ]


def figures(results):
    crowd = ", ".join(f"{count:,} {what}" for what, count in results["crowd"].items())
    rows = [
        [
            what,
            frame.milliseconds(seconds["empty"], 2),
            frame.milliseconds(seconds["crowded"], 2),
            f"{frame.ratio(seconds['crowded'], seconds['empty']):.2f}",
        ]
        for what, seconds in results["calls"].items()
    ]
    return (
        f"A schema of {TABLES} tables, in an empty cluster and in one with {crowd}. Milliseconds of processor"
        " time (with background workers, by the clock), median (smallest to largest), warm:\n\n"
        + frame.table(["call", "empty", "crowded", "crowded ÷ empty"], rows)
    )
