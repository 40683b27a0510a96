"""Rests, depots, overtime, levels, instruments and territories, each on a day small enough to count by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from routing.fitting import fit_windows
from routing.plan import Objective, Plan, Route
from routing.planner import plan_routes
from routing.problem import Break, Depot, Instrument, Problem, Skill, SkillReserve
from routing.stop import MaxIterations
from routing.urgent import insert_urgent
from routing.verify import verify_plan
from shared.text import LANGUAGES, Catalog
from tests.routing.worlds import DAY_END, DAY_START, HOUR, a_job, a_leak, a_problem, a_technician, east

NOON = DAY_START + 4 * HOUR
LUNCH = Break(duration_s=1800, earliest_s=NOON, latest_s=NOON + HOUR)


ROOT = Path(__file__).resolve().parents[2]


def planned(problem: Problem) -> Plan:
    """Return a plan that the judge accepts."""
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=20)).plan
    assert verify_plan(problem, plan) == []
    return plan


def route_of(plan: Plan, name: str = "Wang") -> Route:
    """Return the route of one technician."""
    return next(route for route in plan.routes if route.technician_id == name)


def test_rest_is_taken_between_two_visits_when_the_day_goes_on_after_it() -> None:
    """Rests within the hours agreed, and does not drive or work meanwhile."""
    jobs = [a_job(f"J{n}", east(900 * n), service_s=HOUR) for n in range(6)]
    (rest,) = route_of(planned(a_problem([a_technician("Wang", breaks=(LUNCH,))], jobs))).breaks
    assert NOON <= rest.start_s <= NOON + HOUR
    assert rest.end_s - rest.start_s == 1800


def test_rest_comes_before_a_long_visit_when_it_would_else_be_too_late() -> None:
    """Rests at its earliest second instead of working through it."""
    jobs = [a_job("early", service_s=3 * HOUR), a_job("long", east(500), service_s=3 * HOUR, earliest_s=NOON)]
    route = route_of(planned(a_problem([a_technician("Wang", breaks=(LUNCH,))], jobs)))
    assert [(one.position, one.start_s) for one in route.breaks] == [(1, NOON)]


def test_no_rest_is_planned_when_he_is_home_before_it() -> None:
    """Leaves the afternoon to him: who is done early rests at home."""
    wang = a_technician("Wang", breaks=(LUNCH,), end_place=east(0))
    assert route_of(planned(a_problem([wang], [a_job("J1")]))).breaks == ()


def test_leak_is_not_delayed_by_a_rest_when_it_is_due() -> None:
    """Goes to the leak first and rests behind it, however late."""
    leak = a_leak("leak", east(2000), release_s=NOON + HOUR)
    wang = a_technician("Wang", breaks=(LUNCH,), available_s=NOON + HOUR)
    problem = a_problem([wang], [leak, a_job("routine")], now_s=NOON + HOUR)
    route = route_of(planned(problem))
    assert [stop.job_id for stop in route.stops] == ["leak", "routine"]
    assert [one.position for one in route.breaks] == [1]
    assert route.breaks[0].start_s == route.stops[0].end_s


def test_depot_is_visited_before_the_first_stop_that_lacks_a_part_when_the_van_has_none() -> None:
    """Fetches exactly what is missing, within the depot's hours, and counts the detour."""
    depot = Depot(id="D1", place=east(1000), windows=((DAY_START + HOUR, DAY_END),), visit_s=600)
    jobs = [a_job("valve", east(2000), parts={"valve": 2}), a_job("plain", east(500))]
    wang = a_technician("Wang", stock={"valve": 1})
    route = route_of(planned(a_problem([wang], jobs, depots=(depot,))))
    (visit,) = route.depot_visits
    place = [stop.job_id for stop in route.stops].index("valve")
    assert (visit.depot_id, visit.taken) == ("D1", {"valve": 1})
    assert visit.position <= place
    assert visit.start_s >= DAY_START + HOUR
    assert visit.end_s - visit.start_s == 600


def test_van_with_the_part_goes_when_the_depot_is_far() -> None:
    """Gives the job to the technician who carries the part rather than driving twenty kilometres."""
    depot = Depot(id="D1", place=east(20_000))
    crew = [a_technician("Wang"), a_technician("Lu", east(3000), stock={"valve": 1})]
    plan = planned(a_problem(crew, [a_job("valve", parts={"valve": 1})], depots=(depot,)))
    assert [stop.job_id for stop in route_of(plan, "Lu").stops] == ["valve"]


def test_one_of_two_jobs_goes_without_when_the_depot_holds_one_part() -> None:
    """Fetches the only valve for the dearer job and says why the other stays."""
    depot = Depot(id="D1", place=east(1000), stock={"valve": 1})
    jobs = [
        a_job("dear", parts={"valve": 1}, unserved_penalty=90_000.0),
        a_job("cheap", east(9000), parts={"valve": 1}),
    ]
    crew = [a_technician("Wang"), a_technician("Lu", east(9000))]
    assert planned(a_problem(crew, jobs, depots=(depot,))).unserved.keys() == {"cheap"}


@pytest.mark.parametrize(
    ("job", "technician", "reason"),
    [
        ({"skills": ("gas",), "skill_levels": {"gas": 2}}, {}, "level_too_low"),
        ({"instruments": ("detector",)}, {}, "no_instrument"),
        (
            {"instruments": ("detector",)},
            {"instruments": (Instrument(kind="detector", valid_until_s=DAY_START - 1),)},
            "calibration_expired",
        ),
        ({"barred": ("Wang",)}, {}, "barred"),
        ({"parts": {"valve": 1}}, {}, "no_parts"),
    ],
)
def test_nobody_is_sent_to_a_leak_when_a_rule_rules_him_out(
    job: dict[str, Any], technician: dict[str, Any], reason: str
) -> None:
    """Names the rule in the certificate, and sends the far technician who may go."""
    able: dict[str, Any] = {
        "skills": (Skill(name="gas", level=2),),
        "instruments": (Instrument(kind="detector"),),
        "stock": {"valve": 1},
    }
    crew = [a_technician("Wang", **technician), a_technician("Lu", east(9000), **able)]
    answer = insert_urgent(a_problem(crew, [a_leak("leak", **job)]), None, "leak")
    assert answer.certificate.technician_id == "Lu"
    assert {one.technician_id: one.reason for one in answer.certificate.candidates} == {"Lu": None, "Wang": reason}


def test_instrument_is_fetched_when_only_the_depot_has_it() -> None:
    """Passes by the depot for an analyser in calibration; an emergency never does."""
    depot = Depot(id="D1", place=east(1000), instruments=(Instrument(kind="analyser", valid_until_s=DAY_END),))
    problem = a_problem([a_technician("Wang")], [a_job("boiler", instruments=("analyser",))], depots=(depot,))
    assert route_of(planned(problem)).depot_visits[0].instruments == ("analyser",)
    urgent = replace(problem, jobs=(a_leak("leak", instruments=("analyser",)),))
    assert planned(urgent).unserved == {"leak": "no_instrument"}


def test_overtime_is_avoided_when_it_costs_more_than_the_detour() -> None:
    """Gives the last job to the rested colleague, unless overtime is free."""
    normal_end_s = DAY_START + HOUR
    lu = a_technician("Lu", east(6000))
    jobs = [a_job("one", service_s=HOUR), a_job("two", east(300), service_s=HOUR)]
    dear, free = (
        a_technician("Wang", overtime_from_s=normal_end_s, overtime_price_per_h=price) for price in (7200.0, 0.0)
    )
    shared = planned(a_problem([dear, lu], jobs))
    alone = planned(a_problem([free, lu], jobs))
    assert [len(route.stops) for route in shared.routes] == [1, 1]
    assert [len(route.stops) for route in alone.routes] == [2, 0]
    assert alone.routes[0].overtime_s > HOUR
    assert alone.objective.overtime == 0.0


def test_territory_binds_ordinary_work_when_it_is_kept_but_no_leak() -> None:
    """Sends the nearest to the leak across the border, and the one at home to routine work."""
    south = a_technician("Wang", territories=("south",), keeps_territory=True)
    north = a_technician("Lu", east(5000), territories=("north",))
    problem = a_problem([south, north], [a_job("routine", territory="north"), a_leak("leak", territory="north")])
    plan = planned(problem)
    assert [stop.job_id for stop in route_of(plan).stops] == ["leak"]
    assert [stop.job_id for stop in route_of(plan, "Lu").stops] == ["routine"]
    alone = replace(problem, technicians=(south,))
    assert planned(alone).unserved == {"routine": "closed_territory"}


def test_foreign_territory_costs_its_price_when_nobody_else_is_near() -> None:
    """Counts the price in the objective."""
    wang = a_technician("Wang", territories=("south",))
    problem = a_problem([wang], [a_job("J1", territory="north")], foreign_territory_price=500.0)
    assert planned(problem).objective.territory == 500.0


def test_plain_work_goes_to_who_is_not_kept_for_emergencies_unless_he_is_much_farther() -> None:
    """Costs the reserve's price with the qualified, and nothing where a job asks for the skill itself."""
    wang, zhou = a_technician("Wang"), a_technician("Zhou", east(-2000), skills=())
    plain = a_job("plain", east(100), skills=())
    problem = a_problem([wang, zhou], [plain], reserve=SkillReserve(skills=("gas",), price=900.0))
    assert route_of(planned(replace(problem, reserve=None))).stops[0].job_id == "plain"
    assert route_of(planned(problem), "Zhou").stops[0].job_id == "plain"
    far = replace(problem, technicians=(wang, replace(zhou, place=east(-30_000))))
    plan = planned(far)
    assert (route_of(plan).stops[0].job_id, plan.objective.reserve) == ("plain", 900.0)
    skilled = planned(replace(problem, jobs=(replace(plain, skills=("gas",)),)))
    assert (route_of(skilled).stops[0].job_id, skilled.objective.reserve) == ("plain", 0.0)


def test_window_is_not_judged_by_the_worth_of_keeping_somebody_free() -> None:
    """The same appointment costs those who are served the same, with a reserve and without."""
    wang, far = a_technician("Wang"), a_technician("Zhou", east(-40_000), skills=())
    problem = a_problem([wang, far], [], reserve=SkillReserve(skills=("gas",), price=2500.0))
    window = ((DAY_START + HOUR, DAY_START + 3 * HOUR),)
    plain = a_job("new", east(1000), skills=())
    (kept,), (free,) = (fit_windows(one, None, plain, window) for one in (problem, replace(problem, reserve=None)))
    assert (kept.technician_id, kept.added_s) == (free.technician_id, free.added_s)
    assert kept.technician_id == "Wang"


def test_every_part_of_the_objective_has_its_words_in_both_languages() -> None:
    """What the console shows of a what-if is translated."""
    files = {name: (ROOT / "shared" / "locale" / f"planner.{name}.toml").read_bytes() for name in LANGUAGES}
    words = Catalog.from_toml(files)
    for language in LANGUAGES:
        assert [f for f in Objective.__struct_fields__ if not words.find(language, f"planner.part.{f}")] == []


def test_uncertain_visits_are_planned_longer_when_nine_of_ten_shall_keep_their_time() -> None:
    """Plans the ninetieth percentile, given as such or by the spread."""
    jobs = [a_job("p90", service_p90_s=3600), a_job("sd", service_sd_s=600), a_job("sure")]
    plan = planned(a_problem([a_technician("Wang")], jobs, service_quantile=0.9))
    spans = {stop.job_id: stop.end_s - stop.start_s for stop in plan.routes[0].stops}
    assert spans == {"p90": 3600, "sd": 2569, "sure": 1800}


def test_vulnerable_customer_is_served_first_when_both_are_late() -> None:
    """Weighs the lateness of the vulnerable customer more."""
    jobs = [a_job(name, east(3000), due_s=DAY_START, service_s=HOUR) for name in ("plain", "frail")]
    jobs[1] = replace(jobs[1], vulnerable=True)
    for factor, first in ((5.0, "frail"), (1.0, None)):
        plan = planned(a_problem([a_technician("Wang")], jobs, vulnerable_factor=factor))
        assert first in (None, plan.routes[0].stops[0].job_id)


def test_breach_of_the_sla_costs_more_when_it_is_passed() -> None:
    """Adds the second piece behind the breach to the first."""
    job = a_job("J1", due_s=DAY_START, breach_s=DAY_START + 600, breach_weight=4.0, earliest_s=DAY_START + 1000)
    plan = planned(a_problem([a_technician("Wang")], [job]))
    assert plan.objective.lateness == pytest.approx(1000 + 400 * 4)
