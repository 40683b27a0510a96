"""The replay of real calls: the baseline equals the published tool's, and our rule uses nothing it could not know."""

import csv
import importlib.util
import json
import random
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.benchmarks.nyc.__main__ import crew_counts, figures, main
from tests.benchmarks.nyc.baseline import RULES, replay_baseline
from tests.benchmarks.nyc.laws import Calls, draw_jobs_s, read_calls, start_places_m
from tests.benchmarks.nyc.replay import Replay
from tests.benchmarks.nyc.rule import read_settings

SHARED = Path(__file__).resolve().parents[3] / "../shared"
FILE = SHARED / "data/orders/nyc-gas-2018.csv"
TOOL = SHARED / "tools/nyc_baseline.py"


@pytest.fixture
def invented(tmp_path: Path) -> Path:
    """Return a file of 400 invented calls, about three an hour."""
    chance = random.Random(3)
    path = tmp_path / "calls.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["incident_datetime", "lat", "lon"])
        for number in range(400):
            minute = number * 20 + chance.randrange(20)
            when = f"2018-01-{1 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00.000"
            rows.writerow([when, 40.7 + chance.gauss(0, 0.06), -73.95 + chance.gauss(0, 0.06)])
    return path


def load_tool() -> ModuleType:
    """Return the published baseline as a module."""
    if not TOOL.exists() or not FILE.exists():
        pytest.skip("the published baseline and its calls lie outside the checkout")
    spec = importlib.util.spec_from_file_location("nyc_baseline", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("rule", RULES)
def test_baseline_equals_the_published_tool(rule: str) -> None:
    """Call by call the same minutes for every rule that is compared with."""
    tool = load_tool()
    day, calls = tool.calls(str(FILE)), read_calls(FILE)
    assert len(day) == len(calls)
    ours = np.sort(replay_baseline(calls.first(1500), 6, rule)) / 60
    assert ours == pytest.approx(tool.replay(day[:1500], 6, rule), abs=1e-6)


def test_every_call_is_reached_once_and_sooner_than_by_a_guess_never_revised(invented: Path) -> None:
    """On invented demand as well: all are reached, more within the hour, and the longest wait has an end."""
    calls = read_calls(invented)
    outcome = Replay(calls, 4, read_settings()).run(lambda _: None)
    baseline = figures(replay_baseline(calls, 4, "estimated"))
    ours = figures(outcome.wait_s)
    assert not np.isnan(outcome.wait_s).any()
    assert (outcome.wait_s >= 120).all()
    assert ours["within_60_share"] > baseline["within_60_share"]
    assert 0 < outcome.empty_m < outcome.driven_m


def test_future_is_never_looked_at(invented: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls and job lengths behind a moment change nothing before it: nobody peeks."""
    calls = read_calls(invented)
    whole = Replay(calls, 5, read_settings()).run(lambda _: None).wait_s
    places = calls.place_m.copy()
    places[300:] = places[300:][::-1]
    monkeypatch.setattr(
        "tests.benchmarks.nyc.replay.draw_jobs_s", lambda n: [*draw_jobs_s(300), *([9000.0] * (n - 300))]
    )
    monkeypatch.setattr("tests.benchmarks.nyc.replay.start_places_m", lambda _, crews: start_places_m(calls, crews))
    other = Replay(Calls(calls.at_s, calls.hour, places), 5, read_settings()).run(lambda _: None).wait_s
    reached_before = np.flatnonzero(calls.at_s + whole < calls.at_s[300])
    assert len(reached_before) > 250
    assert whole[reached_before] == pytest.approx(other[reached_before])


def test_command_writes_a_row_per_crew_count(
    invented: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows carry our figures, the baselines of the same run and the difference; the summary names what was known."""
    out = tmp_path / "out.json"
    assert main([str(invented), "--crews", "4-5", "--first", "120", "--json", str(out)]) == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [row["crews"] for row in written["rows"]] == [4, 5]
    assert set(written["rows"][0]["baseline"]) == set(RULES)
    assert {"p50_min", "p95_min", "within_30_share", "within_60_share", "worst_min"} <= set(written["rows"][0])
    assert "no job length before its end" in written["summary"]["information"]
    assert "4 crews" in capsys.readouterr().err


def test_crew_counts_are_a_range_or_a_list() -> None:
    """Both ways of writing several crew counts."""
    assert crew_counts("10-12") == [10, 11, 12]
    assert crew_counts("10,14") == [10, 14]
