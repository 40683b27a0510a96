"""The leak-day benchmark: its worlds are those of the definition, and a short run keeps its figures sane."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.benchmarks.leak_day import __main__ as command
from tests.benchmarks.leak_day.__main__ import main, wanted_days
from tests.benchmarks.leak_day.day import Day
from tests.benchmarks.leak_day.metrics import Outcome, figures, outcome_of
from tests.benchmarks.leak_day.policies import POLICIES, fingerprint
from tests.benchmarks.leak_day.rules import FirstComeFirstServed, NearestPreempting
from tests.benchmarks.leak_day.world import ROUTINE_ORDERS, TECHNICIANS, make_world

TOOL = Path(__file__).resolve().parents[2] / "../shared/tools/leak_day_world.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The definition's own generator."""
    if not TOOL.exists():
        pytest.skip("../shared/tools/leak_day_world.py is not beside the checkout")
    spec = importlib.util.spec_from_file_location("leak_day_world", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("seed", "scenario"), [(1, "A"), (2, "B"), (7, "C"), (20, "C")])
def test_world_equals_the_definitions_to_the_last_figure(tool: ModuleType, seed: int, scenario: str) -> None:
    """Orders, hidden durations, homes and travel noise are the same numbers."""
    theirs, ours = tool.world(seed, scenario), make_world(seed, scenario)
    columns = ("priority", "known_s", "opens_s", "due_s", "planned_s", "actual_s", "needs_gas")
    for column in columns:
        assert [order[column] for order in theirs["orders"]] == getattr(ours, column).tolist(), column
    assert [[order["x"], order["y"]] for order in theirs["orders"]] == ours.places.tolist()
    assert theirs["homes"] == ours.homes.tolist()
    assert theirs["travel_noise"] == ours.noise.tolist()
    assert theirs["qualified"] == ours.qualified.tolist()


def _dealt_out(scenario: str = "A") -> list[list[int]]:
    """Return a morning plan without any planner: everybody gets his share of the orders, by window."""
    world = make_world(1, scenario)
    order = np.argsort(world.opens_s[:ROUTINE_ORDERS], kind="stable").tolist()
    gas = [job for job in order if world.needs_gas[job]]
    rest = [job for job in order if not world.needs_gas[job]]
    able = int(world.qualified.sum())
    plan: list[list[int]] = [gas[crew::able] if crew < able else [] for crew in range(TECHNICIANS)]
    for at, job in enumerate(rest):
        plan[TECHNICIANS - 1 - at % TECHNICIANS].append(job)
    return [sorted(tail, key=lambda job: world.opens_s[job]) for tail in plan]


@pytest.mark.parametrize("policy", [FirstComeFirstServed, NearestPreempting])
def test_day_of_a_plain_rule_loses_nobody(policy: type[FirstComeFirstServed]) -> None:
    """Every emergency is reached after its report and never by somebody unqualified; driving is what legs add up to."""
    day = Day(make_world(1, "A"))
    day.play(policy(_dealt_out()))
    outcome = outcome_of(day, "rule", 0.0)
    assert all(0 < wait < 6 * 3600 for wait in outcome.emergency_waits_s)
    assert len(outcome.emergency_waits_s) == 28
    assert len(outcome.routine_late_s) == ROUTINE_ORDERS
    assert outcome.km > 600
    assert all(crew.place == crew.home for crew in day.crews)


def test_calling_people_off_reaches_leaks_sooner_than_waiting_for_somebody_free() -> None:
    """The nearest crew, whatever it does, is there in less than half the time of the nearest free one."""
    days = []
    for policy in (NearestPreempting, FirstComeFirstServed):
        day = Day(make_world(1, "A"))
        day.play(policy(_dealt_out()))
        days.append(figures([outcome_of(day, "rule", 0.0)]))
    near, first = days
    assert near["p1_p50_min"] < first["p1_p50_min"] / 2
    assert near["interruptions_per_day"] > 0 == first["interruptions_per_day"]


def test_same_seed_gives_the_same_day() -> None:
    """Two runs of a rule differ in nothing but CPU time."""
    outcomes = []
    for _ in range(2):
        day = Day(make_world(3, "C"))
        day.play(NearestPreempting(_dealt_out("C")))
        outcomes.append(outcome_of(day, "rule", 0.0))
    assert outcomes[0] == outcomes[1]


def test_command_writes_rows_and_a_summary_and_takes_up_where_it_was_left(tmp_path: Path) -> None:
    """A run writes one row per policy and seed; a second run plays nothing again."""
    out = tmp_path / "leak.json"
    arguments = ["--scenario", "A", "--seeds", "1", "--policies", "fcfs", "--json", str(out)]
    assert main(arguments) == 0
    written = out.read_text("utf-8")
    known = json.loads(written)
    assert [(row["policy"], row["seed"]) for row in known["rows"]] == [("fcfs", 1)]
    assert known["summary"]["policies"]["fcfs"]["p1_within_60_share"] > 0.5
    assert main(arguments) == 0
    assert json.loads(out.read_text("utf-8")) == known


@pytest.mark.parametrize("before", ["", '{"scenario": "A", "da', "[]", "\0\0"])
def test_damaged_file_of_an_earlier_run_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], before: str
) -> None:
    """Nothing, half a file, something else: it is told, and all days are played."""
    out = tmp_path / "leak.json"
    out.write_text(before, "utf-8")
    monkeypatch.setattr(command, "play", _played_at_once)
    assert main(["--seeds", "1-2", "--json", str(out)]) == 0
    assert [(row["policy"], row["seed"]) for row in json.loads(out.read_text("utf-8"))["rows"]] == [
        ("ours", 1),
        ("ours", 2),
    ]
    assert "leak.json: " in capsys.readouterr().err


def test_interrupted_run_is_marked_and_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was played before the interruption stands, marked as not all; the next run plays the rest."""
    out, asked = tmp_path / "new" / "leak.json", []

    def interrupted(policy: str, seed: int, scenario: str) -> Outcome:
        asked.append(seed)
        if asked == [1, 2]:
            raise KeyboardInterrupt
        return _played_at_once(policy, seed, scenario)

    monkeypatch.setattr(command, "play", interrupted)
    with pytest.raises(KeyboardInterrupt):
        main(["--seeds", "1-3", "--json", str(out)])
    half = json.loads(out.read_text("utf-8"))
    assert ([row["seed"] for row in half["rows"]], half["is_complete"]) == ([1], False)
    assert main(["--seeds", "1-3", "--json", str(out)]) == 0
    assert asked == [1, 2, 2, 3]
    assert json.loads(out.read_text("utf-8"))["is_complete"]


def _played_at_once(policy: str, seed: int, scenario: str) -> Outcome:
    """Stand for a day that takes half a minute: nothing is done on it."""
    return outcome_of(Day(make_world(seed, scenario)), policy, 0.0)


def test_unknown_policy_is_named_with_the_known_ones(tmp_path: Path) -> None:
    """A typing error ends the command with what could have been meant."""
    with pytest.raises(SystemExit, match="hybrid"):
        main(["--policies", "hybrid", "--json", str(tmp_path / "x.json")])
    assert {"ours", "fcfs", "near+preempt", "hyb", "OR-Tools warm"} <= set(POLICIES)


def test_days_are_played_anew_when_the_code_has_changed(tmp_path: Path) -> None:
    """The same settings under other code are other days: one changed line of a planner tells them apart."""
    (tmp_path / "planner.py").write_text("x = 1\n", "utf-8")
    before = fingerprint([tmp_path])
    assert fingerprint([tmp_path]) == before
    (tmp_path / "planner.py").write_text("x = 2\n", "utf-8")
    assert fingerprint([tmp_path]) != before


def test_seeds_hold_for_every_policy_that_is_named() -> None:
    """Twenty asked for are twenty; without being asked, peers are played on five."""
    twenty = list(range(1, 21))
    assert wanted_days("ours,hyb", twenty, None) == [(name, seed) for name in ("ours", "hyb") for seed in twenty]
    assert [seed for name, seed in wanted_days("ours,hyb", None, None) if name == "hyb"] == twenty[:5]
    assert [seed for name, seed in wanted_days("all", twenty, None) if name == "fcfs"] == twenty[:5]
