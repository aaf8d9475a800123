"""Measures the extension against the other ways to set the replica identity of a schema, and then the other operations, in
one run on one server, and prints the results as Markdown. script/bench starts it; docs/performance.md says how to read it.
"""

import argparse
import pathlib
import sys
import time

import contenders
import report
import resources
import siblings
from contenders import LIMIT, Scene, call

CHANGERS = [
    contenders.extension,
    contenders.loop,
    contenders.psql_one_transaction,
    contenders.psql_gexec,
    contenders.psql_autocommit,
    contenders.datajoint,
]
READERS = [contenders.extension_skipping, contenders.extension_dry, contenders.datajoint_dry, contenders.commit]
COMMIT_BOUND = [contenders.extension, contenders.loop, contenders.psql_autocommit, contenders.datajoint]


def main():
    options = read_options()
    scenes = [make_scene(tables, options.directory) for tables in options.tables]
    middle = [scene for scene in scenes if scene.tables in (1000, 5000)] or scenes[-1:]

    require_durable_commits(scenes[0])
    durable = {scene.tables: measure(scene, CHANGERS, READERS, options.rounds) for scene in scenes}
    set_fsync(scenes[0], "off")
    volatile = {scene.tables: measure(scene, COMMIT_BOUND, [contenders.commit], options.rounds) for scene in middle}
    set_fsync(scenes[0], "on")
    counts = resources.count_traces(middle[-1])
    memory = [resources.measure_peaks(scene) for scene in scenes]
    growth = resources.measure_growth(scenes[0])
    others = {scene.tables: siblings.measure(scene, options.rounds, say) for scene in middle}
    other_counts = siblings.count_traces(middle[-1])

    server = scenes[0].query("SHOW server_version")
    print(report.write(server, options.rounds, durable, volatile, counts, memory, growth))
    print(report.write_siblings(others, other_counts))
    print(report.aims(durable), report.sibling_aims(others), sep="\n", file=sys.stderr)


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--tables", type=int, nargs="+", required=True)
    return parser.parse_args()


def require_durable_commits(scene):
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        if scene.query(f"SHOW {setting}") != "on":
            sys.exit(f"bench: {setting} is off, so commits are not what they are in production")


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def make_scene(tables, directory):
    """A database with the extension and one schema; statistics and free space as autovacuum leaves them."""
    say(f"declaring {tables} tables")
    scene = Scene(f"tables_{tables}", tables, directory)
    Scene("postgres", 0, directory).query(f"CREATE DATABASE {scene.database} OWNER {contenders.OWNER}", user="postgres")
    scene.query(pathlib.Path(__file__).with_name("scene.sql").read_text())
    scene.query(f"CALL declare_schema('{contenders.SCHEMA}', {tables})")
    scene.query("CREATE EXTENSION datajoint_deploy")
    catalogs = scene.query(
        "SELECT array_agg(oid::regclass::text) FROM pg_class"
        " WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'"
    )
    for catalog in catalogs:
        scene.query(f"VACUUM ANALYZE {catalog}", user="postgres")
    return scene


def set_fsync(scene, value):
    scene.query(f"ALTER SYSTEM SET fsync = {value}", user="postgres")
    scene.query("SELECT pg_reload_conf()", user="postgres")
    while scene.query("SHOW fsync") != value:
        time.sleep(0.1)


def measure(scene, changers, readers, rounds):
    """{(contender, "first" or "repeated"): [seconds, one a round]}. All contenders take turns in every round, each round
    begins with the next one, and a first round that nobody counts brings tables and catalogs to their steady state.
    """
    results = {}
    for number in range(rounds + 1):
        say(f"{scene.tables} tables, round {number} of {rounds}")
        turn = number % len(changers)
        for contender in changers[turn:] + changers[:turn]:
            reset(scene)
            if take(results, scene, contender, "first"):
                require_full(scene, contender)
            scene.query(call())
            resources.vacuum(scene)
            take(results, scene, contender, "repeated")
        resources.vacuum(scene)
        for contender in readers:
            take(results, scene, contender, "repeated")
        if number == 0:
            results = {key: seconds for key, seconds in results.items() if seconds == [LIMIT]}
    return results


def take(results, scene, contender, kind):
    """Returns whether it came to its end. Who once exceeds the limit is not asked again."""
    seconds = results.setdefault((contender.__name__, kind), [])
    if LIMIT not in seconds:
        seconds.append(contender(scene))
    return LIMIT not in seconds


def reset(scene):
    scene.query(call(mode="default"))
    resources.vacuum(scene)


def require_full(scene, contender):
    full = scene.query(
        "SELECT count(*) FROM pg_class"
        f" WHERE relnamespace = '{contenders.SCHEMA}'::regnamespace AND relkind = 'r' AND relreplident = 'f'"
    )
    if full != scene.tables:
        sys.exit(f"bench: {contender.__name__} set {full} of {scene.tables} tables")


if __name__ == "__main__":
    main()
