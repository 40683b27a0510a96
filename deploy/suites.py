"""Runs lint, types, contracts and the test suites one after another, with a time budget for each (decision 21).

Run as ``python -m deploy.suites all|fast``; exits non-zero when anything failed. A budget is reported, never enforced:
the speed of a machine must not decide whether a change is right (decision 20).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final, Self
from xml.etree import ElementTree as ET

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / ".build" / "results"
NO_TESTS_COLLECTED: Final = 5
PYTHON: Final = (sys.executable, "-m")
LANES: Final = 2  # cores of the smallest machine that the time is measured on
SCRATCH: Final = Path("/dev/shm")  # noqa: S108 - a folder of the run's own is made in it
SCRATCH_BYTES: Final = 4 << 30
XVFB: Final = ("xvfb-run", "-a", "-s", "-screen 0 1280x1024x24")
# The planner without numba: what answers a leak; under FULL=1 everything that plans.
SAMPLE_WITHOUT_NUMBA: Final = tuple(
    f"tests/routing/test_{name}.py" for name in ("command", "instant", "emergency_choice", "emergency_queue", "urgent")
)
WHOLE_WITHOUT_NUMBA: Final = ("tests/routing", "tests/server/dispatch", "tests/server/test_planning.py")


def is_full() -> bool:
    """Tell whether the long samples are asked for whole (FULL=1)."""
    return os.environ.get("FULL", "") not in {"", "0"}


@dataclass(frozen=True)
class Counts:
    """How many tests passed, failed and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other: Self) -> "Counts":
        """Return the sum of both."""
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    @classmethod
    def from_junit(cls, path: Path) -> "Counts":
        """Read the totals of pytest's JUnit file; a run that wrote none counts as one failure."""
        if not path.exists():
            return cls(failed=1)
        root = ET.parse(path).getroot()  # noqa: S314  our own pytest wrote the file a moment ago
        total, bad, skipped = (_sum(root, names) for names in (("tests",), ("failures", "errors"), ("skipped",)))
        return cls(total - bad - skipped, bad, skipped)


@dataclass(frozen=True)
class Step:
    """One command, or a pytest run over ``paths``; ``budget_s`` is its share of the whole time in seconds.

    Under FULL=1 ``whole_paths`` are run instead, which no budget holds for.
    """

    name: str
    budget_s: int
    command: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    whole_paths: tuple[str, ...] = ()
    workers: int = 0
    is_fast: bool = False
    is_lonely: bool = True  # False: waits more than it works, so two such steps run side by side
    is_windowed: bool = False  # a window of its own per file, on a display that nobody sees
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a step; ``note`` tells what could not run."""

    step: Step
    seconds: float
    has_failed: bool
    counts: Counts = Counts()
    note: str = ""


STEPS: Final = (
    Step("lint", 5, command=(*PYTHON, "ruff", "check", "."), is_fast=True),
    Step("format", 5, command=(*PYTHON, "ruff", "format", "--check", "."), is_fast=True),
    Step("types", 45, command=(*PYTHON, "mypy"), is_fast=True),
    Step("imports", 5, command=(str(Path(sys.executable).with_name("lint-imports")),), is_fast=True),
    Step(
        "unit",
        80,
        paths=("tests/contracts", "tests/shared", "tests/routing", "tests/deploy", "tests/benchmarks"),
        workers=2,
        is_fast=True,
    ),
    Step("server", 140, paths=("tests/server",), workers=2, is_fast=True),
    Step("mobile", 35, paths=("tests/mobile",), workers=2, is_fast=True),
    # The longest first: what is left over at the end keeps one core only.
    Step("journeys", 180, paths=("tests/journeys",), is_lonely=False),
    Step("endurance samples", 150, paths=("tests/soak",), is_lonely=False),
    Step("phone windows", 90, paths=("tests/mobile_ui",), is_windowed=True, is_lonely=False),
    Step(
        "journeys on PostgreSQL",
        70,
        paths=("tests/journeys",),
        is_lonely=False,
        environment={"LEAKFIRST_TEST_DATABASE_URL": os.environ.get("LEAKFIRST_TEST_DATABASE_URL") or "throwaway"},
    ),
    Step(
        "planner without numba",
        10,
        paths=SAMPLE_WITHOUT_NUMBA,
        whole_paths=WHOLE_WITHOUT_NUMBA,
        is_lonely=False,
        environment={"LEAKFIRST_NO_NUMBA": "1"},
    ),
    Step("browser", 155, paths=("tests/browser",), workers=2),
)


def budget_s(steps: Sequence[Step]) -> int:
    """Return the seconds that the steps may take in all; of those that share the cores each counts in part."""
    return sum(step.budget_s if step.is_lonely else step.budget_s // LANES for step in steps)


def say(line: str = "") -> None:
    """Write one line at once, so that it stands before what the next program writes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_steps(steps: Sequence[Step], *, is_fast_run: bool) -> list[Outcome]:
    """Run the steps in their order; neighbours that are not lonely run side by side, and speak one after another."""
    outcomes: list[Outcome] = []
    for is_lonely, group in groupby(steps, key=lambda step: step.is_lonely):
        if is_lonely:
            outcomes += [run_step(step, is_fast_run=is_fast_run) for step in group]
            continue
        with ThreadPoolExecutor(LANES) as lanes:
            outcomes += lanes.map(lambda step: run_step(step, is_fast_run=is_fast_run), list(group))
    return outcomes


def run_step(step: Step, *, is_fast_run: bool) -> Outcome:
    """Run one step and measure it; what a step beside others writes is shown when it has ended."""
    if step.is_lonely:
        say(f"\n==> {step.name} (budget {step.budget_s} s)")
        return _run(step, None, is_fast_run=is_fast_run)
    RESULTS.mkdir(parents=True, exist_ok=True)
    log = RESULTS / f"{step.name.replace(' ', '-')}.log"
    with log.open("w+", encoding="utf-8", errors="replace") as out:
        outcome = _run(step, out, is_fast_run=is_fast_run)
    say(f"\n==> {step.name} (budget {step.budget_s} s)\n{log.read_text(encoding='utf-8', errors='replace').rstrip()}")
    return outcome


def _run(step: Step, out: IO[str] | None, *, is_fast_run: bool) -> Outcome:
    started = time.monotonic()
    if step.command:
        has_failed = subprocess.run(step.command, cwd=ROOT, check=False, **_streams(out)).returncode != 0
        return Outcome(step, time.monotonic() - started, has_failed)
    wanted = step.whole_paths if is_full() and step.whole_paths else step.paths
    paths = tuple(path for path in wanted if (ROOT / path).exists())
    if not paths:
        say(f"{', '.join(wanted)}: not there, nothing to run")
        return Outcome(step, 0.0, has_failed=False, note="no tests yet")
    results = [_run_pytest(step, group, out, is_fast_run=is_fast_run) for group in _groups(step, paths)]
    counts = Counts()
    for _, found in results:
        counts = counts.plus(found)
    has_failed = any(code not in {0, NO_TESTS_COLLECTED} for code, _ in results)
    return Outcome(step, time.monotonic() - started, has_failed, counts)


def _groups(step: Step, paths: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what runs in one process: everything, or each file by itself where a window is opened."""
    if not step.is_windowed:
        yield paths
        return
    for path in paths:
        yield from ((str(file.relative_to(ROOT)),) for file in sorted((ROOT / path).rglob("test_*.py")))


def _streams(out: IO[str] | None) -> dict[str, Any]:
    return {} if out is None else {"stdout": out, "stderr": subprocess.STDOUT}


def _run_pytest(step: Step, paths: tuple[str, ...], out: IO[str] | None, *, is_fast_run: bool) -> tuple[int, Counts]:
    junit = RESULTS / f"{step.name.replace(' ', '-')}.xml"
    junit.parent.mkdir(parents=True, exist_ok=True)
    junit.unlink(missing_ok=True)
    command = [*PYTHON, "pytest", "-q", "-rs", f"--junitxml={junit}", *paths]
    command += ["-n", str(step.workers), "--dist", "loadfile"] if step.workers else []
    command += ["-m", "not slow"] if is_fast_run else []
    if step.is_windowed and shutil.which("xvfb-run"):
        command = [*XVFB, *command]
    with _quick_files() as (folder, quick):
        surroundings = {**os.environ, **quick, **step.environment}
        command += [f"--basetemp={folder}/t"]
        code = subprocess.run(command, cwd=ROOT, env=surroundings, check=False, **_streams(out)).returncode
    return code, Counts() if code == NO_TESTS_COLLECTED else Counts.from_junit(junit)


@contextmanager
def _quick_files() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield a folder for temporary files, in memory where that is roomy, and the surroundings that point to it.

    Tests end processes, never the machine: what was flushed and what was only written look alike to them.
    """
    is_roomy = os.access(SCRATCH, os.W_OK) and shutil.disk_usage(SCRATCH).free > SCRATCH_BYTES
    with tempfile.TemporaryDirectory(
        prefix="lf-", dir=SCRATCH if is_roomy else None, ignore_cleanup_errors=True
    ) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL's own user goes through it
        # Without kept bytecode a server starts in three seconds more.
        yield folder, {"TMPDIR": folder, "PYTHONDONTWRITEBYTECODE": ""}


def _sum(root: ET.Element, names: tuple[str, ...]) -> int:
    return sum(int(suite.get(name, "0")) for suite in root.iter("testsuite") for name in names)


def summarise(outcomes: list[Outcome], seconds: float) -> None:
    """Write each step's time against its budget, all of it (``seconds``) and, last, one plain line of totals."""
    say("\nstep                        result    time   budget")
    total = Counts()
    for outcome in outcomes:
        result = outcome.note or ("FAILED" if outcome.has_failed else "ok")
        late = "  over its budget" if outcome.seconds > outcome.step.budget_s else ""
        say(f"{outcome.step.name:<26}{result:>8} {outcome.seconds:>6.1f} s {outcome.step.budget_s:>5} s{late}")
        total = total.plus(outcome.counts)
    say(f"{'all':<26}{'':>8} {seconds:>6.1f} s {budget_s([outcome.step for outcome in outcomes]):>5} s")
    failed_steps = [outcome.step.name for outcome in outcomes if outcome.has_failed]
    if failed_steps:
        say(f"failed: {', '.join(failed_steps)}")
    say(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")


def main() -> int:
    """Run the chosen steps; return 1 when one has failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extent", choices=("all", "fast"), help="everything, or what is done within two minutes")
    is_fast_run = parser.parse_args().extent == "fast"
    chosen = [step for step in STEPS if step.is_fast or not is_fast_run]
    started = time.monotonic()
    outcomes = run_steps(chosen, is_fast_run=is_fast_run)
    summarise(outcomes, time.monotonic() - started)
    return int(any(outcome.has_failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
