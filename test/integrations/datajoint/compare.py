"""dj.deploy.set_replica_identity and dj_deploy.set_replica_identity side by side, on the pipeline of test/fixtures."""

import datajoint as dj
import psycopg2
import pipeline
from datajoint.dependencies import extract_master
from frame import VERSION, altered, identities, one_by_one, ours, query, raised, same, superuser, theirs

SCHEMAS = (pipeline.lab, pipeline.behavior, pipeline.ephys, pipeline.analysis)
MODES = {"full": "f", "FULL": "f", "default": "d", "Default": "d"}


def main():
    for schema in SCHEMAS:
        for mode, letter in MODES.items():
            compare_schema(schema, mode, letter)
        compare_order(schema)
    compare_defaults()
    compare_mixed_use()
    compare_single_tables()
    compare_errors_of_mode()
    compare_errors_of_target()
    compare_failures_halfway()


def mix():
    """Each identity there is, table by table, so that a run changes some tables and finds others as they are to be. Hidden
    tables have their share, to be left alone."""
    tables = [key for key in identities() if key[0] in {schema.database for schema in SCHEMAS}]
    kinds = [("DEFAULT", "FULL", "NOTHING")[number % 3] for number in range(len(tables))]
    index = query(
        "SELECT relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = %s::regclass AND NOT indisprimary",
        "lab.experimenter",
    )[0][0]
    kinds[tables.index(("lab", "experimenter"))] = f"USING INDEX {index}"
    statements = [f'ALTER TABLE "{s}"."{t}" REPLICA IDENTITY {kind}' for (s, t), kind in zip(tables, kinds)]
    dj.conn().query("; ".join(statements))
    altered()
    return identities()


def user_tables():
    return [(schema.database, table) for schema in SCHEMAS for table in sorted(schema.list_tables())]


def run(function, *arguments, **named):
    """What a call makes of the mix: its result, the whole catalog, and the tables it altered in their order."""
    mix()
    result = function(*arguments, dry_run=False, **named)
    return result, identities(), altered()


def comparable(result):
    """A result without its order, which the specification leaves open."""
    return {**result, "ddl": sorted(result["ddl"])}


def tables_of(result):
    return [statement.split()[2] for statement in result["ddl"]]


def compare_schema(schema, mode, letter):
    name = schema.database
    before = mix()
    planned = [
        comparable(function(target, mode=mode, dry_run=True)) for function, target in ((ours, name), (theirs, schema))
    ]
    same(f"{name}, {mode}, dry: same statements and counts", *planned)
    same(f"{name}, {mode}, dry: nothing is altered", (identities(), altered()), (before, []))

    their_result, their_catalog, their_order = run(theirs, schema, mode=mode)
    our_result, our_catalog, our_order = run(ours, name, mode=mode)
    same(f"{name}, {mode}, run: same statements and counts", comparable(our_result), comparable(their_result))
    expected = before | {(name, table): (letter, None) for table in schema.list_tables()}
    same(
        f"{name}, {mode}, run: same catalog, with the schema's user tables at {letter}",
        (our_catalog, their_catalog),
        (expected, expected),
    )
    same(
        f"{name}, {mode}, run: each executed what it lists, in that order",
        (our_order, their_order),
        (tables_of(our_result), tables_of(their_result)),
    )


def breaches(order, graph):
    """Where an order is none of DataJoint's topo_sort: a child before its parent, a part that is not right behind its
    master or another part of it."""
    position = {table: place for place, table in enumerate(order)}
    early = [
        (child, parent)
        for parent, child in graph.edges()
        if {parent, child} <= set(order) and position[child] < position[parent]
    ]
    stray = []
    for part in order:
        master = extract_master(part)
        if master in position and order[position[part] - 1] not in {master} | {
            t for t in order if extract_master(t) == master
        }:
            stray.append(part)
    return early + stray


def compare_order(schema):
    name = schema.database
    listed = [f'"{name}"."{table}"' for table in schema.list_tables()]
    graph = dj.conn().dependencies
    order = tables_of(ours(name))
    inside = [edge for edge in graph.edges() if set(edge) <= set(listed)]
    parts = [table for table in listed if extract_master(table) in listed]
    same(f"{name}: the tables of list_tables()", sorted(order), sorted(listed))
    same(
        f"{name}: a topo_sort of DataJoint's own graph, for {len(inside)} foreign keys and {len(parts)} parts",
        (breaches(order, graph), breaches(listed, graph), len(inside) > 0, len(parts) > 0),
        ([], [], True, True),
    )
    same(f"{name}: another order is found out", breaches(order[::-1], graph) != [], True)


def compare_defaults():
    same("without mode and dry_run: full, dry", comparable(ours("lab")), comparable(theirs(pipeline.lab)))
    result = ours("lab")
    types = {key: type(value).__name__ for key, value in theirs(pipeline.lab).items()}
    same(
        "the same keys with the same types",
        {key: type(value).__name__ for key, value in result.items()},
        dict(sorted(types.items())),
    )


def compare_mixed_use():
    mix()
    same(
        "before a run of theirs, ours with skip_unchanged has something to do",
        ours("lab", skip_unchanged=True)["ddl"] != [],
        True,
    )
    theirs(pipeline.lab, dry_run=False)
    same("after it, nothing", ours("lab", skip_unchanged=True)["ddl"], [])


def table_classes():
    masters = [each for each in vars(pipeline).values() if isinstance(each, type) and issubclass(each, dj.Table)]
    return masters + [part for master in masters for part in vars(master).values() if isinstance(part, type)]


def compare_single_tables():
    classes = table_classes()
    same(
        "52 classes for 52 tables",
        sorted((table().database, table().table_name) for table in classes),
        sorted(user_tables()),
    )
    for mode in MODES:
        planned = [one_by_one(table, mode=mode) for table in classes]
        expected = [[theirs(table, mode=mode) for table in classes], [theirs(table(), mode=mode) for table in classes]]
        same(
            f"each table by itself, {mode}, dry: same as there with its class and with an instance",
            [planned, planned],
            expected,
        )
    hidden = {"job table": pipeline.Video.jobs, "~lineage": dj.FreeTable(dj.conn(), '"lab"."~lineage"')}
    kinds = {"class": pipeline.Session, "instance": pipeline.Session(), "part": pipeline.Session.Trial, **hidden}
    for kind, table in kinds.items():
        for mode in ("full", "default"):
            same(
                f"one table, {kind}, {mode}, run: same result, catalog and statement",
                run(one_by_one, table, mode=mode),
                run(theirs, table, mode=mode),
            )


def server_error(function, *arguments, **named):
    """SQLSTATE and primary message, as DataJoint's connection lets them through or keeps them as the cause."""
    error = raised(function, *arguments, **named)
    if not isinstance(error, psycopg2.Error):
        error = error.__context__
    return error.pgcode, error.diag.message_primary


def compare_errors_of_mode():
    for mode in ("nothing", "", "full ", "index", "é"):
        errors = [raised(theirs, pipeline.lab, mode=mode, dry_run=dry_run) for dry_run in (True, False)]
        same(
            f"mode {mode!r}, dry and run: the same words, here 22023, there DataJointError",
            [server_error(ours, "lab", mode=mode, dry_run=dry_run) for dry_run in (True, False)]
            + [type(each) for each in errors],
            [("22023", str(each)) for each in errors] + [dj.DataJointError] * 2,
        )
    same(
        "one table, wrong mode: the same words",
        server_error(one_by_one, pipeline.Session, mode="nothing"),
        ("22023", str(raised(theirs, pipeline.Session, mode="nothing"))),
    )
    same(
        "wrong mode and wrong target: both complain of the mode",
        (server_error(ours, "nowhere", mode="nothing"), str(raised(theirs, "nowhere", mode="nothing"))),
        (
            ("22023", "mode must be 'default' or 'full'; got 'nothing'"),
            "mode must be 'default' or 'full'; got 'nothing'",
        ),
    )
    same(
        "no mode: a wrong one there, 22004 here",
        (server_error(ours, "lab", mode=None), str(raised(theirs, pipeline.lab, mode=None))),
        (("22004", 'argument "mode" must not be null'), "mode must be 'default' or 'full'; got None"),
    )
    same(
        "a mode with a quote: quoted as in Python there, as it is here",
        (server_error(ours, "lab", mode="it's"), str(raised(theirs, pipeline.lab, mode="it's"))),
        (
            ("22023", "mode must be 'default' or 'full'; got 'it's'"),
            """mode must be 'default' or 'full'; got "it's\"""",
        ),
    )


def compare_errors_of_target():
    dj.conn().query('CREATE VIEW lab.v AS SELECT 1 AS "one"')
    view = dj.FreeTable(dj.conn(), '"lab"."v"')
    error = raised(theirs, "lab")
    same(
        "wrong target: each names what it was given",
        ((type(error), str(error)), server_error(one_by_one, view)),
        (
            (dj.DataJointError, "target must be a Schema or Table class/instance; got str"),
            ("42809", 'target must be a schema or table; "lab.v" is a view'),
        ),
    )
    same(
        f"{VERSION} plans an ALTER of a view, which fails when it runs (42809); ours refuses it before",
        (theirs(view)["ddl"], raised(theirs, view, dry_run=False).pgcode),
        (['ALTER TABLE "lab"."v" REPLICA IDENTITY FULL'], "42809"),
    )
    dj.conn().query("DROP VIEW lab.v")
    gone = dj.FreeTable(dj.conn(), '"lab"."gone"')
    same(
        "no such table: MissingTableError from both (42P01)",
        (
            type(raised(theirs, gone, dry_run=False)),
            type(raised(one_by_one, gone, dry_run=False)),
            server_error(one_by_one, gone),
        ),
        (dj.errors.MissingTableError, dj.errors.MissingTableError, ("42P01", 'relation "lab.gone" does not exist')),
    )
    same(
        f"{VERSION} plans an ALTER of a table that is not there",
        theirs(gone)["ddl"],
        ['ALTER TABLE "lab"."gone" REPLICA IDENTITY FULL'],
    )
    error = raised(dj.Schema, "gone", create_schema=False)
    same(
        "no such schema: dj.Schema() refuses it there, 3F000 here",
        ((type(error), str(error)), server_error(ours, "gone")),
        (
            (
                dj.DataJointError,
                "Database `gone` has not yet been declared. Set argument create_schema=True to create it.",
            ),
            ("3F000", 'schema "gone" does not exist'),
        ),
    )
    same(
        "no schema: not activated there, 22023 or 22004 here",
        (str(raised(theirs, dj.Schema())), server_error(ours, ""), server_error(ours, None)),
        (
            "Schema has no active connection.",
            ("22023", "schema name must not be empty"),
            ("22004", 'argument "schema" must not be null'),
        ),
    )
    same(
        "not PostgreSQL: of DataJoint's two adapters, that of PostgreSQL alone writes the statement",
        [hasattr(each, "replica_identity_ddl") for each in (dj.adapters.MySQLAdapter, dj.adapters.PostgreSQLAdapter)],
        [False, True],
    )


def compare_failures_halfway():
    """DataJoint's connection commits each statement; a call of ours is one statement. The table in the way comes last: it
    depends on two others."""
    other = superuser()
    cursor = other.cursor()

    outcomes = []
    for function, target in ((theirs, pipeline.analysis), (ours, "analysis")):
        mix()
        cursor.execute("ALTER TABLE analysis.publication__panel OWNER TO postgres")
        outcomes.append(halfway(function, target))
        cursor.execute("ALTER TABLE analysis.publication__panel OWNER TO deployer")
    same(
        f"a table of somebody else's: {VERSION} stops at it and leaves those before it altered; ours names it and alters none",
        [(type(error), error.args[1], count > 0) for error, count in outcomes],
        [
            (dj.errors.AccessError, "must be owner of table publication__panel\n", True),
            (dj.errors.AccessError, 'must be owner of table "analysis.publication__panel"\n', False),
        ],
    )

    outcomes = []
    other.autocommit = False
    for function, target in ((theirs, pipeline.analysis), (ours, "analysis")):
        mix()
        dj.conn().query("SET lock_timeout = '200ms'")
        cursor.execute("LOCK TABLE analysis.publication__panel IN ACCESS SHARE MODE")
        outcomes.append(halfway(function, target))
        other.rollback()
        dj.conn().query("RESET lock_timeout")
    same(
        f"a locked table: {VERSION} leaves those before it altered; ours names it and alters none",
        [(type(error), error.diag.message_primary, count > 0) for error, count in outcomes],
        [
            (psycopg2.errors.LockNotAvailable, "canceling statement due to lock timeout", True),
            (
                psycopg2.errors.LockNotAvailable,
                'could not obtain lock on table "analysis.publication__panel" within 200 ms',
                False,
            ),
        ],
    )
    other.close()

    before = mix()
    for whose, function, target in (("theirs", theirs, pipeline.analysis), ("ours", ours, "analysis")):
        error = raised(in_a_transaction_that_fails, function, target)
        same(
            f"{whose}, in a transaction of dj.conn() that fails: nothing is altered",
            (type(error), identities()),
            (ZeroDivisionError, before),
        )


def halfway(function, target):
    """The error of a run that must fail, and how many tables it has altered before."""
    altered()
    return raised(function, target, dry_run=False), len(altered())


def in_a_transaction_that_fails(function, target):
    with dj.conn().transaction:
        function(target, dry_run=False)
        1 / 0


main()
