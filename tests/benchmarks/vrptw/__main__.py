"""``python -m tests.benchmarks.vrptw DIR --bks FILE --cpu 8 [--peers] --json OUT``: one row per instance, one summary.

CPU seconds are those of the process; compiling or loading the search happens on a toy before and is not counted.
Every plan passes the referee. A gap is a share of the best known distance, which only keys ending in ``_distance``
hold; where there is none it is null, and the peers are compared by the ratio of distances.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import referee_vrptw as referee
from tests.benchmarks.vrptw import ours, report
from tests.benchmarks.vrptw.plan import Solved

Row = dict[str, Any]
Contender = Callable[[referee.Instance, float], Solved]


def contenders(*, with_peers: bool) -> dict[str, Contender]:
    """Return the solvers by name; peers that are not installed are left out with a note."""
    found: dict[str, Contender] = {"ours": ours.solve}
    if with_peers:
        try:
            from tests.benchmarks.vrptw import peers  # noqa: PLC0415 - needs the optional extra "bench"
        except ImportError as missing:
            sys.stderr.write(f"peers left out: {missing}\n")
        else:
            found |= {"pyvrp": peers.pyvrp_solve, "vroom": peers.vroom_solve, "ortools": peers.ortools_solve}
    return found


def best_known(bks: dict[str, Any], name: str) -> float | None:
    """Return the best known distance of an instance, or None when none is recorded."""
    for key in (name, name.upper(), name.lower()):
        entry = bks.get(f"{key}_distance")
        if entry is not None:
            return float(entry["best_known_cost"])
    return None


def run_one(instance: referee.Instance, best: float | None, cpu_s: float, solvers: dict[str, Contender]) -> Row:
    """Solve one instance with every contender and let the referee judge the plans."""
    row: Row = {"instance": instance.name, "customers": len(instance.customers) - 1, "best_known": best}
    for name, solve in solvers.items():
        solved = solve(instance, cpu_s)
        try:
            length: float | None = referee.judge(instance, solved.routes)
            fault = None
        except referee.BrokenRuleError as broken:
            length, fault = None, str(broken)
        row[name] = {
            "distance": length,
            "gap": length / best - 1.0 if length is not None and best is not None else None,
            "vans": sum(1 for route in solved.routes if route) if length is not None else None,
            "cpu_s": round(solved.cpu_s, 2),
            "fault": fault,
        }
        sys.stdout.write(f"{report.line(instance.name, name, row[name])}\n")
        sys.stdout.flush()
    return row


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 when an instance stayed unsolved by us or there is none."""
    options = _options(arguments)
    bks = json.loads(options.bks.read_text(encoding="utf-8")) if options.bks else {}
    instances = [referee.read(path) for path in sorted(options.folder.glob("*.[tT][xX][tT]"))]
    solvers = contenders(with_peers=options.peers)
    ours.warm_up()
    rows = []
    for number, instance in enumerate(instances, 1):
        sys.stdout.write(f"[{number}/{len(instances)}] {instance.name}\n")
        rows.append(run_one(instance, best_known(bks, instance.name), options.cpu, solvers))
    summary = report.summary(rows)
    sys.stdout.write(report.table(rows, summary, options.cpu))
    if options.json:
        surroundings = report.surroundings(options.cpu)
        text = json.dumps({"summary": summary, "rows": rows, "surroundings": surroundings}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0 if rows and summary["ours_solved"] == len(rows) else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.vrptw", description=__doc__)
    parser.add_argument("folder", type=Path, help="instances in Solomon's format, *.txt")
    parser.add_argument("--bks", type=Path, help="best known values")
    parser.add_argument("--cpu", type=float, default=8.0, help="CPU seconds for each instance and contender")
    parser.add_argument("--peers", action="store_true", help="run PyVRP, VROOM and OR-Tools beside")
    parser.add_argument("--json", type=Path, help="where the rows and the summary go")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
