"""What ``make bench`` measures: the commands, the code their figures stand for, and the data they cannot do without."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.benchmarks.files import ROOT, digest_of

DATA: Final = (ROOT / ".." / "shared" / "data").resolve()
_BENCHMARKS: Final = "tests/benchmarks"


@dataclass(frozen=True)
class Measurement:
    """One command: its module and arguments, the arguments of a quick look, and the data it cannot do without.

    ``code``: folders and files whose change makes other figures; ``remark`` stands in the table with them.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    quick: tuple[str, ...] = ()
    needs: str = ""
    code: tuple[str, ...] = ()
    remark: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, out: Path, *, is_quick: bool) -> list[str]:
        """Return the whole command line."""
        return [sys.executable, "-m", *self.words(is_quick=is_quick), "--json", str(out)]

    def words(self, *, is_quick: bool) -> list[str]:
        """Return module and arguments, wherever the data lies."""
        chosen = (*self.arguments, *(self.quick if is_quick else ()))
        return [self.module, *(argument.format(data=DATA) for argument in chosen)]

    def code_digest(self) -> str:
        """Return what tells this code from another state of it."""
        return digest_of([ROOT / path for path in self.code])


def _vrptw(folder: str, cpu_s: int) -> Measurement:
    return Measurement(
        folder,
        "tests.benchmarks.vrptw",
        ("{data}/vrptw/" + folder, "--bks", "{data}/vrptw/BKS.json", "--cpu", str(cpu_s), "--peers"),
        ("--cpu", "1"),
        f"vrptw/{folder}",
        ("routing", f"{_BENCHMARKS}/vrptw", f"{_BENCHMARKS}/referee_vrptw.py"),
    )


def _leak_day(scenario: str) -> Measurement:
    return Measurement(
        f"leak_day_{scenario}",
        "tests.benchmarks.leak_day",
        ("--scenario", scenario, "--policies", "all"),
        ("--policies", "ours", "--seeds", "1-1"),
        code=("routing", f"{_BENCHMARKS}/leak_day"),
        remark="Ours on seeds 1 to 20, the other policies on 1 to 5.",
    )


def _leak_day_without_numba(scenario: str) -> Measurement:
    return Measurement(
        f"leak_day_without_numba_{scenario}",
        "tests.benchmarks.leak_day",
        ("--scenario", scenario, "--seeds", "1-3"),
        ("--seeds", "1-1"),
        code=("routing", f"{_BENCHMARKS}/leak_day"),
        remark="Ours with the import of numba blocked, seeds 1 to 3.",
        environment={"LEAKFIRST_NO_NUMBA": "1"},
    )


_BOSTON: Final = tuple(
    f"{{data}}/orders/boston311-{kind}.csv"
    for kind in (
        "carbon-monoxide",
        "heat-excessive-insufficient",
        "no-utilities-residential-gas",
        "plumbing",
        "unsafe-dangerous-conditions",
    )
)

MEASUREMENTS: Final = (
    _vrptw("solomon", 8),
    _vrptw("homberger_200", 25),
    _vrptw("homberger_400", 25),
    Measurement(
        "trsp",
        "tests.benchmarks.trsp",
        ("{data}/trsp/crew25", "--reference", "{data}/trsp/reference.csv", "--cpu", "60", "--peers"),
        ("--cpu", "2"),
        "trsp/crew25",
        ("routing", f"{_BENCHMARKS}/trsp.py", f"{_BENCHMARKS}/trsp_model.py", f"{_BENCHMARKS}/referee_trsp.py"),
        remark=(
            "Beside the published reference (ALNS with set partitioning, 20 runs) and OR-Tools. VROOM and PyVRP have "
            "none: VROOM minimises driving, not the time from a freely chosen departure to the end at home; neither "
            "can say that tools are at hand, and parts without limit, only after a visit to the depot on the way."
        ),
    ),
    *(_leak_day(scenario) for scenario in "ABC"),
    *(_leak_day_without_numba(scenario) for scenario in "ABC"),
    Measurement(
        "nyc",
        "tests.benchmarks.nyc",
        ("{data}/orders/nyc-gas-2018.csv", "--crews", "10-14"),
        ("--crews", "12-12", "--first", "2000"),
        "orders/nyc-gas-2018.csv",
        ("routing", f"{_BENCHMARKS}/nyc"),
    ),
    Measurement(
        "real_day",
        "tests.benchmarks.real_day",
        ("--orders", *_BOSTON, "--leak-hours", "{data}/orders/nyc-gas-2018.csv"),
        ("--seeds", "1", "--morning-cpu", "0.5", "--replan-cpu", "0.05"),
        "orders/boston311-plumbing.csv",
        ("routing", "server/dispatch", "server/intake", "shared", f"{_BENCHMARKS}/nyc", f"{_BENCHMARKS}/real_day"),
        remark="Boston's service requests of one day in the winter of 2015; leaks come by New York's hourly pattern.",
    ),
    Measurement(
        "scale",
        "tests.benchmarks.scale",
        (),
        ("--quick",),
        code=("routing", f"{_BENCHMARKS}/scale.py", f"{_BENCHMARKS}/scale_worlds.py"),
    ),
    Measurement(
        "phone_ui",
        "tests.benchmarks.phone_ui",
        (),
        ("--repeats", "1"),
        code=("mobile", "shared", f"{_BENCHMARKS}/phone_ui.py"),
    ),
    Measurement(
        "phone_bytes",
        "tests.benchmarks.phone_bytes",
        ("--orders", "40"),
        ("--orders", "4"),
        code=("mobile", "server", "shared", f"{_BENCHMARKS}/phone_bytes.py"),
        remark="Bytes of a phone's line in a day of so many orders, photos apart; 200,000 of content are the budget.",
    ),
    Measurement(
        "console",
        "tests.benchmarks.console",
        ("--technicians", "200", "--orders", "1500"),
        ("--technicians", "20", "--orders", "60", "--many", "0", "--seconds", "10", "--leaks", "2", "--loads", "1"),
        code=("server", "shared", f"{_BENCHMARKS}/console.py", f"{_BENCHMARKS}/console_pages"),
    ),
    Measurement(
        "evidence",
        "tests.benchmarks.evidence",
        (),
        ("--rows", "20000", "--copies", "5"),
        code=("server", "shared", f"{_BENCHMARKS}/evidence.py"),
    ),
)
