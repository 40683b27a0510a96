"""The referee of technician routing agrees with the published solutions and finds planted faults; the command runs."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from routing.search.hours import rounds
from tests.benchmarks import trsp
from tests.benchmarks.referee_trsp import BrokenRuleError, Instance, judge, read_instance, read_reference, read_routes

pytestmark = pytest.mark.timeout(900)  # the first call in a fresh checkout compiles the search

_SHARED = Path(__file__).resolve().parents[2] / "../shared"
_DATA = _SHARED / "data/trsp"
_CHECK = _SHARED / "tools/trsp_check.py"

TINY = """TINY

INFO
CREW COUNT  SKILLS  TOOLS   SPARE PARTS
2      5       5       2

DEPOT TECHNICIANS AND REQUESTS
ID   X     Y     TWS    TWE    Serv   SKILLS   TOOLS    SPARE PARTS
0    0     0     0      200    0      []     []     []
1    10    0     0      200    0      [0,1]  [0]    [1,0]
2    20    0     0      200    0      [2]    []     [0,0]
3    10    10    0      100    5      [0]    [0]    [1,0]
4    10    20    50     60     5      [1]    []     [0,0]
5    10    5     0      200    5      [1]    [1]    [0,0]
6    20    10    0      200    5      [2]    []     [0,2]
"""
# Wang (home 1) ends at 7 and may fetch at 9; Zhao's request is 5, the one that needs a tool he lacks.
GOOD = "1,3,4,9,5,7|2,10,6,8"


@pytest.fixture(name="tiny")
def _tiny(tmp_path: Path) -> Instance:
    path = tmp_path / "TINY.txt"
    path.write_text(TINY, encoding="utf-8")
    return read_instance(path)


def test_working_time_runs_from_the_latest_departure_that_keeps_the_end(tiny: Instance) -> None:
    """Wang waits for the window of request 4 at home: he leaves so late that nothing is waited for on the way."""
    first = read_routes(GOOD)[0]
    way = 10 + 5 + 10 + 5 + (10**2 + 20**2) ** 0.5 + (10**2 + 5**2) ** 0.5 + 5 + 5
    second = 20 + (20**2 + 10**2) ** 0.5 + 5 + 10
    assert first == [1, 3, 4, 9, 5, 7]
    assert judge(tiny, read_routes(GOOD)) == pytest.approx(way + second)


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        ("1,3,4,9,5,7", "served exactly once"),
        ("1,3,3,4,9,5,7|2,10,6,8", "served exactly once"),
        ("1,3,4,5,7|2,10,6,8", "tool or part"),
        ("1,3,4,9,5,7|2,6,10,8", "tool or part"),
        ("1,3,4,9,5,6,7", "skill"),
        ("1,9,3,4,9,5,7|2,10,6,8", "one visit to the depot"),
        ("1,3,4,10,5,7|2,10,6,8", "one visit to the depot"),
        ("1,3,4,9,5,8|2,10,6,8", "start at home"),
        ("1,9,5,3,4,7|2,10,6,8", None),
        ("1,3,9,5,4,7|2,10,6,8", "late"),
        ("1,3,7|1,4,9,5,7|2,10,6,8", "two routes"),
    ],
)
def test_planted_fault_is_named(tiny: Instance, routes: str, message: str | None) -> None:
    """Each rule broken on purpose; the one without a message is legal in another order."""
    if message is None:
        assert judge(tiny, read_routes(routes)) > 0
    else:
        with pytest.raises(BrokenRuleError, match=message):
            judge(tiny, read_routes(routes))


def _published() -> ModuleType:
    spec = importlib.util.spec_from_file_location("published_check", _CHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not (_DATA.exists() and _CHECK.exists()), reason="the public instances are not here")
def test_published_solutions_have_their_published_working_time() -> None:
    """All reference solutions, against their value and against the published checker."""
    check = _published()
    with (_DATA / "reference_solutions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 27
    for row in rows:
        path = _DATA / "crew25" / f"{row['instance']}.txt"
        ours = judge(read_instance(path), read_routes(row["routes"]))
        assert ours == pytest.approx(float(row["working_time"]), abs=0.01)
        assert ours == pytest.approx(check.check(check.load(str(path)), row["routes"]), abs=1e-6)


def test_command_solves_a_folder_and_writes_rows_that_the_referee_accepts(tiny: Instance, tmp_path: Path) -> None:
    """The tiny instance has one best plan; its routes in the JSON are those that were judged."""
    (tmp_path / "reference.csv").write_text(
        "instance,best_working_time,mean_working_time,runs\nTINY,100.0,110.0,20\n", encoding="utf-8"
    )
    out = tmp_path / "out.json"
    code = trsp.main(
        [str(tmp_path), "--reference", str(tmp_path / "reference.csv"), "--cpu", "0.3", "--json", str(out)]
    )
    found = json.loads(out.read_text(encoding="utf-8"))
    row = found["rows"][0]
    assert code == 0
    assert row["served"] == row["requests"] == 4
    assert judge(tiny, read_routes(row["routes"])) == pytest.approx(row["working_time"], abs=1e-3)
    assert row["working_time"] <= judge(tiny, read_routes(GOOD)) + 1e-3
    assert found["summary"]["mean_over_best"] == pytest.approx(row["working_time"] / 100, abs=1e-6)
    assert read_reference(tmp_path / "reference.csv")["tiny"] == (100.0, 110.0)


def _run(*arguments: object) -> dict[str, Any]:
    """Run the command with its JSON as the last argument and return what it wrote."""
    trsp.main([*map(str, arguments[:-1]), "--cpu", "0.2", "--json", str(arguments[-1])])
    found: dict[str, Any] = json.loads(Path(str(arguments[-1])).read_text(encoding="utf-8"))
    return found


REFERENCE = "instance,best_working_time,mean_working_time,runs\ntiny,100.0,110.0,20\nOTHER,,,\nABSENT,1,2,3\n"


def test_instances_below_the_folder_are_solved_and_other_text_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names in any case in folders of folders; reference, solutions and notes beside them are no instances."""
    (tmp_path / "crew2" / "more").mkdir(parents=True)
    (tmp_path / "crew2" / "TINY.TXT").write_text(TINY, encoding="utf-8")
    (tmp_path / "crew2" / "more" / "other.txt").write_text(TINY, encoding="utf-8")
    (tmp_path / "crew2" / "reference.txt").write_text(REFERENCE, encoding="utf-8")
    (tmp_path / "crew2" / "solutions.txt").write_text(f"instance,routes\nTINY,{GOOD}\n", encoding="utf-8")
    (tmp_path / "README.txt").write_text("2 5 5 2\n0 1 2 3 4 5 [x [ [\n1 1 1 1 1 1 [(] [] []\n", encoding="utf-8")
    found = _run(tmp_path, "--reference", tmp_path / "crew2" / "reference.txt", tmp_path / "new" / "out.json")
    assert [row["instance"] for row in found["rows"]] == ["TINY", "other"]
    assert ["ratio_mean" in row for row in found["rows"]] == [True, False]
    assert (found["summary"]["instances"], found["summary"]["solved"]) == (2, 2)
    told = capsys.readouterr().err
    assert all(name in told for name in ("solutions.txt", "README.txt"))


def test_search_that_breaks_on_one_instance_does_not_end_the_run(
    tiny: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row says what happened, the other instance has its plan; the next run tries the broken one again."""
    (tmp_path / "WORSE.txt").write_text(TINY, encoding="utf-8")
    whole = rounds.plan
    asked: list[float] = []

    def broken(*arguments: Any, **options: Any) -> Any:
        asked.append(options["cpu_s"])
        if len(asked) == 3:  # the first loads the search, the second is TINY
            raise MemoryError("too large")
        return whole(*arguments, **options)

    monkeypatch.setattr(rounds, "plan", broken)
    rows = _run(tmp_path, tmp_path / "out.json")["rows"]
    assert [row.get("refused") for row in rows] == [None, "failed: MemoryError: too large"]
    again = _run(tmp_path, tmp_path / "out.json")
    assert again["rows"][0] == rows[0]
    assert "refused" not in again["rows"][1]
    assert (again["summary"]["solved"], len(asked)) == (2, 5)
    assert tiny.name == "TINY"


@pytest.mark.parametrize("before", ["", "{"])
def test_damaged_file_of_an_earlier_run_is_begun_anew(tiny: Instance, tmp_path: Path, before: str) -> None:
    """Nothing or half a file in place of the results holds nobody up."""
    (tmp_path / "out.json").write_text(before, encoding="utf-8")
    assert [row["instance"] for row in _run(tmp_path, tmp_path / "out.json")["rows"]] == [tiny.name]


def test_or_tools_solves_beside_ours(tiny: Instance, tmp_path: Path) -> None:
    """Its plan of the tiny instance is judged by the same referee; a run without it is completed, not repeated."""
    pytest.importorskip("ortools", reason="OR-Tools is not installed")
    (tmp_path / "reference.csv").write_text(REFERENCE, encoding="utf-8")
    arguments = (tmp_path, "--reference", tmp_path / "reference.csv")
    alone = _run(*arguments, tmp_path / "out.json")
    assert "ortools_solved" not in alone["summary"]
    both = _run(*arguments, "--peers", tmp_path / "out.json")
    row = both["rows"][0]
    assert {key: value for key, value in row.items() if key != "ortools"} == alone["rows"][0]
    assert judge(tiny, read_routes(row["ortools"]["routes"])) == pytest.approx(row["ortools"]["working_time"], abs=1e-3)
    assert row["ortools"]["working_time"] <= judge(tiny, read_routes(GOOD))
    assert (both["summary"]["ortools_solved"], both["is_complete"]) == (1, True)
    assert both["summary"]["ortools_mean_over_reference"] == pytest.approx(row["ortools"]["working_time"] / 110)


def test_or_tools_that_breaks_leaves_ours_alone(
    tiny: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its part of the row says what happened."""
    monkeypatch.setitem(sys.modules, "tests.benchmarks.trsp_model", None)
    row = _run(tmp_path, "--peers", tmp_path / "out.json")["rows"][0]
    assert (row["instance"], row["served"]) == (tiny.name, 4)
    assert "ModuleNotFoundError" in row["ortools"]["refused"]
