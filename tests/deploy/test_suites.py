"""The test runner's totals come from what pytest wrote, and a crashed run counts as a failure."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deploy import fonts, suites

JUNIT = """<testsuites><testsuite tests="9" failures="1" errors="1" skipped="3"/>
<testsuite tests="1" failures="0" errors="0" skipped="0"/></testsuites>"""


def test_totals_are_summed_over_suites_when_pytest_finished(tmp_path: Path) -> None:
    """Errors count as failures; what is neither failed nor skipped has passed."""
    (tmp_path / "junit.xml").write_text(JUNIT, encoding="utf-8")
    assert suites.Counts.from_junit(tmp_path / "junit.xml") == suites.Counts(passed=5, failed=2, skipped=3)


def test_run_counts_as_failed_when_pytest_wrote_nothing(tmp_path: Path) -> None:
    """A crash of the runner must not look like success."""
    assert suites.Counts.from_junit(tmp_path / "absent.xml").failed == 1


def test_step_fails_when_its_command_fails() -> None:
    """The exit code of a checker decides."""
    python = (sys.executable, "-c")
    outcomes = [
        suites.run_step(suites.Step("probe", 1, command=(*python, f"raise SystemExit({code})")), is_fast_run=False)
        for code in (0, 1)
    ]
    assert [outcome.has_failed for outcome in outcomes] == [False, True]


def test_step_says_so_when_its_folder_is_missing() -> None:
    """A suite that is not there is named, not hidden."""
    outcome = suites.run_step(suites.Step("probe", 1, paths=("tests/absent",)), is_fast_run=False)
    assert (outcome.has_failed, outcome.note) == (False, "no tests yet")


@pytest.mark.parametrize("full", ["", "1"])
def test_planner_is_tested_with_numba_blocked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, full: str) -> None:
    """The step's own surroundings block numba; a sample is run, and all that plans when FULL=1 asks for it."""
    monkeypatch.setenv("FULL", full)
    seen: list[tuple[list[str], dict[str, str]]] = []

    def noted(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[bytes]:
        seen.append((command, env))
        return subprocess.CompletedProcess(command, suites.NO_TESTS_COLLECTED)

    monkeypatch.setattr(suites, "RESULTS", tmp_path)
    monkeypatch.setattr(subprocess, "run", noted)
    step = next(step for step in suites.STEPS if step.name == "planner without numba")
    suites.run_step(step, is_fast_run=False)
    ((command, surroundings),) = seen
    monkeypatch.undo()
    asked = [word for word in command if word.startswith("tests/")]
    assert asked == list(suites.WHOLE_WITHOUT_NUMBA if full else suites.SAMPLE_WITHOUT_NUMBA)
    assert all((suites.ROOT / path).exists() for path in asked)
    probe = "from routing.search import compiled; import sys; print(compiled.IS_COMPILED, 'numba' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", probe], env=surroundings, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]


def test_summary_ends_with_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the log finds the totals on its last line, and late steps marked."""
    step = suites.Step("unit", 10)
    suites.summarise([suites.Outcome(step, 11.0, has_failed=False, counts=suites.Counts(3, 0, 1))], 11.0)
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[-1] == "3 passed, 0 failed, 1 skipped"
    assert "over its budget" in "".join(lines)


def test_budgets_stay_within_twelve_minutes() -> None:
    """The whole run is twelve minutes, the fast part is measured apart (decision 21)."""
    assert suites.budget_s(suites.STEPS) <= 12 * 60


def test_steps_beside_each_other_run_together_and_speak_apart(capfd: pytest.CaptureFixture[str]) -> None:
    """Each of two waits for the other's file: one after the other they would never end; a failure stays its own."""
    wait = (
        "import pathlib,sys,time;pathlib.Path({0!r}).touch()\nwhile not pathlib.Path({1!r}).exists(): time.sleep(.01)"
    )
    with tempfile.TemporaryDirectory() as folder:
        pair = [f"{folder}/left", f"{folder}/right"]
        steps = [
            suites.Step(
                f"step {code}", 1, (sys.executable, "-c", f"{wait.format(*names)}\nsys.exit({code})"), is_lonely=False
            )
            for code, names in enumerate((pair, pair[::-1]))
        ]
        outcomes = suites.run_steps(steps, is_fast_run=False)
    assert [outcome.has_failed for outcome in outcomes] == [False, True]
    assert "==> step 0" in capfd.readouterr().out


def test_font_subset_covers_common_hanzi_and_the_priority_shapes() -> None:
    """GB2312 has 6,763 hanzi; priorities have a shape each."""
    points = fonts.wanted_code_points()
    assert sum(0x4E00 <= point <= 0x9FFF for point in points) == 6763
    assert {ord(character) for character in "◆▲●■✓←→⚠℃≤≥王林赵钱燃气"} <= points
