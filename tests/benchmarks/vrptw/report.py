"""Lines, summary and table of the benchmark."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from tests.benchmarks.files import list_versions, machine

Row = dict[str, Any]
CONTENDERS = ("ours", "pyvrp", "vroom", "ortools")
NOTE = "CPU seconds of the process, one thread; compiling the search is not counted; VROOM stops by itself."


def line(instance: str, name: str, result: Row) -> str:
    """Return one line of progress."""
    gap = "" if result["gap"] is None else f" {100 * result['gap']:+.2f} %"
    figures = result["fault"] or f"{result['distance']:.2f}{gap}, {result['vans']} vans"
    taken = "" if result["cpu_s"] is None else f", {result['cpu_s']} CPU-s"
    return f"  {instance} {name}: {figures}{taken}"


def summary(rows: list[Row]) -> Row:
    """Return the figures over all instances: gaps and ratios are shares, None where nothing is known."""
    pairs = [
        (row["ours"]["distance"], row["pyvrp"]["distance"])
        for row in rows
        if "pyvrp" in row and row["ours"]["distance"] and row["pyvrp"]["distance"]
    ]
    return {
        "instances": len(rows),
        "ours_solved": sum(1 for row in rows if row["ours"]["distance"] is not None),
        **{f"{name}_mean_gap": _mean(row[name]["gap"] for row in rows if name in row) for name in CONTENDERS},
        "ours_over_pyvrp": _mean(mine / theirs for mine, theirs in pairs),
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def surroundings(cpu_s: float) -> Row:
    """Return versions, machine and limit."""
    return {
        "cpu_s": cpu_s,
        "python": platform.python_version(),
        "machine": machine(),
        "note": NOTE,
        **list_versions(),
    }


def table(rows: list[Row], figures: Row, cpu_s: float) -> str:
    """Return the rows as a Markdown table, with versions and machine below."""
    names = [name for name in CONTENDERS if any(name in row for row in rows)]
    head = ["instance", "best known", *names]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        best = "" if row["best_known"] is None else f"{row['best_known']:.2f}"
        cells = [row["instance"], best, *(_cell(row[name]) if name in row else "" for name in names)]
        lines.append(f"| {' | '.join(cells)} |")
    means = [f"**{'' if (gap := figures[f'{name}_mean_gap']) is None else f'{100 * gap:+.2f} %'}**" for name in names]
    lines.append(f"| mean gap | | {' | '.join(means)} |")
    known = ", ".join(f"{key} {value}" for key, value in surroundings(cpu_s).items() if value is not None)
    return "\n".join([*lines, "", f"ours over pyvrp: {figures['ours_over_pyvrp']}", known, ""])


def _cell(result: Row) -> str:
    if result["distance"] is None:
        return "none"
    gap = "" if result["gap"] is None else f" ({100 * result['gap']:+.2f} %)"
    return f"{result['distance']:.2f}{gap}"
