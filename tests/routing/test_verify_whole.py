"""The judge accepts every plan of 2,000 random problems of the whole model, and finds each fault planted in one day."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace

from routing.plan import BreakTime, DepotVisit, Plan, Route, StopTime
from routing.planner import plan_routes
from routing.problem import After, Break, Depot, Instrument, Problem, Skill, Technician
from routing.reference import is_feasible
from routing.stop import MaxIterations
from routing.travel import StraightLine
from routing.verify import verify_plan
from tests.routing.full_worlds import full_problem
from tests.routing.worlds import DAY_START, HOUR, a_job, a_leak, a_problem, a_technician, changed_job, east

_CHUNK = 100
_CHUNKS = 20
_FAST_CHUNKS = 3
NOON = DAY_START + 4 * HOUR
LUNCH = Break(duration_s=1800, earliest_s=NOON, latest_s=NOON + HOUR)


def a_full_plan(seed: int) -> tuple[Problem, Plan]:
    """Return a random problem of the whole model with its plan."""
    problem = full_problem(seed, crew=2 + seed % 4, count=5 + seed % 8, emergencies=seed % 3)
    return problem, plan_routes(problem, seed=seed, stop=MaxIterations(count=1)).plan


@pytest.mark.parametrize(
    "chunk", [pytest.param(n, marks=() if n < _FAST_CHUNKS else pytest.mark.slow) for n in range(_CHUNKS)]
)
def test_no_violation_is_found_when_a_problem_of_the_whole_model_is_planned(chunk: int) -> None:
    """Finds nothing by its own sphere, nothing by the provider's legs."""
    for seed in range(chunk * _CHUNK, (chunk + 1) * _CHUNK):
        problem, plan = a_full_plan(seed)
        assert (seed, verify_plan(problem, plan)) == (seed, [])
        assert (seed, verify_plan(problem, plan, StraightLine(problem.profile))) == (seed, [])


@pytest.mark.parametrize("chunk", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 5))])
def test_second_judge_agrees_when_a_plan_is_accepted(chunk: int) -> None:
    """OR-Tools' own feasibility check accepts what the judge accepted, at the very times of the plan."""
    for seed in range(chunk * _CHUNK, (chunk + 1) * _CHUNK):
        problem, plan = a_full_plan(seed)
        assert (seed, is_feasible(problem, plan)) == (seed, True)


@cache
def a_day() -> tuple[Problem, Plan]:
    """Return a sound day with every rule in it, and its plan: nothing is left out, nothing is wrong."""
    jobs = [
        a_leak("leak", east(500), release_s=DAY_START),
        a_job("regulator", east(900), skills=("gas",), skill_levels={"gas": 2}, instruments=("detector",)),
        a_job("valve", east(2000), parts={"valve": 3}, locked_to="Wang"),
        a_job("home", east(300), territory="south", barred=("Lu",), locked_to="Wang"),
        a_job("meter-1", east(-4000), service_s=HOUR, locked_to="Lu", earliest_s=DAY_START + 2 * HOUR),
        a_job("meter-2", east(-4500), service_s=HOUR, locked_to="Lu", earliest_s=NOON),
        a_job("meter-3", east(-4500), service_s=HOUR, locked_to="Lu", earliest_s=NOON + 2 * HOUR),
        a_job("heavy", east(1000), crew_size=2, earliest_s=NOON + 4 * HOUR),
        a_job("upstairs", east(-1000), sync="test", earliest_s=DAY_START + 8 * HOUR, locked_to="Qi"),
        a_job("downstairs", east(-1200), sync="test", earliest_s=DAY_START + 8 * HOUR, locked_to="Zhou"),
        a_job("dig", east(7000), locked_to="Qi"),
        a_job("fill", east(7100), after=(After(job_id="dig", lag_s=1800),)),
        a_job("survey", east(-7000), locked_to="Zhou"),
        a_job("report", east(-7100), same_technician_as="survey"),
    ]
    depots = (
        Depot(id="D1", place=east(1500), windows=((DAY_START, NOON),), visit_s=300, stock={"valve": 2}),
        Depot(id="D2", place=east(9000), windows=((NOON, NOON + HOUR),)),
    )
    wang = a_technician(
        "Wang",
        skills=(Skill(name="gas", level=2),),
        instruments=(Instrument(kind="detector", valid_until_s=NOON + 8 * HOUR),),
        stock={"valve": 1},
        territories=("south",),
        keeps_territory=True,
    )
    lu = a_technician("Lu", east(-3000), breaks=(LUNCH,), overtime_from_s=DAY_START + 7 * HOUR)
    crew = [wang, lu, a_technician("Qi", east(6000)), a_technician("Zhou", east(-6000))]
    problem = a_problem(crew, jobs, depots=depots)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=20)).plan
    assert verify_plan(problem, plan) == []
    assert not plan.unserved
    return problem, plan


def holders(plan: Plan, job_id: str) -> list[Route]:
    """Return the routes that hold a job."""
    return [route for route in plan.routes if any(stop.job_id == job_id for stop in route.stops)]


def with_route(plan: Plan, route: Route) -> Plan:
    """Return the plan with one technician's route replaced."""
    routes = tuple(route if one.technician_id == route.technician_id else one for one in plan.routes)
    return replace(plan, routes=routes)


def without(plan: Plan, job_id: str, name: str) -> Plan:
    """Return the plan with a stop taken from one technician."""
    route = next(one for one in plan.routes if one.technician_id == name)
    return with_route(plan, replace(route, stops=tuple(stop for stop in route.stops if stop.job_id != job_id)))


def handed(plan: Plan, job_id: str, name: str) -> Plan:
    """Return the plan with a stop at the end of another technician's route, its times kept."""
    (source,) = holders(plan, job_id)
    stop = next(one for one in source.stops if one.job_id == job_id)
    rest = without(plan, job_id, source.technician_id)
    target = next(one for one in rest.routes if one.technician_id == name)
    return with_route(rest, replace(target, stops=(*target.stops, stop)))


def with_stop(plan: Plan, job_id: str, change: Callable[[StopTime], StopTime]) -> Plan:
    """Return the plan with the (first) stop of a job changed."""
    route = holders(plan, job_id)[0]
    stops = tuple(change(stop) if stop.job_id == job_id else stop for stop in route.stops)
    return with_route(plan, replace(route, stops=stops))


def later(seconds: int) -> Callable[[StopTime], StopTime]:
    """Return a change that lets a stop start and end later than it is reached."""
    return lambda stop: replace(stop, start_s=stop.start_s + seconds, end_s=stop.end_s + seconds)


def with_technician(problem: Problem, name: str, **fields: object) -> Problem:
    """Return the problem with some fields of one technician replaced."""
    crew: list[Technician] = [replace(one, **fields) if one.id == name else one for one in problem.technicians]
    return replace(problem, technicians=tuple(crew))


def with_rest(plan: Plan, change: Callable[[BreakTime], BreakTime]) -> Plan:
    """Return the plan with Lu's rest changed."""
    route = next(one for one in plan.routes if one.technician_id == "Lu")
    return with_route(plan, replace(route, breaks=(change(route.breaks[0]),)))


def with_visit(plan: Plan, change: Callable[[DepotVisit], DepotVisit]) -> Plan:
    """Return the plan with Wang's visit to the depot changed."""
    route = holders(plan, "valve")[0]
    return with_route(plan, replace(route, depot_visits=(change(route.depot_visits[0]),)))


def shifted(rest: BreakTime, seconds: int) -> BreakTime:
    """Return a rest so many seconds later."""
    return replace(rest, start_s=rest.start_s + seconds, end_s=rest.end_s + seconds)


def twice(plan: Plan) -> Plan:
    """Return the plan with Wang's visit to the depot made twice."""
    route = holders(plan, "valve")[0]
    return with_route(plan, replace(route, depot_visits=route.depot_visits * 2))


def at_home(plan: Plan) -> Plan:
    """Return the plan without Lu's rest."""
    route = next(one for one in plan.routes if one.technician_id == "Lu")
    return with_route(plan, replace(route, breaks=()))


def while_working(plan: Plan) -> Plan:
    """Return the plan with Lu's rest begun a minute before the stop ahead of it ends."""
    route = next(one for one in plan.routes if one.technician_id == "Lu")
    ends = route.stops[route.breaks[0].position - 1].end_s
    return with_rest(plan, lambda one: shifted(one, ends - 60 - one.start_s))


FAULTS: dict[str, tuple[str, Callable[[Problem, Plan], tuple[Problem, Plan]]]] = {
    "a job for experts goes to a beginner": ("level_too_low", lambda p, q: (p, handed(q, "regulator", "Lu"))),
    "nobody carries the detector": ("instrument_missing", lambda p, q: (with_technician(p, "Wang", instruments=()), q)),
    "the detector's calibration has run out": (
        "calibration_expired",
        lambda p, q: (
            with_technician(p, "Wang", instruments=(Instrument(kind="detector", valid_until_s=DAY_START),)),
            q,
        ),
    ),
    "the van holds too few valves": ("parts_missing", lambda p, q: (with_technician(p, "Wang", stock={}), q)),
    "the valves were never fetched": (
        "parts_missing",
        lambda p, q: (p, with_route(q, replace(holders(q, "valve")[0], depot_visits=()))),
    ),
    "the depot gave more than it has": (
        "depot_stock_exceeded",
        lambda p, q: (p, with_visit(q, lambda one: replace(one, taken={"valve": 9}))),
    ),
    "the depot gave an instrument it never had": (
        "depot_stock_exceeded",
        lambda p, q: (p, with_visit(q, lambda one: replace(one, instruments=("analyser",)))),
    ),
    "the depot was closed": (
        "depot_closed",
        lambda p, q: (replace(p, depots=(replace(p.depots[0], windows=((NOON, NOON + 1),)), p.depots[1])), q),
    ),
    "the depot does not exist": (
        "unknown_depot",
        lambda p, q: (p, with_visit(q, lambda one: replace(one, depot_id="D9"))),
    ),
    "the depot is visited twice": ("depot_twice", lambda p, q: (p, twice(q))),
    "the depot is reached faster than one can drive": (
        "travel_too_short",
        lambda p, q: (p, with_visit(q, lambda one: replace(one, arrival_s=one.arrival_s - 300))),
    ),
    "loading takes no time": (
        "wrong_times",
        lambda p, q: (p, with_visit(q, lambda one: replace(one, end_s=one.start_s))),
    ),
    "a border is crossed": (
        "territory_closed",
        lambda p, q: (changed_job(p, "home", territory="north"), q),
    ),
    "a barred technician comes": ("barred_technician", lambda p, q: (changed_job(p, "home", barred=("Wang",)), q)),
    "the rest is left out": ("break_missed", lambda p, q: (p, at_home(q))),
    "the rest begins too late": (
        "break_violated",
        lambda p, q: (p, with_rest(q, lambda one: shifted(one, 2 * HOUR))),
    ),
    "the rest begins while he still works": (
        "break_violated",
        lambda p, q: (with_technician(p, "Lu", breaks=(replace(LUNCH, earliest_s=DAY_START),)), while_working(q)),
    ),
    "the rest is shorter than owed": (
        "break_violated",
        lambda p, q: (p, with_rest(q, lambda one: replace(one, end_s=one.end_s - 60))),
    ),
    "a rest stands before the leak": (
        "leak_not_first",
        lambda p, q: (
            p,
            with_route(q, replace(holders(q, "leak")[0], breaks=(BreakTime(position=0, start_s=0, end_s=0),))),
        ),
    ),
    "overtime is hidden": (
        "wrong_overtime",
        lambda p, q: (p, with_route(q, replace(holders(q, "meter-3")[0], overtime_s=0))),
    ),
    "one of two people is missing": (
        "crew_too_small",
        lambda p, q: (p, without(q, "heavy", holders(q, "heavy")[0].technician_id)),
    ),
    "two people do not meet": ("not_together", lambda p, q: (p, with_stop(q, "heavy", later(600)))),
    "a test starts upstairs first": ("sync_broken", lambda p, q: (p, with_stop(q, "upstairs", later(600)))),
    "a test is done upstairs only": (
        "sync_broken",
        lambda p, q: (p, replace(without(q, "downstairs", "Zhou"), unserved={"downstairs": "no_room"})),
    ),
    "a hole is filled too early": (
        "precedence_broken",
        lambda p, q: (changed_job(p, "fill", after=(After(job_id="dig", lag_s=9 * HOUR),)), q),
    ),
    "a hole is filled that nobody dug": (
        "precedence_broken",
        lambda p, q: (p, replace(without(q, "dig", "Qi"), unserved={"dig": "no_room"})),
    ),
    "a stranger follows up": ("stranger_follows", lambda p, q: (p, handed(q, "report", "Lu"))),
    "an uncertain visit is planned too short": (
        "wrong_times",
        lambda p, q: (replace(changed_job(p, "home", service_p90_s=2 * HOUR), service_quantile=0.9), q),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found_when_it_is_planted(fault: str) -> None:
    """Finds the very rule that was broken."""
    code, plant = FAULTS[fault]
    assert code in {violation.code for violation in verify_plan(*plant(*a_day()))}


# What the second judge can see: it fixes stops and rests, not the visits to depots or the figures told beside them.
SEEN_TWICE = [
    "a job for experts goes to a beginner",
    "nobody carries the detector",
    "the detector's calibration has run out",
    "the van holds too few valves",
    "the valves were never fetched",
    "a border is crossed",
    "a barred technician comes",
    "the rest is left out",
    "one of two people is missing",
    "two people do not meet",
    "a test starts upstairs first",
    "a test is done upstairs only",
    "a hole is filled too early",
    "a hole is filled that nobody dug",
    "a stranger follows up",
]


@pytest.mark.parametrize("fault", SEEN_TWICE)
def test_second_judge_agrees_when_a_fault_is_planted(fault: str) -> None:
    """OR-Tools refuses the same plans, and accepts the day without the fault."""
    assert is_feasible(*a_day())
    assert not is_feasible(*FAULTS[fault][1](*a_day()))
