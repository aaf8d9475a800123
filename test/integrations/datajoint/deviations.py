"""Where DataJoint's own set_replica_identity differs from its specification, or from ours: one check each, which fails when a
later DataJoint behaves differently. Tables that DataJoint would not declare itself are made by hand.
"""

import datajoint as dj
from frame import VERSION, call, identities, one_by_one, ours, raised, same, theirs

FOLLOWS = "ours follows the specification"


def main():
    tables_left_out()
    tables_beyond()
    names()
    graphs()
    no_difference()
    roles()


def schema_with(*statements, name="lab"):
    """A new schema with these tables, and it alone on the connection: DataJoint's graph has every schema that was activated."""
    dj.conn().query(f'DROP SCHEMA IF EXISTS "{escaped(name)}" CASCADE')
    dj.conn().query(f'CREATE SCHEMA "{escaped(name)}"')
    dj.conn().query(f'SET search_path = "{escaped(name)}"')
    for statement in statements:
        dj.conn().query(escaped(statement))
    dj.conn().query("RESET search_path")
    return activated(name)


def activated(name):
    dj.conn().schemas.clear()
    return dj.Schema(name, create_schema=False, create_tables=False)


def escaped(statement):
    """DataJoint's connection hands each statement to psycopg2 with arguments, where a percent sign is written twice."""
    return statement.replace("%", "%%")


def planned(function, *arguments, **named):
    """The tables of a plan, or the error."""
    try:
        return [
            statement.removeprefix("ALTER TABLE ").removesuffix(" REPLICA IDENTITY FULL")
            for statement in function(*arguments, **named)["ddl"]
        ]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def both(schema, name="lab"):
    """Both plans; the order counts for neither."""
    plans = [planned(theirs, schema), planned(ours, name)]
    return [sorted(plan) if isinstance(plan, list) else plan for plan in plans]


def tables_left_out():
    schema = schema_with(
        "CREATE TABLE keyed (id int PRIMARY KEY)",
        "CREATE TABLE loose (id int)",
        "CREATE TABLE uniquely (id int UNIQUE)",
    )
    same(
        f"{VERSION} leaves out tables without a primary key; {FOLLOWS}",
        both(schema),
        [['"lab"."keyed"'], ['"lab"."keyed"', '"lab"."loose"', '"lab"."uniquely"']],
    )
    theirs(schema, dry_run=False)
    same(f"{VERSION}: after a run they are at default", identities()["lab", "loose"], ("d", None))
    ours("lab", dry_run=False)
    same("and at full after ours", identities()["lab", "loose"], ("f", None))

    schema = schema_with("CREATE TABLE keyed (id int PRIMARY KEY)", "CREATE TABLE loose (id int REFERENCES keyed)")
    same(
        f"{VERSION} has one without a primary key that has a foreign key; so has ours",
        both(schema),
        [['"lab"."keyed"', '"lab"."loose"']] * 2,
    )

    schema = schema_with("CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE child () INHERITS (parent)")
    same(
        f"{VERSION} leaves out a child by inheritance, which has no primary key of its own; {FOLLOWS}",
        both(schema),
        [['"lab"."parent"'], ['"lab"."child"', '"lab"."parent"']],
    )

    schema = schema_with(
        "CREATE SCHEMA IF NOT EXISTS attic",
        "CREATE TABLE event (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (1) TO (2)",
        "CREATE TABLE attic.event_2 PARTITION OF event FOR VALUES FROM (2) TO (3)",
    )
    same(
        f"{VERSION} leaves out partitions in other schemas; ours brings all partitions along, because PostgreSQL does not",
        both(schema),
        [['"lab"."event"', '"lab"."event_1"'], ['"attic"."event_2"', '"lab"."event"', '"lab"."event_1"']],
    )
    event = dj.FreeTable(dj.conn(), '"lab"."event"')
    same(
        f"{VERSION} leaves out the partitions of a single table; ours brings them along",
        [planned(theirs, event), planned(one_by_one, event)],
        [['"lab"."event"'], ['"lab"."event"', '"lab"."event_1"', '"attic"."event_2"']],
    )
    schema = schema_with(
        "CREATE TABLE event (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (1) TO (2)",
    )
    same(
        f"{VERSION} leaves out partitioned tables without a primary key; {FOLLOWS}",
        both(schema),
        [[], ['"lab"."event"', '"lab"."event_1"']],
    )
    dj.conn().query("DROP SCHEMA attic")


def tables_beyond():
    schema = schema_with(
        'CREATE TABLE "~hidden" (id int PRIMARY KEY)',
        'CREATE TABLE "~~jobs" (id int PRIMARY KEY)',
        "CREATE TABLE plain (id int PRIMARY KEY)",
    )
    same("hidden tables: left out by both", both(schema), [['"lab"."plain"']] * 2)
    schema = schema_with(
        'CREATE TABLE "~hidden" (id int PRIMARY KEY)', 'CREATE TABLE refers (id int PRIMARY KEY REFERENCES "~hidden")'
    )
    same(
        f"{VERSION} has a hidden table that a user table references; {FOLLOWS}",
        both(schema),
        [['"lab"."refers"', '"lab"."~hidden"'], ['"lab"."refers"']],
    )
    schema = schema_with("CREATE TABLE plain (id int PRIMARY KEY)", "CREATE TABLE member (id int PRIMARY KEY)")
    dj.conn().query("ALTER EXTENSION datajoint_deploy ADD TABLE lab.member")
    same(
        f"{VERSION} has members of an extension; ours leaves them out, and the specification is silent",
        both(schema),
        [['"lab"."member"', '"lab"."plain"'], ['"lab"."plain"']],
    )
    dj.conn().query("ALTER EXTENSION datajoint_deploy DROP TABLE lab.member")


def names():
    schema = schema_with('CREATE TABLE "a""b" (id int PRIMARY KEY)', "CREATE TABLE ab (id int PRIMARY KEY)")
    same(
        f"{VERSION} drops the quotes of a name; ours keeps them",
        both(schema),
        [['"lab"."ab"', '"lab"."ab"'], ['"lab"."a""b"', '"lab"."ab"']],
    )
    result = theirs(schema, dry_run=False)
    same(
        f"{VERSION} alters another table instead, twice, and says nothing",
        (result["tables_modified"], identities()["lab", 'a"b'], identities()["lab", "ab"]),
        (2, ("d", None), ("f", None)),
    )
    ours("lab", dry_run=False)
    same("ours alters both", (identities()["lab", 'a"b'], identities()["lab", "ab"]), (("f", None), ("f", None)))

    schema = schema_with('CREATE TABLE "a.b" (id int PRIMARY KEY)')
    same(
        f"{VERSION} fails at a dot in a table's name; {FOLLOWS}",
        both(schema),
        ["ValueError: too many values to unpack (expected 2)", ['"lab"."a.b"']],
    )
    schema = schema_with("CREATE TABLE plain (id int PRIMARY KEY)", name="my.lab")
    same(
        f"{VERSION} fails at a dot in a schema's name; {FOLLOWS}",
        both(schema, "my.lab"),
        ["ValueError: too many values to unpack (expected 2)", ['"my.lab"."plain"']],
    )
    schema = schema_with('CREATE TABLE "a%b" (id int PRIMARY KEY)')
    same(
        f"{VERSION} plans a table with a percent sign in its name and fails when it runs; {FOLLOWS}",
        [
            planned(theirs, schema),
            planned(theirs, schema, dry_run=False),
            planned(ours, "lab", dry_run=False),
            identities()["lab", "a%b"],
        ],
        [['"lab"."a%b"'], "IndexError: tuple index out of range", ['"lab"."a%b"'], ("f", None)],
    )
    error = raised(schema_with, "CREATE TABLE plain (id int PRIMARY KEY)", name="my%lab")
    same(
        f"{VERSION} opens no schema with a percent sign in its name; {FOLLOWS}",
        [f"{type(error).__name__}: {error}", planned(ours, "my%lab")],
        ["IndexError: tuple index out of range", ['"my%lab"."plain"']],
    )
    for name in ("my.lab", "my%lab"):
        dj.conn().query(f'DROP SCHEMA "{escaped(name)}" CASCADE')


def graphs():
    acyclic = "DataJointError: DataJoint can only work with acyclic dependencies"
    schema = schema_with(
        "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree)", "CREATE TABLE plain (id int PRIMARY KEY)"
    )
    same(
        f"{VERSION} fails at a table that references itself; {FOLLOWS}",
        both(schema),
        [acyclic, ['"lab"."plain"', '"lab"."tree"']],
    )
    same(
        "it fails before the first statement",
        [planned(theirs, schema, dry_run=False), identities()["lab", "plain"]],
        [acyclic, ("d", None)],
    )
    schema = schema_with(
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (id int PRIMARY KEY REFERENCES a)",
        "ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES b",
    )
    same(f"{VERSION} fails at a cycle of foreign keys; {FOLLOWS}", both(schema), [acyclic, ['"lab"."a"', '"lab"."b"']])

    schema_with()
    schema = dj.Schema("lab")
    declare_part_after_another_table(schema)
    same(
        f"{VERSION} fails at a part, which it has declared, that references a child of its master; ours follows the foreign keys",
        [planned(theirs, schema), planned(ours, "lab")],
        [
            "NetworkXUnfeasible: Graph contains a cycle or graph changed during iteration",
            ['"lab"."m"', '"lab"."n"', '"lab"."m__part"'],
        ],
    )
    masters = [f"CREATE TABLE {name} (id int PRIMARY KEY)" for name in "mn"]
    parts = [f"CREATE TABLE {name}__{part} (id int PRIMARY KEY REFERENCES {name})" for part in "zy" for name in "mn"]
    ordered = [f'"my-lab"."{table}"' for table in ("m", "m__y", "m__z", "n", "n__y", "n__z")]
    schema = schema_with(*masters, *parts, name="my-lab")
    plan = planned(theirs, schema)
    same(
        f"{VERSION} does not keep parts with their masters where the schema's name has a hyphen; ours does",
        [sorted(plan), sorted(plan[:2]), planned(ours, "my-lab")],
        [ordered, ['"my-lab"."m"', '"my-lab"."n"'], ordered],
    )
    dj.conn().query('DROP SCHEMA "my-lab" CASCADE')


def declare_part_after_another_table(schema):
    """A part is added to a pipeline that is there already."""

    class M(dj.Manual):
        definition = "id : int32"

    class N(dj.Manual):
        definition = "-> M"

    schema(M, context={})
    schema(N, context={"M": M})

    class Part(dj.Part):
        definition = """
        -> master
        ---
        -> N.proj(other='id')
        """

    schema(type("M", (dj.Manual,), {"definition": M.definition, "Part": Part}), context={"N": N})


def no_difference():
    """What one might expect a difference in."""
    schema = schema_with(
        'CREATE TABLE "Session" (id int PRIMARY KEY)',
        'CREATE TABLE "Session__Trial" (id int PRIMARY KEY REFERENCES "Session")',
        'CREATE TABLE "with space; --" (id int PRIMARY KEY)',
        'CREATE TABLE "it\'s" (id int PRIMARY KEY)',
        'CREATE TABLE "größe" (id int PRIMARY KEY)',
    )
    tables = ['"lab"."Session"', '"lab"."Session__Trial"', '"lab"."größe"', '"lab"."it\'s"', '"lab"."with space; --"']
    same("upper case, spaces, apostrophes, other alphabets: same statements", both(schema), [sorted(tables)] * 2)
    same(
        "and they run", theirs(schema, dry_run=False)["tables_modified"], ours("lab", dry_run=False)["tables_modified"]
    )
    schema = schema_with("CREATE TABLE plain (id int PRIMARY KEY)", name="My Lab")
    same(
        "upper case and a space in a schema's name: same statements", both(schema, "My Lab"), [['"My Lab"."plain"']] * 2
    )
    dj.conn().query('DROP SCHEMA "My Lab" CASCADE')
    schema = schema_with(
        "CREATE TABLE plain (id int PRIMARY KEY)",
        "CREATE UNLOGGED TABLE quick (id int PRIMARY KEY)",
        "CREATE TEMPORARY TABLE passing (id int PRIMARY KEY)",
        "CREATE VIEW v AS TABLE plain",
        "CREATE MATERIALIZED VIEW m AS TABLE plain",
        "CREATE SEQUENCE q",
    )
    same(
        "views, sequences, temporary and unlogged tables: same statements",
        both(schema),
        [['"lab"."plain"', '"lab"."quick"']] * 2,
    )
    same(
        "no tables: an empty plan",
        [theirs(schema_with()), ours("lab")],
        [{"tables_analyzed": 0, "tables_modified": 0, "ddl": []}] * 2,
    )


def roles():
    """A plan made by a role that may look but not touch, as somebody who reviews it."""
    schema_with(
        "CREATE TABLE plain (id int PRIMARY KEY)",
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (id int PRIMARY KEY REFERENCES parent)",
    )
    call("set_grants", "lab", "lab_reviewer", "read", dry_run=False)
    tables = sorted(planned(ours, "lab"))
    reviewer = dj.conn(user="lab_reviewer", password="", reset=True)
    same(
        f"{VERSION} leaves out tables that the role may only read, unless they have foreign keys; {FOLLOWS}",
        both(activated("lab")),
        [['"lab"."child"', '"lab"."parent"'], tables],
    )
    warnings = [notice for notice in reviewer._conn.notices if notice.startswith("WARNING")]
    same(
        "and ours warns that this role may not run it",
        (warnings, type(raised(ours, "lab", dry_run=False))),
        (['WARNING:  must be owner of tables "lab.parent", "lab.child", "lab.plain"\n'], dj.errors.AccessError),
    )


main()
