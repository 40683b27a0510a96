"""The verifier finds nothing in 200 random plans and each planted fault at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from routing.plan import Plan, Route, StopTime
from routing.planner import plan_routes
from routing.problem import Leave, Problem, Skill
from routing.stop import MaxIterations
from routing.travel import StraightLine
from routing.verify import verify_plan
from tests.routing.worlds import (
    DAY_END,
    DAY_START,
    HOUR,
    a_job,
    a_leak,
    a_problem,
    a_technician,
    changed_job,
    east,
    random_problem,
)


@pytest.mark.parametrize("seed", range(200))
def test_no_violation_is_found_when_a_random_problem_is_planned(seed: int) -> None:
    """Finds nothing by its own sphere, nothing by the provider's legs, on problems with every feature."""
    problem = random_problem(seed, crew=4 + seed % 4, count=16 + seed % 13, emergencies=1 + seed % 3)
    plan = plan_routes(problem, seed=seed, stop=MaxIterations(count=10)).plan
    assert verify_plan(problem, plan) == []
    assert verify_plan(problem, plan, StraightLine(problem.profile)) == []


def a_day() -> tuple[Problem, Plan]:
    """Return a sound small day: Wang has a committed stop, a leak and a promise; Qi has the rest."""
    jobs = [
        a_job("under-way", east(500)),
        a_leak("leak", east(1500), release_s=DAY_START),
        a_job(
            "promise", east(2500), windows=((DAY_START + 2 * HOUR, DAY_START + 4 * HOUR),), due_s=DAY_START + 3 * HOUR
        ),
        a_job("boiler", east(-9000), skills=("boiler",)),
        a_job("routine", east(-8000), release_s=DAY_START, locked_to="Qi"),
    ]
    wang = a_technician("Wang", committed=("under-way",), leave=None)
    qi = a_technician("Qi", east(-9500), skills=(Skill(name="boiler", valid_until_s=DAY_END),), end_place=east(-9500))
    problem = a_problem([wang, qi], jobs)
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=10)).plan
    assert verify_plan(problem, plan) == []
    assert not plan.unserved
    return problem, plan


def route_of(plan: Plan, name: str) -> Route:
    """Return the route of one technician."""
    return next(route for route in plan.routes if route.technician_id == name)


def with_route(plan: Plan, route: Route) -> Plan:
    """Return the plan with one technician's route replaced."""
    return replace(
        plan, routes=tuple(route if one.technician_id == route.technician_id else one for one in plan.routes)
    )


def with_stop(plan: Plan, job_id: str, change: Callable[[StopTime], StopTime]) -> Plan:
    """Return the plan with one stop changed."""
    route = next(one for one in plan.routes if any(stop.job_id == job_id for stop in one.stops))
    stops = tuple(change(stop) if stop.job_id == job_id else stop for stop in route.stops)
    return with_route(plan, replace(route, stops=stops))


def later(seconds: int) -> Callable[[StopTime], StopTime]:
    """Return a change that shifts a stop as a whole."""
    return lambda stop: replace(
        stop, arrival_s=stop.arrival_s + seconds, start_s=stop.start_s + seconds, end_s=stop.end_s + seconds
    )


def moved_to(plan: Plan, job_id: str, name: str) -> Plan:
    """Return the plan with a stop handed to another technician, its times kept."""
    taken = next(stop for route in plan.routes for stop in route.stops if stop.job_id == job_id)
    routes = [replace(one, stops=tuple(stop for stop in one.stops if stop.job_id != job_id)) for one in plan.routes]
    return replace(
        plan,
        routes=tuple(replace(one, stops=(*one.stops, taken)) if one.technician_id == name else one for one in routes),
    )


def codes(problem: Problem, plan: Plan) -> set[str]:
    """Return the codes of all violations found."""
    return {violation.code for violation in verify_plan(problem, plan)}


def test_job_twice_is_found_when_two_routes_hold_it() -> None:
    """Finds a job that two technicians would drive to."""
    problem, plan = a_day()
    qi, wang = route_of(plan, "Qi"), route_of(plan, "Wang")
    assert "job_twice" in codes(problem, with_route(plan, replace(qi, stops=(*qi.stops, wang.stops[-1]))))


def test_job_twice_is_found_when_a_planned_job_is_called_unserved() -> None:
    """Finds a job that is planned and given up at once."""
    problem, plan = a_day()
    assert "job_twice" in codes(problem, replace(plan, unserved={"promise": "no_room"}))


def test_job_lost_is_found_when_no_route_holds_it() -> None:
    """Finds a job that is neither planned nor called unserved."""
    problem, plan = a_day()
    wang = route_of(plan, "Wang")
    assert "job_lost" in codes(problem, with_route(plan, replace(wang, stops=wang.stops[:-1])))


def test_unknown_job_is_found_when_a_route_invents_one() -> None:
    """Finds a stop for a job that the problem does not have."""
    problem, plan = a_day()
    assert "unknown_job" in codes(problem, with_stop(plan, "promise", lambda stop: replace(stop, job_id="ghost")))


def test_unknown_technician_is_found_when_a_route_invents_one() -> None:
    """Finds a route of the stranger Qian, who does not work here."""
    problem, plan = a_day()
    assert "unknown_technician" in codes(problem, replace(plan, routes=(*plan.routes, Route(technician_id="Qian"))))


def test_skill_missing_is_found_when_a_job_is_handed_over() -> None:
    """Finds the boiler in the hands of a technician without that skill."""
    problem, plan = a_day()
    assert "skill_missing" in codes(problem, moved_to(plan, "boiler", "Wang"))


def test_skill_expired_is_found_when_validity_ends_before_the_start() -> None:
    """Finds the boiler job that starts a second after the certificate ran out."""
    problem, plan = a_day()
    start = next(stop.start_s for stop in route_of(plan, "Qi").stops if stop.job_id == "boiler")
    expired = (Skill(name="boiler", valid_until_s=start - 1),)
    crew = tuple(replace(one, skills=expired) if one.id == "Qi" else one for one in problem.technicians)
    assert "skill_expired" in codes(replace(problem, technicians=crew), plan)


def test_lock_is_found_broken_when_another_technician_has_the_job() -> None:
    """Finds the job locked to Qi on Wang's route."""
    problem, plan = a_day()
    assert "locked_broken" in codes(problem, moved_to(plan, "routine", "Wang"))


def test_shift_is_found_violated_when_work_ends_after_it() -> None:
    """Finds routine work that ends behind the end of the shift."""
    problem, plan = a_day()
    assert "shift_violated" in codes(problem, with_stop(plan, "routine", later(DAY_END)))


def test_shift_is_found_violated_when_the_way_home_is_too_long() -> None:
    """Finds a shift that ends between the last job and home."""
    problem, plan = a_day()
    last = route_of(plan, "Qi").stops[-1]
    crew = tuple(replace(one, shift_end_s=last.end_s + 60) if one.id == "Qi" else one for one in problem.technicians)
    assert codes(replace(problem, technicians=crew), plan) == {"shift_violated"}


def test_window_is_found_violated_when_service_starts_after_it() -> None:
    """Finds a promise that is missed by hours."""
    problem, plan = a_day()
    assert "window_violated" in codes(problem, with_stop(plan, "promise", later(3 * HOUR)))


def test_travel_is_found_too_short_when_service_overlaps() -> None:
    """Finds a stop that begins while the one before it is still worked on."""
    problem, plan = a_day()
    assert "travel_too_short" in codes(problem, with_stop(plan, "leak", later(-1200)))


def test_times_are_found_wrong_when_a_stop_is_later_than_it_could_be() -> None:
    """Finds an arrival that no driving explains."""
    problem, plan = a_day()
    assert "wrong_times" in codes(problem, with_stop(plan, "routine", later(900)))


def test_times_are_found_wrong_when_lateness_is_hidden() -> None:
    """Finds a lateness that was written down as zero."""
    problem, plan = a_day()
    overdue = changed_job(problem, "promise", due_s=DAY_START)
    assert codes(overdue, plan) == {"wrong_times"}


def test_arrival_is_found_too_early_when_before_the_release() -> None:
    """Finds somebody at the door before the job was there."""
    problem, plan = a_day()
    assert "too_early" in codes(changed_job(problem, "routine", release_s=DAY_START + 6 * HOUR), plan)


def test_arrival_is_found_too_short_when_before_the_technician_is_available() -> None:
    """Finds a first stop reached by somebody who was not free yet."""
    problem, plan = a_day()
    crew = tuple(replace(one, available_s=DAY_START + HOUR) for one in problem.technicians)
    assert "travel_too_short" in codes(replace(problem, technicians=crew), plan)


def test_committed_order_is_found_broken_when_the_stop_under_way_is_not_first() -> None:
    """Finds a route that starts with another stop than the one he is driving to."""
    problem, plan = a_day()
    wang = route_of(plan, "Wang")
    first, second, *rest = wang.stops
    assert "committed_broken" in codes(problem, with_route(plan, replace(wang, stops=(second, first, *rest))))


def test_committed_order_is_found_broken_when_the_route_is_missing() -> None:
    """Finds a technician under way whose route is gone."""
    problem, plan = a_day()
    assert "committed_broken" in codes(problem, replace(plan, routes=(route_of(plan, "Qi"),)))


def test_leaving_is_found_when_nobody_may_leave() -> None:
    """Finds an emergency in front of a job that may not be left."""
    problem, plan = a_day()
    wang = route_of(plan, "Wang")
    under_way, leak, *rest = wang.stops
    left = replace(wang, stops=(leak, under_way, *rest), leaves_for=1)
    assert "left_without_leave" in codes(problem, with_route(plan, left))


def test_emergency_is_found_late_when_somebody_else_is_nearer() -> None:
    """Finds the leak given to the far technician although the near one is free."""
    near, far = a_technician("Wang"), a_technician("Qi", east(9000))
    problem = a_problem([near, far], [a_leak("leak", east(800))])
    only_far = replace(problem, technicians=(far,))
    plan = plan_routes(only_far, seed=1, stop=MaxIterations(count=1)).plan
    assert codes(problem, plan) == {"emergency_late"}


def test_emergency_is_found_late_when_a_job_could_have_been_left() -> None:
    """Finds the leak that waits for the end of a job which may be left."""
    busy = a_technician("Wang", available_s=DAY_START + HOUR)
    problem = a_problem([busy], [a_leak("leak", east(800))])
    plan = plan_routes(problem, seed=1, stop=MaxIterations(count=1)).plan
    may_leave = replace(busy, leave=Leave(place=busy.place, from_s=DAY_START))
    assert codes(replace(problem, technicians=(may_leave,)), plan) == {"emergency_late"}


def test_emergency_is_found_unserved_when_somebody_could_go() -> None:
    """Finds a leak that was given up although a qualified technician is on shift."""
    problem = a_problem([a_technician("Wang")], [a_leak("leak")])
    plan = Plan(routes=(Route(technician_id="Wang"),), unserved={"leak": "no_room"})
    assert codes(problem, plan) == {"emergency_unserved"}


def test_leak_is_found_not_first_when_routine_work_stands_before_it() -> None:
    """Finds an emergency that waits behind routine work."""
    problem, plan = a_day()
    wang = route_of(plan, "Wang")
    under_way, leak, promise = wang.stops
    assert "leak_not_first" in codes(problem, with_route(plan, replace(wang, stops=(under_way, promise, leak))))
