"""The results as Markdown: ratios first, then growth, resources and the times themselves."""

import os
import pathlib
import platform
import statistics

import contenders
import resources
import siblings

LABELS = {
    ("extension", "first"): "extension, first run",
    ("extension", "repeated"): "extension, repeated",
    ("extension_skipping", "repeated"): "extension, repeated with `skip_unchanged`",
    ("extension_dry", "repeated"): "extension, dry run",
    ("loop", "first"): "PL/pgSQL loop, first run",
    ("loop", "repeated"): "PL/pgSQL loop, repeated",
    ("psql_one_transaction", "first"): "psql `\\gexec` in one transaction, first run",
    ("psql_one_transaction", "repeated"): "psql `\\gexec` in one transaction, repeated",
    ("psql_gexec", "first"): "psql `\\gexec`, first run",
    ("psql_gexec", "repeated"): "psql `\\gexec`, repeated",
    ("psql_autocommit", "first"): "psql with autocommit, first run",
    ("psql_autocommit", "repeated"): "psql with autocommit, repeated",
    ("datajoint", "first"): "`dj.deploy`, first run",
    ("datajoint", "repeated"): "`dj.deploy`, repeated",
    ("datajoint_dry", "repeated"): "`dj.deploy`, dry run",
}

FIRST = ("extension", "first")
REPEATED = ("extension", "repeated")
SKIPPING = ("extension_skipping", "repeated")
DRY = ("extension_dry", "repeated")
COMMIT = ("commit", "repeated")
OTHERS = ["loop", "psql_one_transaction", "psql_gexec", "psql_autocommit", "datajoint"]
KINDS = ("first", "repeated")

SIBLING_LABELS = {
    operation.key(contender.name, kind): label
    for operation in siblings.OPERATIONS
    for contender in operation.contenders
    for kind, label in zip(KINDS, (contender.first_label, contender.repeated_label))
}


def write(server, rounds, durable, volatile, counts, memory, growth):
    return "\n".join(
        [
            f"{machine()}; PostgreSQL {server}. Medians of {rounds} rounds.",
            "",
            "What one commit, the disk included, takes in these rounds, in µs:",
            "",
            commits(durable, volatile),
            "How many times as long as the extension's first run the others' first run takes:",
            "",
            ratios(durable, [((name, "first"), FIRST) for name in OTHERS]),
            "How many times as long as the extension's repeated run the others' repeated run takes:",
            "",
            ratios(durable, [((name, "repeated"), REPEATED) for name in OTHERS]),
            "How many times as long as the extension's repeated run with `skip_unchanged` the others' repeated run takes:",
            "",
            ratios(durable, [((name, "repeated"), SKIPPING) for name in OTHERS]),
            "How many times as long as the extension's dry run that of `dj.deploy` takes:",
            "",
            ratios(durable, [(("datajoint_dry", "repeated"), DRY)]),
            "The first run again, with `fsync = off`, where a commit costs next to nothing:",
            "",
            ratios(volatile, [((name, "first"), FIRST) for name in ("loop", "psql_autocommit", "datajoint")]),
            "Microseconds per table:",
            "",
            per_table(durable),
            f"What one call leaves behind, at {counts[0]:,} tables:",
            "",
            traces(counts[1]),
            "The most private memory that the backend has during one call beyond what a new backend has, in MB:",
            "",
            peaks(memory),
            f"Growth of one session's memory contexts over {resources.CALLS:,} calls at {growth[0]:,} tables, in bytes:",
            "",
            table(["call", "growth"], [[name, f"{value:,}"] for name, value in growth[1].items()]),
            "Milliseconds, median (smallest to largest):",
            "",
            times(durable),
        ]
    )


def write_siblings(results, counts):
    return "\n".join(
        [
            "### The other operations",
            "",
            "How many times as long as the extension's first run a hand-written first run takes:",
            "",
            sibling_ratios(results, "first"),
            "How many times as long as the extension's repeated run a hand-written repetition takes:",
            "",
            sibling_ratios(results, "repeated"),
            "Microseconds per table:",
            "",
            per_table(results, SIBLING_LABELS),
            f"What one call leaves behind, at {counts[0]:,} tables:",
            "",
            traces(counts[1]),
            "Milliseconds, median (smallest to largest):",
            "",
            times(results, SIBLING_LABELS),
        ]
    )


def sibling_ratios(results, kind):
    pairs = [
        (operation.key(contender.name, kind), operation.key("extension", kind))
        for operation in siblings.OPERATIONS
        for contender in operation.hand_written
    ]
    return ratios(results, pairs, SIBLING_LABELS)


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}"


def aims(results):
    """What the project set out to reach, and where this run stands. For those who tune, not for the document."""

    def ratio(tables, other, own):
        return median(results, tables, other) / median(results, tables, own)

    def cost(tables, key):
        return median(results, tables, key) / tables * 1e6

    rows = []
    for tables, datajoint_aim in ((1000, 50), (5000, 15)):
        if tables in results:
            rows += [
                (f"first run at {tables:,}, × the PL/pgSQL loop", ratio(tables, FIRST, ("loop", "first")), "<=", 1.05),
                (f"psql with autocommit at {tables:,}", ratio(tables, ("psql_autocommit", "first"), FIRST), ">=", 8),
                (f"dj.deploy at {tables:,}", ratio(tables, ("datajoint", "first"), FIRST), ">=", datajoint_aim),
            ]
    if 5000 in results:
        rows.append(("loop ÷ skip_unchanged at 5,000", ratio(5000, ("loop", "repeated"), SKIPPING), ">=", 7))
    if 20000 in results:
        rows.append(("dry run at 20,000, µs per table", cost(20000, DRY), "<=", 5))
        for key in (FIRST, REPEATED, SKIPPING, DRY):
            rows.append((f"{LABELS[key]}, 20,000 ÷ 1,000 per table", cost(20000, key) / cost(1000, key), "<=", 1.3))
    return verdicts(rows)


def sibling_aims(results):
    rows = []
    for operation in siblings.OPERATIONS if 5000 in results else []:
        first, repeated = (median(results, 5000, operation.key("extension", kind)) for kind in KINDS)
        first_by_hand, repeated_by_hand = (fastest_by_hand(results, 5000, operation, kind) for kind in KINDS)
        rows += [
            (f"{operation.name} at 5,000, first run, × the fastest by hand", first / first_by_hand, "<=", 1.2),
            (f"{operation.name} at 5,000, fastest repetition by hand ÷ repeated", repeated_by_hand / repeated, ">=", 5),
        ]
    return verdicts(rows)


def fastest_by_hand(results, tables, operation, kind):
    return min(median(results, tables, operation.key(contender.name, kind)) for contender in operation.hand_written)


def verdicts(rows):
    is_met = {"<=": lambda value, aim: value <= aim, ">=": lambda value, aim: value >= aim}
    return "\n".join(
        f"{'met   ' if is_met[sign](value, aim) else 'MISSED'} {value:7.2f} {sign} {aim:<5} {name}"
        for name, value, sign, aim in rows
    )


def median(results, tables, key):
    return statistics.median(results[tables][key])


def commits(durable, volatile):
    header = ["tables", *(f"{tables:,}" for tables in durable)]
    rows = [["`fsync = on`", *(f"{median(durable, tables, COMMIT) * 1e6:.0f}" for tables in durable)]]
    cells = (f"{median(volatile, tables, COMMIT) * 1e6:.0f}" if tables in volatile else "" for tables in durable)
    return table(header, [*rows, ["`fsync = off`", *cells]])


def ratios(results, pairs, labels=LABELS):
    rows = []
    for other, own in pairs:
        cells = [
            over(results[tables][other]) + f"{median(results, tables, other) / median(results, tables, own):.2f}"
            for tables in results
        ]
        rows.append([labels[other], *cells])
    return table(["tables", *(f"{tables:,}" for tables in results)], rows)


def over(seconds):
    return "> " if statistics.median(seconds) == contenders.LIMIT else ""


def per_table(results, labels=LABELS):
    header = ["tables", *(f"{tables:,}" for tables in results)]
    grows = 1000 in results and max(results) > 1000
    if grows:
        header.append(f"{max(results):,} ÷ 1,000")
    rows = []
    for key, label in labels.items():
        costs = {tables: median(results, tables, key) / tables * 1e6 for tables in results}
        row = [label, *(over(results[tables][key]) + f"{cost:.1f}" for tables, cost in costs.items())]
        if grows:
            row.append(over(results[max(results)][key]) + f"{costs[max(results)] / costs[1000]:.2f}")
        rows.append(row)
    return table(header, rows)


def traces(traces_by_call):
    rows = [[name, *(f"{value:,}" for value in values)] for name, values in traces_by_call.items()]
    return table(["call", "WAL bytes", "transaction ids", "locks on the schema's relations"], rows)


def peaks(memory):
    header = ["tables", *(f"{tables:,}" for tables, _ in memory)]
    calls = memory[0][1].keys()
    return table(header, [[name, *(f"{peak[name] / 1e6:.1f}" for _, peak in memory)] for name in calls])


def times(results, labels=LABELS):
    def cell(seconds):
        low, middle, high = (value * 1e3 for value in (min(seconds), statistics.median(seconds), max(seconds)))
        return f"{over(seconds)}{middle:.1f} ({low:.1f} to {high:.1f})"

    header = ["tables", *(f"{tables:,}" for tables in results)]
    return table(header, [[label, *(cell(results[n][key]) for n in results)] for key, label in labels.items()])


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
