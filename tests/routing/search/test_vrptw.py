"""The benchmark of vehicle routing with time windows: its referee finds broken plans, its file has the agreed form."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.benchmarks import referee_vrptw as referee
from tests.benchmarks.vrptw import ours
from tests.benchmarks.vrptw.__main__ import main
from tests.benchmarks.vrptw.contenders import PEERS
from tests.benchmarks.vrptw.plan import Solved

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


def _run(*arguments: object, cpu_s: float = 0.05) -> dict[str, Any]:
    """Run the command with its JSON as the last argument and return what it wrote."""
    main([*map(str, arguments[:-1]), "--cpu", str(cpu_s), "--json", str(arguments[-1])])
    found: dict[str, Any] = json.loads(Path(str(arguments[-1])).read_text(encoding="utf-8"))
    return found


@pytest.mark.timeout(600)
def test_instances_are_found_below_the_folder_and_other_text_is_left_out(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of folders, names in any case; notes, figures and solutions beside them are named and passed over."""
    (toy / "deep" / "er").mkdir(parents=True)
    (toy / "deep" / "er" / "other.TXT").write_text(TOY.replace("6          0 ", "5          0 "), encoding="utf-8")
    (toy / "README.txt").write_text("Instances of 1987.\n", encoding="utf-8")
    (toy / "solution.txt").write_text("1 2\n20 24 25 27 29 30 28\n5 3 7 8 10 11 9\n", encoding="utf-8")
    (toy / "empty.txt").write_bytes(b"")
    (toy / "noise.txt").write_bytes(bytes(range(128, 256)))
    (toy / "bks.json").write_text(json.dumps({"toy_distance": {"best_known_cost": 30.0}, "X": 1}), encoding="utf-8")
    found = _run(toy, "--bks", toy / "bks.json", toy / "out" / "new.json")
    assert [row["instance"] for row in found["rows"]] == ["TOY", "other"]
    assert [row["best_known"] for row in found["rows"]] == [30.0, None]
    assert found["summary"]["ours_solved"] == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("README.txt", "solution.txt", "empty.txt", "noise.txt"))


@pytest.mark.timeout(600)
def test_peers_solve_beside_ours_on_a_small_instance(toy: Path) -> None:
    """Whoever is installed has a plan that the referee accepts; whoever is not says so and holds up nobody."""
    found = _run(toy, "--peers", toy / "out.json", cpu_s=0.2)
    row, installed = found["rows"][0], {name for name in PEERS if importlib.util.find_spec(name)}
    for name in PEERS:
        if name in installed:
            assert (row[name]["fault"], row[name]["distance"]) == (None, pytest.approx(30.0)), name
        else:
            assert "not loaded" in row[name]["fault"]
    assert set(found["summary"]) == {
        "instances",
        "ours_solved",
        "ours_mean_gap",
        "pyvrp_mean_gap",
        "vroom_mean_gap",
        "ortools_mean_gap",
        "ours_over_pyvrp",
    }
    if not installed:
        pytest.skip("no peer is installed: only their absence was looked at")
    assert found["summary"]["ours_over_pyvrp"] == (pytest.approx(1.0) if "pyvrp" in installed else None)


@pytest.mark.timeout(600)
def test_peer_that_is_absent_or_breaks_takes_nobody_with_it(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyVRP cannot be loaded, VROOM fails on the instance: their rows say so, ours and OR-Tools' are there."""
    broken = ModuleType("broken")
    broken.solve = _fail  # type: ignore[attr-defined] # a module made on the spot
    monkeypatch.setitem(sys.modules, "tests.benchmarks.vrptw.peers.with_pyvrp", None)
    monkeypatch.setitem(sys.modules, "tests.benchmarks.vrptw.peers.with_vroom", broken)
    found = _run(toy, "--peers", toy / "out.json")
    row = found["rows"][0]
    assert row["ours"]["distance"] == pytest.approx(30.0)
    assert "not loaded: ModuleNotFoundError" in row["pyvrp"]["fault"]
    assert row["vroom"]["fault"] == "failed: OverflowError: 32 bits"
    assert "vroom" not in str(row["ortools"]["fault"])
    assert found["summary"]["ours_over_pyvrp"] is None


def _fail(_instance: referee.Instance, _cpu_s: float) -> Solved:
    raise OverflowError("32 bits")


@pytest.mark.timeout(600)
def test_rows_are_written_one_by_one_and_an_interrupted_run_is_taken_up(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted in the second instance the file holds the first, not complete; the next run solves the second."""
    (toy / "TOY2.txt").write_text(TOY.replace("  3         10", "  4         10"), encoding="utf-8")
    out, solve, asked = toy / "out.json", ours.solve, []

    def interrupted(instance: referee.Instance, cpu_s: float) -> Solved:
        asked.append(instance.name)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return solve(instance, cpu_s)

    monkeypatch.setattr(ours, "solve", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _run(toy, out)
    half = json.loads(out.read_text(encoding="utf-8"))
    assert ([row["instance"] for row in half["rows"]], half["is_complete"]) == (["TOY"], False)
    assert half["summary"]["instances"] == 1
    whole = _run(toy, out)
    assert asked == ["TOY", "TOY2", "TOY2"]
    assert ([row["instance"] for row in whole["rows"]], whole["is_complete"]) == (["TOY", "TOY2"], True)
    assert whole["rows"][0] == half["rows"][0]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("before", ["", "{", "[]", '{"same": 1}'])
def test_damaged_file_of_an_earlier_run_is_begun_anew(toy: Path, before: str) -> None:
    """Nothing, half a file or another's file in place of the results holds nobody up."""
    out = toy / "out.json"
    out.write_text(before, encoding="utf-8")
    assert _run(toy, out)["summary"]["ours_solved"] == 1


@pytest.mark.timeout(600)
def test_other_settings_are_another_run(toy: Path) -> None:
    """Results of other CPU seconds do not stand in for those asked for."""
    out = toy / "out.json"
    assert _run(toy, out)["same"] != _run(toy, out, cpu_s=0.06)["same"]
