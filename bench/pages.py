"""The pages docs/performance.md and docs/performance-figures.md: what stands between their marks is
made of the results.
"""

import importlib
import json
import re
import sys
import textwrap

import frame

DOCS = frame.HERE.parent / "docs"
PLOTS = DOCS / "performance"
PAGES = (DOCS / "performance.md", DOCS / "performance-figures.md")


def scenes():
    return sorted(path.stem for path in (frame.HERE / "scenes").glob("*.py"))


def modules(measured):
    return {
        name: importlib.import_module(f"scenes.{name}") for name in scenes() if name in measured["scenes"]
    }


def all_goals(measured):
    return [
        goal for name, module in modules(measured).items() for goal in module.goals(measured["scenes"][name])
    ]


def figures(measured):
    """All tables, a heading for each scene."""
    parts = [provenance(measured)]
    for name, module in modules(measured).items():
        parts.append(
            f"## {module.TITLE}\n\n(`script/bench {name}`)\n\n{module.figures(measured['scenes'][name])}"
        )
    return "\n".join(wrapped(part).rstrip("\n") + "\n" for part in parts)


def wrapped(text, indent=""):
    """Prose in lines of 100 columns; tables are as wide as they are."""
    return "\n".join(
        line
        if line.startswith(("|", "#"))
        else textwrap.fill(
            line, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        for line in text.split("\n")
    )


def provenance(measured):
    commit = f" of commit {measured['commit']}" if measured["commit"] else ""
    quick = "**These are tiny scenes, whose figures mean nothing.** " if measured["quick"] else ""
    return wrapped(
        f"{quick}PostgreSQL {measured['server']}; {measured['machine']}; `script/bench`{commit}."
        f" Medians of {frame.counted(measured['rounds'], 'round')} or more.\n"
    )


def page(text, measured):
    """The page with what the results are between its marks <!-- NAME --> and <!-- end -->."""
    blocks = {
        "provenance": provenance(measured),
        "goals": frame.goals_table(all_goals(measured)),
        "figures": figures(measured),
        "summary": summary(measured),
    }
    return re.sub(
        r"^<!-- (\w+) -->\n.*?^<!-- end -->$",
        lambda mark: f"<!-- {mark[1]} -->\n{blocks[mark[1]]}<!-- end -->",
        text,
        flags=re.MULTILINE | re.DOTALL,
    )


def summary(measured):
    lines = [
        line
        for name, module in modules(measured).items()
        if hasattr(module, "summary")
        for line in module.summary(measured["scenes"][name])
    ]
    return "".join(f"{wrapped(f'- {line}', '  ')}\n" for line in lines)


def write(measured):
    for path in PAGES:
        path.write_text(page(path.read_text(), measured))


def check():
    """Prints which page is not what the saved results are."""
    measured = json.loads((frame.HERE / "results.json").read_text())
    for path in PAGES:
        if path.read_text() != page(path.read_text(), measured):
            print(f"{path.relative_to(DOCS.parent)}: not what script/bench --plots writes")


if __name__ == "__main__":
    sys.exit(check())
