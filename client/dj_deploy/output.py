"""Rows for people and programs: a table of at most 100 columns, JSON, SQL, Markdown."""

import json
import os
import sys
import textwrap

FORMATS = ["table", "json", "sql", "markdown"]
WIDTH = 100
SUM = "sum"  # the row of a report that counts the others
LEAST = 8  # characters of a column that is cut


def print_rows(columns, rows, form):
    if form == "json":
        print_json([dict(zip(columns, row)) for row in rows])
    elif form == "markdown":
        print("| " + " | ".join(columns) + " |")
        print("|" + " --- |" * len(columns))
        for row in rows:
            print(
                "| "
                + " | ".join(text_of(cell).replace("|", "\\|").replace("\n", "<br>") for cell in row)
                + " |"
            )
    else:
        print_table(columns, rows)


def print_json(value):
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_statements(statements, form):
    fence = form == "markdown"
    if fence:
        print("```sql")
    for statement in statements:
        print(f"{statement};")
    if fence:
        print("```")


def print_findings(rows):
    """Each with its remedy as it can be pasted, which is not wrapped."""
    for row in rows:
        finding, remedy = row[5:7]
        if row[1] == SUM:
            print(finding)
            continue
        print(bold(heading_of(row)))
        print(textwrap.fill(finding, WIDTH, initial_indent="    ", subsequent_indent="    "))
        if remedy is not None:
            print("    " + remedy.replace(";\n", ";\n    ") + ";")


def print_remedies(rows, may_alter_system):
    """A script for psql: what mends errors, and the rest, which wants a decision, as comments."""
    for row in rows:
        remedy = row[6]
        if remedy is None:
            continue
        is_run = row[0] == "error" and (may_alter_system or not remedy.startswith("ALTER SYSTEM "))
        print(commented(heading_of(row)))
        print(f"{remedy};" if is_run else commented(f"{remedy};"))


def heading_of(row):
    severity, check, schema, table, about = row[:5]
    where = ".".join(filter(None, [schema, table])) or about
    return f"{severity}: {check}" + (f": {where}" if where else "")


def commented(text):
    """Whatever line breaks the names in it have."""
    return "\n".join(f"-- {line}" for line in text.splitlines())


def text_of(cell):
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return ", ".join(map(text_of, cell)) if isinstance(cell, list) else str(cell)


def print_table(columns, rows):
    cells = [[text_of(cell) for cell in row] for row in rows]
    # A column without anything in it tells nothing.
    kept = [index for index in range(len(columns)) if any(row[index] for row in cells)] or [0]
    columns = [columns[index] for index in kept]
    cells = [[row[index] for index in kept] for row in cells]
    widths = fit(
        [max(len(line) for line in [name, *(r[i] for r in cells)]) for i, name in enumerate(columns)]
    )
    print(bold(" | ".join(name.ljust(width) for name, width in zip(columns, widths)).rstrip()))
    print("-+-".join("-" * width for width in widths))
    for row in cells:
        wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths)]
        for number in range(max(map(len, wrapped))):
            line = (part[number] if number < len(part) else "" for part in wrapped)
            print(" | ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def fit(widths):
    """The widest give way until all fit."""
    widths = [min(width, WIDTH) for width in widths]
    while sum(widths) + 3 * (len(widths) - 1) > WIDTH and max(widths) > LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def bold(text):
    is_colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\033[1m{text}\033[0m" if is_colored else text
