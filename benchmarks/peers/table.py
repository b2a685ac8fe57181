"""The table and the figure of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from fooling.figures.style import BASELINE, COLOURS, WIDTH, Figure, styled
from peers.measure import Growth, Machine, Measured, Row

HEADER = """<!-- Written by `benchmarks/compare.py --keep`. -->

# Side by side

Every ratio is the median of several rounds in one process, in which both sides take turns on the same cores; the lowest
and the highest round stand beside it. So it need not be the ratio of the two rates, each of which is a median, too. An
aim that lies within the rounds is undecided, whatever the median says. `.venv/bin/python benchmarks/compare.py --only
NAME` measures a row again, once `make .venv/peers` has installed the peers.

![The ratios and the slopes of the tables below](peers.png)
"""
ROWS = "| name | what | other | ours | unit | ratio | rounds | aim | met |\n|---|---|---|---|---|---|---|---|---|"
COSTS = f"""## What a generation costs beside the network alone

Ratio: how many times as long a generation takes as the network's forward pass. Less is better.

{ROWS}"""
GAINS = f"""## Beside other packages

Ratio: how many times faster this project is. More is better.

{ROWS}"""
STARTS = f"""## Until the first generation is done

Ours: seconds from the call of `evolve`. Other: seconds of a later generation. Without tracing the ratio would be 2.

{ROWS}"""
PARTS = f"""## Where the time of a generation goes

Ours: each part by itself. Other: a whole generation, in which drawing overlaps with the network. Ratio: the share.

{ROWS}"""
WIDE = 10  # a ratio above it asks for an axis of logarithms
GROWTHS = """## How the time of a generation grows

Slope: the power of the number by which the time grows. Own work: everything but the network.

| name | what | number | at | ms of a generation | slope |
|---|---|---|---|---|---|"""


def write_measured(name: str, measured: Measured) -> str:
    """Return one name's rows as lines of the tables, and their notes."""
    rows = [write_row(name, row) for row in measured.rows]
    return "\n".join([*rows, *write_growths(name, measured.growths), *write_notes(measured)])


def write_notes(measured: Measured) -> list[str]:
    """Return what is to be said about one name's rows."""
    return [f"- {row.label}: {row.note}." for row in measured.rows if row.note]


def write_table(kept: Mapping[str, Measured]) -> str:
    """Return everything that was measured as Markdown."""
    parts: dict[str, list[str]] = {kind: [] for kind in (COSTS, PARTS, GAINS, STARTS, GROWTHS)}
    machines: dict[str, list[str]] = {}
    for name, measured in kept.items():
        for row in measured.rows:
            parts[find_kind(row)].append(write_row(name, row))
        parts[GROWTHS] += write_growths(name, measured.growths)
        if measured.machine:
            told = f"{name} ({measured.machine.load:.1f})"
            machines.setdefault(write_machine(measured.machine), []).append(told)
    tables = ["\n".join([title, *lines]) for title, lines in parts.items() if lines]
    notes = [note for measured in kept.values() for note in write_notes(measured)]
    places = [f"- {machine}. Load before each row: {', '.join(names)}." for machine, names in machines.items()]
    aims = count_aims([row for measured in kept.values() for row in measured.rows])
    parts_of_all = [HEADER.strip(), aims, *tables, "## Notes", "\n".join(notes), "## Measured on", "\n".join(places)]
    return "\n\n".join(parts_of_all) + "\n"


def count_aims(rows: Sequence[Row]) -> str:
    """Return in a sentence how many aims are met."""
    aimed = [row for row in rows if row.aim is not None]
    met, open_ = (sum(map(ask, aimed)) for ask in (attrgetter("met"), is_open))
    return f"Of {len(aimed)} aims {met} are met by the median; {open_} of all lie within the rounds."


def is_open(row: Row) -> bool:
    """Return whether a row has an aim that its rounds do not decide."""
    return row.aim is not None and min(row.ratios) <= row.aim <= max(row.ratios)


def find_kind(row: Row) -> str:
    """Return the title of the table in which a row stands."""
    return {"s": STARTS, "ms": PARTS}.get(row.unit, COSTS if row.cost else GAINS)


def write_row(name: str, row: Row) -> str:
    """Return a row as a line of its table."""
    aim = "" if row.aim is None else f"{'≤' if row.cost else '≥'} {row.aim:g}"
    met = "" if row.aim is None else "yes" if row.met else "no"
    met += ", within the rounds" if is_open(row) else ""
    rounds = f"{min(row.ratios):.3g} to {max(row.ratios):.3g}"
    cells = [name, row.label, f"{row.other:,.4g}", f"{row.ours:,.4g}", row.unit, f"{row.ratio:.3g}", rounds, aim, met]
    return f"| {' | '.join(cells)} |"


def write_growths(name: str, growths: Sequence[Growth]) -> list[str]:
    """Return growths as lines of their table."""
    lines = []
    for growth in growths:
        at = ", ".join(f"{size:,.4g}" for size in growth.sizes)
        taken = ", ".join(f"{1e3 * seconds:.3g}" for seconds in growth.seconds)
        lines.append(f"| {name} | {growth.label} | {growth.axis} | {at} | {taken} | {growth.slope:.2f} |")
    return lines


def write_machine(machine: Machine) -> str:
    """Return what a row was measured on."""
    versions = ", ".join(f"{package} {version}" for package, version in machine.versions.items())
    return f"{machine.day}: {machine.processor}, {machine.threads} threads; {versions}"


@styled
def draw_figure(kept: Mapping[str, Measured]) -> Figure:
    """Draw costs, gains, and growths of pixels and of CPPNs."""
    rows = [row for measured in kept.values() for row in measured.rows]
    growths = [growth for measured in kept.values() for growth in measured.growths]
    alt = "Ratios beside the network and beside other packages with their aims, and how the time of a generation grows."
    figure = Figure(figsize=(WIDTH, 9.8))
    figure.alt = alt
    ratios, slopes, foot = figure.subfigures(3, 1, height_ratios=(30, 20, 1))
    machines = {f"{one.processor}, {one.threads} threads" for one in map(attrgetter("machine"), kept.values()) if one}
    foot.text(0.5, 0.5, f"On {'; '.join(sorted(machines))}. Versions: results.md", ha="center", fontsize=6)
    left, right = ratios.subplots(1, 2)
    draw_ratios(left, [row for row in rows if find_kind(row) == COSTS], "times the network's own; less is better")
    draw_ratios(right, [row for row in rows if find_kind(row) == GAINS], "times as fast; more is better")
    left, right = slopes.subplots(1, 2)
    draw_growths(left, [growth for growth in growths if "pixels" in growth.label], "Pixels")
    draw_growths(right, [growth for growth in growths if "CPPN" in growth.label], "CPPN")
    return figure


def draw_ratios(spot: Axes, rows: Sequence[Row], label: str) -> None:
    """Draw the median of each row, its lowest and highest round, and its aim."""
    for place, row in enumerate(rows):
        spot.plot([min(row.ratios), max(row.ratios)], [place, place], color=COLOURS[0], linewidth=2)
        spot.plot(row.ratio, place, "o", color=COLOURS[0], label="median of the rounds, and all of them")
        if row.aim is not None:
            spot.plot(row.aim, place, "|", color=COLOURS[1], markersize=14, markeredgewidth=2, label="aim")
    spot.axvline(1.0, color=BASELINE, linestyle="--", linewidth=1)
    if any(max(row.ratios) > WIDE for row in rows):
        spot.set_xscale("log")
    label_plainly(spot.xaxis)
    spot.set_yticks(range(len(rows)), [row.label.replace(": ", ":\n") for row in rows], fontsize=6)
    spot.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    spot.set_xlabel(label, fontsize=8)
    handles = dict(zip(*reversed(spot.get_legend_handles_labels()), strict=True))
    spot.legend(handles.values(), handles.keys(), loc="lower left", bbox_to_anchor=(0, 1), fontsize=6)


def draw_growths(spot: Axes, growths: Sequence[Growth], title: str) -> None:
    """Draw the time of a generation over the smallest size's, each with its slope."""
    for place, growth in enumerate(growths):
        sizes, seconds = np.array(growth.sizes), np.array(growth.seconds)
        whose = "" if growth.label.startswith("own work") else f" ({growth.label})"
        label = f"{growth.axis}{whose}: {growth.slope:.2f}"
        colour = COLOURS[place % len(COLOURS)]
        spot.plot(sizes / sizes[0], seconds / seconds[0], "o-", color=colour, markersize=3, label=label)
    spot.set(xscale="log", yscale="log", xlabel="times the smallest number", ylabel="times its seconds")
    spot.tick_params(labelsize=8)
    label_plainly(spot.xaxis)
    label_plainly(spot.yaxis)
    spot.set_title(title, fontsize=9)
    if growths:
        spot.legend(
            fontsize=6,
            loc="upper left",
            bbox_to_anchor=(1, 1),
            title="slope of a generation's time, by",
            title_fontsize=7,
            alignment="left",
        )


def label_plainly(axis: Axis) -> None:
    """Write the numbers of an axis as 1, 10 and 100, and none between them where it is one of logarithms."""
    axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axis.set_minor_formatter(NullFormatter())
