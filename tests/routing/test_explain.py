"""Why this technician, what if another, why nobody: figures that agree with the planner's own plans."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import shared
from routing.__main__ import main
from routing.explain import explain_job, list_undone, what_if
from routing.moved import list_lost, list_moved
from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Leave, Problem, Skill
from routing.remark import minutes
from routing.stop import MaxIterations
from routing.urgent import insert_urgent
from routing.wire import encode
from routing.words import in_one_sentence
from shared.errors import DomainError
from shared.text import LANGUAGES, Catalog
from tests.routing.worlds import DAY_START, HOUR, a_job, a_leak, a_problem, a_technician, east, random_problem

LOCALE = Path(shared.__file__).parent / "locale"
CATALOG = Catalog.from_toml({lang: (LOCALE / f"planner.{lang}.toml").read_bytes() for lang in LANGUAGES})
NAMES = {"wang": "王建国", "sun": "孙梅"}


def two_technicians(jobs: list[object], **fields: object) -> Problem:
    """Return Wang near the centre and Sun farther out, with some jobs."""
    crew = [a_technician("wang", east(1_000)), a_technician("sun", east(6_000))]
    return a_problem(crew, jobs, **fields)  # type: ignore[arg-type]  # the caller passes jobs


def planned(problem: Problem) -> Plan:
    """Return the planner's plan of a problem, the same every time."""
    return plan_routes(problem, seed=1, stop=MaxIterations(5)).plan


def test_leak_is_explained_in_one_sentence_when_a_stop_gives_way() -> None:
    """Wang, minutes, next best, bound, and the one customer who has to hear of it."""
    tea = a_job("tea", east(1_200), windows=((DAY_START, DAY_START + 1500),), promised=True, due_s=DAY_START + 1500)
    problem = two_technicians([tea, a_leak("leak", release_s=DAY_START)])
    before = planned(two_technicians([tea]))
    answer = insert_urgent(problem, before, "leak")
    found = explain_job(problem, answer.plan, "leak", certificate=answer.certificate)
    english = in_one_sentence(CATALOG, "en", found.sentence, NAMES)
    at_s, next_s = answer.certificate.arrival_s, answer.certificate.next_best_arrival_s
    assert at_s is not None
    assert next_s is not None
    first, second = minutes(at_s - DAY_START), minutes(next_s - DAY_START)
    assert english.startswith(f"王建国 is there in {first} minutes; next best 孙梅 in {second}; ")
    assert f"nothing could be faster than {first}; " in english
    assert english.endswith(("one stop moved, its customer is to be told.", "one stop moved, its promise is kept."))
    assert f"王建国 {first} 分钟后到；其次 孙梅 {second} 分钟" in in_one_sentence(
        CATALOG, "zh_CN", found.sentence, NAMES
    )


def test_consent_is_named_with_the_arrival_without_it() -> None:
    """Wang is on a job that may be left; Sun would come without asking."""
    wang = a_technician("wang", east(500), available_s=DAY_START + HOUR, leave=Leave(place=east(500), from_s=DAY_START))
    problem = a_problem([wang, a_technician("sun", east(6_000))], [a_leak("leak")])
    found = explain_job(problem, planned(problem), "leak")
    assert [one.code for one in found.sentence][:2] == ["there", "consent"]
    assert found.sentence[1].data["technician"] == "sun"


@pytest.mark.parametrize("seed", range(6))
def test_every_order_can_be_explained_and_its_holder_stands_as_planned(seed: int) -> None:
    """The figures of whoever has an order are those of the plan, and every candidate is somebody of the crew."""
    problem = random_problem(seed, crew=4, count=12)
    plan = planned(problem)
    starts = {stop.job_id: (route.technician_id, stop.arrival_s) for route in plan.routes for stop in route.stops}
    for job in problem.jobs:
        found = explain_job(problem, plan, job.id)
        assert {one.technician_id for one in found.candidates} == {one.id for one in problem.technicians}
        if job.id in starts:
            own = next(one for one in found.candidates if one.technician_id == starts[job.id][0])
            assert (own.technician_id, own.arrival_s) == starts[job.id]
            assert found.undone is None
        else:
            assert found.undone is not None
            assert found.undone.reason == plan.unserved[job.id]


@pytest.mark.parametrize("seed", range(6))
def test_nobody_beats_the_bound_when_an_emergency_is_given_to_everyone(seed: int) -> None:
    """What-if over all technicians is the brute force against which the certificate must hold."""
    problem = random_problem(seed, crew=5, count=14, emergencies=1)
    plan = planned(problem)
    proof = explain_job(problem, plan, "J000").certificate
    tries = [what_if(problem, plan, "J000", one.id) for one in problem.technicians]
    arrivals = {one.technician_id: one.arrival_s for one in tries if one.arrival_s is not None}
    if proof.technician_id is None:
        assert arrivals == {}
        return
    assert proof.lower_bound_s is not None
    assert proof.lower_bound_s <= min(arrivals.values())
    assert arrivals[proof.technician_id] == proof.arrival_s == min(arrivals.values())


def test_what_if_tells_cost_windows_and_customers_when_the_far_technician_is_asked() -> None:
    """Sun would be late at her own promised customer: the figures say so, and the parts add up."""
    promised = a_job("zhao", east(6_100), windows=((DAY_START, DAY_START + 900),), promised=True)
    problem = two_technicians([promised, a_leak("leak")])
    plan = planned(problem)
    found = what_if(problem, plan, "leak", "sun")
    assert found.technician_before == "wang"
    assert found.reason is None
    assert found.change is not None
    parts = [getattr(found.change, name) for name in found.change.__struct_fields__ if name != "total"]
    assert sum(parts) == pytest.approx(found.change.total)
    assert found.change.total > 0
    after = {one.job_id: one.technician_after for one in found.moved}
    assert after == {"zhao": "wang"} or found.to_tell == ("zhao",)


def test_what_if_names_the_reason_when_a_technician_cannot() -> None:
    """Without the licence there is no figure, only the reason."""
    crew = [a_technician("wang", east(1_000)), a_technician("sun", skills=())]
    problem = a_problem(crew, [a_leak("leak")])
    found = what_if(problem, planned(problem), "leak", "sun")
    assert (found.reason, found.arrival_s, found.change) == ("no_skill", None, None)


def test_stranger_is_refused_when_asked_for_in_what_if() -> None:
    """Qian does not work here."""
    problem = two_technicians([a_leak("leak")])
    with pytest.raises(DomainError, match="technician_unknown"):
        what_if(problem, planned(problem), "leak", "qian")


def test_committed_order_may_be_given_to_another_in_what_if() -> None:
    """Wang has accepted it; Lin asks what Sun would do with it."""
    crew = [a_technician("wang", east(1_000), committed=("tea",)), a_technician("sun", east(6_000))]
    problem = a_problem(crew, [a_job("tea", east(5_500))])
    found = what_if(problem, planned(problem), "tea", "sun")
    assert found.technician_before == "wang"
    assert found.change is not None
    assert found.change.travel < 0


@pytest.mark.parametrize(
    ("fields", "reason", "way"),
    [
        ({"skills": ("co",)}, "no_skill", "way_skill"),
        ({"windows": ((DAY_START - 2 * HOUR, DAY_START - HOUR),)}, "window_closed", "way_window"),
        ({"service_s": 10 * HOUR}, "off_shift", "way_overtime"),
        ({"locked_to": "qian"}, "locked_technician_missing", "way_lock"),
        ({"unserved_penalty": 1.0}, "too_costly", "way_price"),
    ],
)
def test_undone_order_names_what_binds_and_the_way_out(fields: dict[str, Any], reason: str, way: str) -> None:
    """Each way out was tried: the planner places the order when it is taken."""
    problem = a_problem([a_technician("wang", east(9_000))], [a_job("tea", **fields)])
    (found,) = list_undone(problem, planned(problem))
    assert found.reason == reason
    assert way in {one.code for one in found.ways_out}


def test_expired_licence_is_a_way_out_and_a_full_day_names_the_stop_to_give_up() -> None:
    """Renewal, and the cheapest stop that nobody was promised."""
    wang = a_technician("wang", skills=(Skill(name="gas", valid_until_s=DAY_START - 1),))
    leak = a_problem([wang], [a_leak("leak")])
    assert "way_renewal" in {one.code for one in list_undone(leak, planned(leak))[0].ways_out}
    full = a_problem(
        [a_technician("wang")],
        [a_job("long", service_s=9 * HOUR, unserved_penalty=90_000.0), a_job("tea", service_s=2 * HOUR)],
    )
    (found,) = list_undone(full, planned(full))
    assert [one.data["job"] for one in found.ways_out if one.code == "way_stop"] == ["long"]


def test_plans_are_compared_by_technician_minute_and_window() -> None:
    """Nothing differs from itself; an empty plan loses every kept window and moves every stop to nobody."""
    problem = random_problem(5)
    plan = planned(problem)
    assert list_moved(problem, plan, plan) == ()
    assert list_lost(problem, plan, plan) == ()
    moved = list_moved(problem, plan, Plan())
    assert {one.technician_after for one in moved} == {None}
    assert len(moved) == sum(len(route.stops) for route in plan.routes)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_explain_and_what_if_are_printed_without_a_missing_word(
    lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every text of both commands exists; ``python -m routing FILE`` alone prints the plan."""
    problem = random_problem(3)
    problem_file, plan_file = tmp_path / "problem.json", tmp_path / "plan.json"
    problem_file.write_bytes(encode(problem))
    assert main([str(problem_file), "--iterations", "5"]) == 0
    plan_file.write_text(capsys.readouterr().out, encoding="utf-8")
    calls = [["explain", str(problem_file), str(plan_file), "--lang", lang]]
    calls += [[*calls[0], "--job", job.id] for job in problem.jobs]
    what = ["what-if", str(problem_file), str(plan_file), "--lang", lang, "--job", "J000", "--technician"]
    for call in [*calls, *([*what, one.id] for one in problem.technicians)]:
        assert main(call) == 0
        printed = capsys.readouterr().out
        assert "«" not in printed
        assert "{" not in printed


def test_json_carries_codes_and_figures_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a plan one is made first; a job nobody knows is one clear line."""
    path = tmp_path / "problem.json"
    path.write_bytes(encode(random_problem(3)))
    assert main(["explain", str(path), "--iterations", "5", "--job", "J000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sentence"][0]["code"] == "there"
    assert told["certificate"]["travel_quality"] == "straight"
    assert main(["explain", str(path), "--iterations", "5", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"leaks", "quality", "undone"}
    assert main(["explain", str(path), "--iterations", "5", "--job", "nothing"]) == 2
    assert "job_unknown" in capsys.readouterr().err


def test_every_reason_of_the_planner_has_words() -> None:
    """The reasons named in the docstrings of candidate and certificate."""
    reasons = tomllib.loads((LOCALE / "planner.en.toml").read_text(encoding="utf-8"))["planner"]["reason"]
    named = {"no_skill", "skill_expired", "off_shift", "unreachable", "locked_to_other", "no_room", "window_closed"}
    assert named | {"too_costly", "locked_technician_missing", "drive", "shift_start", "release"} <= set(reasons)
