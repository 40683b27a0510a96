"""The benchmark of vehicle routing with time windows: its referee finds broken plans, its file has the agreed form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks import referee_vrptw as referee
from tests.benchmarks.vrptw.__main__ import main

TOY = """TOY

VEHICLE
NUMBER     CAPACITY
  3         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0         0          0          0       100          0
    1      3         4          6          0        50         10
    2      6         8          4         10        60         10
    3      0         5          5          0         5          1
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A folder with one instance of three customers."""
    (tmp_path / "TOY.txt").write_text(TOY, encoding="utf-8")
    return tmp_path


def test_referee_measures_a_kept_plan(toy: Path) -> None:
    """Out to 1 and 2 and home is 5 + 5 + 10; to 3 and back is 10."""
    instance = referee.read(toy / "TOY.txt")
    assert referee.judge(instance, [[1, 2], [3], []]) == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("routes", "fault"),
    [
        ([[1, 2]], "missing"),
        ([[1, 2], [3], [3]], "twice"),
        ([[1, 3], [2]], "overloaded"),
        ([[2, 3], [1]], "customer 3 is reached"),
    ],
)
def test_referee_names_a_broken_rule(toy: Path, routes: list[list[int]], fault: str) -> None:
    """Every rule of the instance has a plan that breaks it."""
    with pytest.raises(referee.BrokenRuleError, match=fault):
        referee.judge(referee.read(toy / "TOY.txt"), routes)


@pytest.mark.timeout(600)  # the first run on a machine compiles the search
def test_benchmark_writes_rows_and_summary(toy: Path) -> None:
    """Keys as agreed; the gap is a share of the best known distance, null for peers that were not run."""
    bks, out = toy / "bks.json", toy / "out.json"
    bks.write_text(json.dumps({"TOY_distance": {"best_known_cost": 30.0}}), encoding="utf-8")
    assert main([str(toy), "--bks", str(bks), "--cpu", "0.05", "--json", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["summary"] == {
        "instances": 1,
        "ours_solved": 1,
        "ours_mean_gap": pytest.approx(0.0),
        "pyvrp_mean_gap": None,
        "vroom_mean_gap": None,
        "ortools_mean_gap": None,
        "ours_over_pyvrp": None,
    }
    assert [row["instance"] for row in found["rows"]] == ["TOY"]
