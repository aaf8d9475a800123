"""The plots of docs/performance.md, SVG. The same results make the same bytes: no date, no random
names. Lines are grey or of middle lightness, without a background, so that they show on white and
on black.
"""

import re

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "datajoint_deploy",
        "font.family": "sans-serif",
        "font.size": 9,
        "figure.figsize": (7, 3.6),
        "text.color": "#808080",
        "axes.edgecolor": "#808080",
        "axes.labelcolor": "#808080",
        "xtick.color": "#808080",
        "ytick.color": "#808080",
        "axes.grid": True,
        "grid.color": "#808080",
        "grid.alpha": 0.25,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
)
from matplotlib import pyplot, ticker  # noqa: E402, after the backend is chosen
from scenes import busy, identity, rollout_commits  # noqa: E402

OURS, OTHERS = "#2f8fd8", ["#d9822b", "#3aa66b", "#c55a8b", "#9a7bd0", "#8a8a8a"]


def write(measured, directory):
    directory.mkdir(exist_ok=True)
    scenes = measured["scenes"]
    for name, draw, results in (
        ("first-run", draw_first_run, scenes["identity"]),
        ("nothing-to-do", draw_nothing_to_do, scenes["identity"]),
        ("readers", draw_readers, scenes["busy"]),
        ("rollout", draw_rollout, scenes["rollout_commits"]),
    ):
        figure, axes = pyplot.subplots(layout="constrained")
        draw(axes, results)
        figure.savefig(directory / f"{name}.svg", transparent=True, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def draw_first_run(axes, results):
    draw_sizes(axes, results["durable"], ["extension first", *(f"{name} first" for name in identity.OTHERS)])


def draw_nothing_to_do(axes, results):
    keys = [
        "extension_skipping repeated",
        "extension repeated",
        *(f"{name} repeated" for name in identity.OTHERS),
    ]
    draw_sizes(axes, results["durable"], keys)


def draw_sizes(axes, results, keys):
    """µs a table against the number of tables."""
    others = iter(OTHERS)
    sizes = [int(size) for size in results]
    for key in keys:
        is_ours = key.startswith("extension")
        axes.plot(
            sizes,
            [identity.cost(results, size, key) for size in results],
            marker="o",
            markersize=3.5,
            linewidth=2.2 if is_ours else 1.3,
            linestyle="--" if key == "extension repeated" else "-",
            color=OURS if is_ours else next(others),
            label=re.sub("`|, first run|, repeated", "", identity.LABELS[key]),
        )
    axes.set(xscale="log", yscale="log", xlabel="tables", ylabel="µs a table")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.xaxis.minorticks_off()
    plain_numbers(axes.yaxis)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)


def plain_numbers(axis):
    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda value, _: f"{value:,g}")
    axis.set_minor_locator(ticker.NullLocator())


def draw_readers(axes, results):
    """The slowest read that is under way; of the runs, the one in the middle."""
    colors = {"loop": OTHERS[0], "rollout": OURS, "nothing": OTHERS[-1]}
    for name, color in colors.items():
        runs = sorted(results["runs"][name], key=lambda run: max(run["reads"]))
        worst = runs[len(runs) // 2]["reads"]
        at = [step * busy.STEP - 1 for step in range(len(worst))]
        label = {
            "loop": "beside a loop of ALTER TABLE",
            "rollout": "beside rollout",
            "nothing": "beside neither",
        }[name]
        axes.step(
            at, [max(value, 0.1) for value in worst], where="post", color=color, label=label, linewidth=1.3
        )
    axes.axvspan(0, results["seconds"], color="#808080", alpha=0.12, linewidth=0)
    axes.set(
        yscale="log",
        xlabel="seconds; shaded: somebody's transaction has read one of the tables",
        ylabel="slowest read, ms",
    )
    plain_numbers(axes.yaxis)
    axes.legend(loc="upper right", fontsize=8)


def draw_rollout(axes, results):
    costs = rollout_commits.per_statement(results)
    labels = [label.replace("`", "").replace(", synchronous", ",\nsynchronous") for label in costs]
    bars = axes.barh(labels, costs.values(), color=[OURS, *OTHERS][: len(costs)], height=0.6)
    axes.bar_label(bars, fmt="%.0f", padding=3, color="#808080")
    axes.axvline(results["commit"] * 1e6, color="#808080", linestyle=":", label="one commit on disk")
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set(xlabel="µs a statement", axisbelow=True)
    axes.margins(x=0.12)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), fontsize=8)
