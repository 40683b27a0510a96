"""``make bench``: every measurement of the planner in one resumable run, and one table with versions and machine.

Each measurement is a command of its own that writes JSON; this runner starts them one after another, keeps what is
done, and writes ``bench.md``. Real instances lie beside the checkout (../shared/data); what is absent is said so.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
DATA: Final = (ROOT / ".." / "shared" / "data").resolve()
_PACKAGES: Final = ("ortools", "numba", "numpy", "scipy", "pyvrp", "pyvroom")
_FIGURES: Final = 4


@dataclass(frozen=True)
class Measurement:
    """One command: its module and arguments, the arguments of a quick look, and the data it cannot do without."""

    name: str
    module: str
    arguments: tuple[str, ...]
    quick: tuple[str, ...] = ()
    needs: str = ""

    def command(self, out: Path, *, is_quick: bool) -> list[str]:
        """Return the whole command line."""
        chosen = (*self.arguments, *(self.quick if is_quick else ()))
        return [sys.executable, "-m", self.module, *(a.format(data=DATA) for a in chosen), "--json", str(out)]


def _vrptw(folder: str, cpu_s: int) -> Measurement:
    arguments = ("{data}/vrptw/" + folder, "--bks", "{data}/vrptw/BKS.json", "--cpu", str(cpu_s), "--peers")
    return Measurement(folder, "tests.benchmarks.vrptw", arguments, ("--cpu", "1"), f"vrptw/{folder}")


def _leak_day(scenario: str) -> Measurement:
    arguments = ("--scenario", scenario, "--seeds", "1-20")
    return Measurement(f"leak_day_{scenario}", "tests.benchmarks.leak_day", arguments, ("--seeds", "1-1"))


MEASUREMENTS: Final = (
    _vrptw("solomon", 8),
    _vrptw("homberger_200", 25),
    _vrptw("homberger_400", 25),
    Measurement(
        "trsp",
        "tests.benchmarks.trsp",
        ("{data}/trsp/crew25", "--reference", "{data}/trsp/reference.csv", "--cpu", "60"),
        ("--cpu", "2"),
        "trsp/crew25",
    ),
    _leak_day("A"),
    _leak_day("B"),
    _leak_day("C"),
    Measurement(
        "nyc",
        "tests.benchmarks.nyc",
        ("{data}/orders/nyc-gas-2018.csv", "--crews", "10-14"),
        ("--crews", "12-12"),
        "orders/nyc-gas-2018.csv",
    ),
    Measurement("scale", "tests.benchmarks.scale", (), ("--quick",)),
    Measurement("phone_ui", "tests.benchmarks.phone_ui", (), ("--repeats", "1")),
    Measurement(
        "console",
        "tests.benchmarks.console",
        ("--technicians", "200", "--orders", "1500"),
        ("--technicians", "20", "--orders", "60", "--many", "0", "--seconds", "10", "--leaks", "2", "--loads", "1"),
    ),
    Measurement("evidence", "tests.benchmarks.evidence", (), ("--rows", "20000", "--copies", "5")),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for and not done yet; return 1 when a measurement failed."""
    options = _parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [m for m in MEASUREMENTS if not options.only or m.name in options.only]
    failed = [m.name for m in chosen if not _measure(m, options.out, is_quick=options.quick, is_fresh=options.fresh)]
    table = options.out / "bench.md"
    table.write_text("\n".join(_table(options.out)) + "\n", encoding="utf-8")
    sys.stdout.write(f"table: {table}\n" + (f"failed: {', '.join(failed)}\n" if failed else ""))
    return 1 if failed else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench", help="folder of results and table")
    parser.add_argument("--only", nargs="*", choices=[m.name for m in MEASUREMENTS], help="run these alone")
    parser.add_argument("--quick", action="store_true", help="a look at everything in minutes; figures mean little")
    parser.add_argument("--fresh", action="store_true", help="measure again what is done already")
    return parser.parse_args(arguments)


def _measure(measurement: Measurement, folder: Path, *, is_quick: bool, is_fresh: bool) -> bool:
    """Run one measurement unless it is done or its data is absent; tell whether nothing failed."""
    out, mark = folder / f"{measurement.name}.json", folder / f"{measurement.name}.done"
    command = measurement.command(out, is_quick=is_quick)
    stamp = hashlib.sha256(" ".join(command).encode()).hexdigest()
    if measurement.needs and not (DATA / measurement.needs).exists():
        sys.stdout.write(f"==> {measurement.name}: left out, ../shared/data/{measurement.needs} is absent\n")
        return True
    if not is_fresh and out.exists() and mark.exists() and mark.read_text(encoding="utf-8") == stamp:
        sys.stdout.write(f"==> {measurement.name}: done before, kept (--fresh measures again)\n")
        return True
    sys.stdout.write(f"==> {measurement.name}\n")
    sys.stdout.flush()
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        return False
    mark.write_text(stamp, encoding="utf-8")
    return True


def _table(folder: Path) -> Iterator[str]:
    yield "# Measurements of the planner"
    yield ""
    yield f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d %H:%M} UTC, {_machine()}, {', '.join(_versions())}."
    yield "CPU seconds of one process unless a line says otherwise; loading compiled code is not counted."
    for measurement in MEASUREMENTS:
        out = folder / f"{measurement.name}.json"
        if out.exists():
            yield from ("", f"## {measurement.name}", "", *_lines(json.loads(out.read_text(encoding="utf-8"))))


def _lines(result: dict[str, Any]) -> Iterator[str]:
    """Yield a measurement's summary, one line a figure, and one table for each group of figures within it."""
    summary = result["summary"]
    yield from ("| figure | value |", "|---|---|")
    yield from (f"| {key} | {_text(value)} |" for key, value in summary.items() if not isinstance(value, dict))
    for key, group in summary.items():
        if isinstance(group, dict):
            yield from _group(key, group)


def _group(key: str, group: dict[str, Any]) -> Iterator[str]:
    rows = {name: row for name, row in group.items() if isinstance(row, dict)}
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    if columns:
        yield from ("", f"| {key} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|")
    for name, row in rows.items():
        yield f"| {name} | {' | '.join(_text(row.get(column)) for column in columns)} |"


def _text(value: object) -> str:
    return "–" if value is None else f"{value:.{_FIGURES}g}" if isinstance(value, float) else str(value)


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _versions() -> list[str]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} absent")
    return found


if __name__ == "__main__":
    sys.exit(main())
