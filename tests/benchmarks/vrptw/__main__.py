"""``python -m tests.benchmarks.vrptw DIR --bks FILE --cpu 8 [--peers] --json OUT``: one row per instance, one summary.

CPU seconds are those of the process; compiling or loading the search happens on a toy before and is not counted.
Every plan passes the referee. A gap is a share of the best known distance, which only keys ending in ``_distance``
hold; where there is none it is null, and the peers are compared by the ratio of distances.

Instances are looked for in all folders below DIR; a file that is none is left out with a note. The JSON is written
after every instance; an existing OUT of the same settings, code, libraries and machine is taken up where it was left.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import astuple
from pathlib import Path
from typing import Any

import routing
from tests.benchmarks import referee_vrptw as referee
from tests.benchmarks.files import digest_of, list_instances, list_versions, note, read_kept, write_whole
from tests.benchmarks.vrptw import ours, report
from tests.benchmarks.vrptw.contenders import PEERS, Solve, attempt, list_contenders

Row = dict[str, Any]
HERE = Path(__file__).parent
CODE = (Path(routing.__file__).parent, HERE, Path(referee.__file__))


def best_known(bks: dict[str, Any], name: str) -> float | None:
    """Return the best known distance of an instance, upper or lower case; None when none is recorded."""
    wanted = f"{name}_distance".casefold()
    entry = next((entry for key, entry in bks.items() if key.casefold() == wanted), None)
    cost = entry.get("best_known_cost") if isinstance(entry, dict) else entry
    return float(cost) if isinstance(cost, int | float) else None


def run_one(
    instance: referee.Instance, best: float | None, cpu_s: float, solvers: dict[str, Solve], kept: Row | None = None
) -> Row:
    """Solve one instance with every contender that has no result in ``kept`` and let the referee judge the plans."""
    row: Row = {"instance": instance.name, "customers": len(instance.customers) - 1, "best_known": best}
    for name, solve in solvers.items():
        earlier = (kept or {}).get(name)
        row[name] = earlier if earlier and earlier["fault"] is None else attempt(instance, best, cpu_s, solve)
        sys.stdout.write(f"{report.line(instance.name, name, row[name])}{' (kept)' if row[name] is earlier else ''}\n")
        sys.stdout.flush()
    return row


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 when an instance stayed unsolved by us or there is none."""
    options = _options(arguments)
    bks = json.loads(options.bks.read_text(encoding="utf-8")) if options.bks else {}
    instances = list_instances(options.folder, referee.read, besides=[options.json, options.bks])
    marks = {digest_of((), astuple(one), best_known(bks, one.name)): one for one in instances}
    solvers = list_contenders(PEERS if options.peers else ())
    same = _same(options)
    rows = {mark: row for mark, row in _kept(options, same).items() if mark in marks}
    ours.warm_up()
    _write(options, same, list(rows.values()), is_complete=False)
    for number, (mark, instance) in enumerate(marks.items(), 1):
        sys.stdout.write(f"[{number}/{len(marks)}] {instance.name}\n")
        row = run_one(instance, best_known(bks, instance.name), options.cpu, solvers, rows.get(mark))
        rows[mark] = row | {"file": mark}
        _write(options, same, [rows[mark] for mark in marks if mark in rows], is_complete=number == len(marks))
    found = list(rows.values())
    summary = report.summary(found)
    sys.stdout.write(report.table(found, summary, options.cpu))
    return 0 if found and summary["ours_solved"] == len(found) else 1


def _kept(options: argparse.Namespace, same: str) -> dict[str, Row]:
    """Return the rows of an earlier run under the same conditions, by what was in the instance."""
    found = {} if options.fresh else read_kept(options.json)
    if found.get("same") != same:
        return {}
    note(f"{options.json}: {len(found['rows'])} rows of an earlier run under the same conditions")
    return {row["file"]: row for row in found["rows"]}


def _same(options: argparse.Namespace) -> str:
    return digest_of(CODE, options.cpu, list_versions(), platform.node(), platform.python_version())


def _write(options: argparse.Namespace, same: str, rows: list[Row], *, is_complete: bool) -> None:
    content = {"summary": report.summary(rows), "rows": rows, "surroundings": report.surroundings(options.cpu)}
    write_whole(options.json, content | {"same": same, "is_complete": is_complete})


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.vrptw", description=__doc__)
    parser.add_argument("folder", type=Path, help="instances in Solomon's format, *.txt, in it or below it")
    parser.add_argument("--bks", type=Path, help="best known values")
    parser.add_argument("--cpu", type=float, default=8.0, help="CPU seconds for each instance and contender")
    parser.add_argument("--peers", action="store_true", help="run PyVRP, VROOM and OR-Tools beside")
    parser.add_argument("--fresh", action="store_true", help="solve again what an existing OUT holds")
    parser.add_argument("--json", type=Path, help="where the rows and the summary go")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
