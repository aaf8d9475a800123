"""Measures scenes, prints their figures or the table of goals, and writes the pages and plots.
script/bench starts it.
"""

import argparse
import importlib
import json
import pathlib
import re
import subprocess
import sys
import time

import frame
import pages

RESULTS = frame.HERE / "results.json"


def main():
    options = read_options()
    if options.plots:
        write(json.loads(RESULTS.read_text()))
        return 0
    bench = frame.Bench(options.directory, options.quick, options.goals, options.rounds)
    measured = measure(bench, options.scenes or pages.scenes(), save if options.write else lambda _: None)
    goals = pages.all_goals(measured)
    if not options.goals:
        print(pages.figures(measured))
    if options.quick and not options.scenes and not options.goals:
        draw(measured, options.directory / "plots")
    print(frame.goals_table(goals))
    if options.write:
        write(json.loads(RESULTS.read_text()))
    return int(options.goals and any(goal.verdict != "ok" for goal in goals))


def read_options():
    parser = argparse.ArgumentParser(prog="script/bench", allow_abbrev=False)
    parser.add_argument("--directory", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument(
        "--goals", action="store_true", help="only what has an aim; the exit status is 1 when one is missed"
    )
    parser.add_argument("--quick", action="store_true", help="tiny scenes: whether the programs run")
    parser.add_argument("--write", action="store_true", help="save the results, and write docs/performance*")
    parser.add_argument(
        "--plots", action="store_true", help="measure nothing, write docs/performance* from what is saved"
    )
    parser.add_argument("--rounds", type=int, help="instead of 5, or 1 with --quick")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"only these: {', '.join(pages.scenes())}")
    options = parser.parse_args()
    if unknown := set(options.scenes) - set(pages.scenes()):
        parser.error(f"there is no scene {', '.join(sorted(unknown))}")
    if options.write and options.goals:
        parser.error("--write takes the whole of each scene, without --goals")
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def measure(bench, names, done):
    measured = {
        "machine": frame.machine(),
        "server": server_version(),
        "commit": commit(),
        "rounds": bench.rounds,
        "quick": bench.is_quick,
        "scenes": {},
    }
    for name in names:
        frame.say(f"scene {name}")
        started = time.monotonic()
        results = importlib.import_module(f"scenes.{name}").measure(bench)
        frame.say(f"scene {name} took {time.monotonic() - started:.0f} s")
        measured["scenes"][name] = json.loads(json.dumps(results))
        done(measured)
    return measured


def server_version():
    said = subprocess.run(["postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split(") ", 1)[1].strip()


def commit():
    """What is measured; a plus where the sources are not as committed."""

    def git(*command):
        finished = subprocess.run(
            ["git", "-C", frame.HERE.parent, *command], capture_output=True, text=True, check=False
        )
        return finished.stdout.strip() if finished.returncode == 0 else None

    found = git("rev-parse", "--short=10", "HEAD")
    return found and found + (
        "+" if git("status", "--porcelain", "--", "src", "sql", "bench/*.py", "bench/scenes") else ""
    )


def save(measured):
    """Scene by scene, so that what goes wrong in one does not cost the others. What was measured
    before stays if it is the same that was measured.
    """
    saved = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"scenes": {}}
    is_same = all(saved.get(key) == value for key, value in measured.items() if key != "scenes")
    scenes = (saved["scenes"] if is_same else {}) | measured["scenes"]
    RESULTS.write_text(readable(measured | {"scenes": dict(sorted(scenes.items()))}))


def readable(measured):
    """Lists of numbers in one line each; as many digits as somebody might want."""
    text = json.dumps(json.loads(json.dumps(measured), parse_float=shortened), indent=1, ensure_ascii=False)
    return re.sub(r"\[[^\[\]{}\"]*\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]), text) + "\n"


def shortened(number):
    return float(f"{float(number):.6g}")


def write(measured):
    if missing := set(pages.scenes()) - set(measured["scenes"]):
        sys.exit(f"bench: the pages are not written: not measured are {', '.join(sorted(missing))}")
    draw(measured, pages.PLOTS)
    pages.write(measured)


def draw(measured, directory):
    import plots  # slow to import, and not needed to measure

    plots.write(measured, directory)


if __name__ == "__main__":
    sys.exit(main())
