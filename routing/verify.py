"""An independent judge of plans: walks them with code of its own, so that an error of the engines cannot hide here.

It shares with the planner only the value types and, when one is given, the travel provider; never ``schedule``,
``grid``, ``state`` or the model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from routing.plan import Plan, Route, StopTime
from routing.problem import Job, Place, Problem, Technician, Value
from routing.travel import TravelTimes

# Straight lines are measured here on a sphere, in the planner on the ellipsoid: they differ by up to 0.6 %.
_SPHERE_SLACK = 0.006
_ROUNDING_S = 2
_EARTH_M = 6_371_008.8
# The building rule of the straight-line provider (restated on purpose), with the sphere's error around it.
_SAME_BUILDING_M = 15.0
_BUILDING_BLUR_M = 0.2

_EMERGENCY = 1
_URGENT = 2

Leg = tuple[float, float]


class Violation(Value, frozen=True, kw_only=True):
    """One broken rule: its code, whom it concerns, and the figures behind it."""

    code: str
    job_id: str | None = None
    technician_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """The plan on trial with its lookups; ``leg`` gives least and most seconds between two places."""

    problem: Problem
    plan: Plan
    jobs: dict[str, Job]
    technicians: dict[str, Technician]
    leg: Callable[[Place, Place], Leg]


def verify_plan(problem: Problem, plan: Plan, travel: TravelTimes | None = None) -> list[Violation]:
    """Return every violation of a plan; an empty list means that it can be driven as written.

    Codes: ``job_twice``, ``job_lost``, ``unknown_job``, ``unknown_technician``, ``skill_missing``,
    ``skill_expired``, ``locked_broken``, ``shift_violated``, ``window_violated``, ``too_early``,
    ``travel_too_short``, ``wrong_times``, ``committed_broken``, ``left_without_leave``, ``leak_not_first``,
    ``emergency_late``, ``emergency_unserved``.

    Without ``travel`` legs are measured by the problem's profile on a sphere (0.6 % slack).
    """
    case = _Case(
        problem,
        plan,
        {job.id: job for job in problem.jobs},
        {technician.id: technician for technician in problem.technicians},
        _sphere_legs(problem) if travel is None else _provider_legs(problem, travel),
    )
    return [
        *_complete(case),
        *_crew(case),
        *(one for route in plan.routes for one in _route(case, route)),
        *_emergencies(case),
    ]


def _complete(case: _Case) -> Iterator[Violation]:
    times = Counter(stop.job_id for route in case.plan.routes for stop in route.stops)
    for job_id, count in times.items():
        if job_id not in case.jobs:
            yield Violation(code="unknown_job", job_id=job_id)
        if count > 1 or job_id in case.plan.unserved:
            yield Violation(code="job_twice", job_id=job_id, detail=f"{count} stops")
    for job_id in case.jobs:
        if job_id not in times and job_id not in case.plan.unserved:
            yield Violation(code="job_lost", job_id=job_id)
    for job_id in case.plan.unserved:
        if job_id not in case.jobs:
            yield Violation(code="unknown_job", job_id=job_id, detail="unserved")


def _crew(case: _Case) -> Iterator[Violation]:
    for technician_id, count in Counter(route.technician_id for route in case.plan.routes).items():
        if technician_id not in case.technicians or count > 1:
            yield Violation(code="unknown_technician", technician_id=technician_id, detail=f"{count} routes")
    planned = {route.technician_id for route in case.plan.routes}
    for technician in case.problem.technicians:
        if technician.committed and technician.id not in planned:
            yield Violation(code="committed_broken", technician_id=technician.id, detail="no route")


def _route(case: _Case, route: Route) -> Iterator[Violation]:
    technician = case.technicians.get(route.technician_id)
    if technician is None or any(stop.job_id not in case.jobs for stop in route.stops):
        return
    yield from _order(case, technician, route)
    for stop in route.stops:
        yield from _fitness(case, technician, stop)
    yield from _times(case, technician, route)
    yield from _way_home(case, technician, route)


def _order(case: _Case, technician: Technician, route: Route) -> Iterator[Violation]:
    ids = [stop.job_id for stop in route.stops]
    leading = [case.jobs[job_id] for job_id in ids[: route.leaves_for]]
    if route.leaves_for and (technician.leave is None or any(job.priority != _EMERGENCY for job in leading)):
        yield Violation(code="left_without_leave", technician_id=technician.id, detail=f"{route.leaves_for} stops")
    first = ids[route.leaves_for : route.leaves_for + len(technician.committed)]
    if tuple(first) != technician.committed:
        yield Violation(code="committed_broken", technician_id=technician.id, detail=" ".join(first))
    ranks = [_rank(case.jobs[job_id]) for job_id in ids[route.leaves_for + len(technician.committed) :]]
    for position, rank in enumerate(ranks):
        if rank == 0 and any(before > 0 for before in ranks[:position]):
            job_id = ids[route.leaves_for + len(technician.committed) + position]
            yield Violation(code="leak_not_first", job_id=job_id, technician_id=technician.id)


def _rank(job: Job) -> int:
    return 0 if job.priority == _EMERGENCY else 1


def _fitness(case: _Case, technician: Technician, stop: StopTime) -> Iterator[Violation]:
    job = case.jobs[stop.job_id]
    if job.id in technician.committed:
        return
    for name in job.skills:
        until = [skill.valid_until_s for skill in technician.skills if skill.name == name]
        if not until:
            yield _about(technician, stop, "skill_missing", name)
        elif all(end is not None and end < stop.start_s for end in until):
            yield _about(technician, stop, "skill_expired", name)
    if job.locked_to is not None and job.locked_to != technician.id:
        yield _about(technician, stop, "locked_broken", job.locked_to)
    if job.priority == _EMERGENCY:
        return
    if job.windows and not any(opens <= stop.start_s <= closes for opens, closes in job.windows):
        yield _about(technician, stop, "window_violated", f"start {stop.start_s}")
    if stop.start_s < job.earliest_s:
        yield _about(technician, stop, "too_early", f"start {stop.start_s} before {job.earliest_s}")


def _times(case: _Case, technician: Technician, route: Route) -> Iterator[Violation]:
    place, free_s = _begin(case, technician, route)
    blur_s = 0.0
    for position, stop in enumerate(route.stops):
        job = case.jobs[stop.job_id]
        if position == route.leaves_for > 0:
            place, free_s, blur_s = _go_back(case, technician, place, free_s)
        least, most = case.leg(place, job.place)
        if stop.arrival_s < free_s + least:
            yield _about(
                technician, stop, "travel_too_short", f"arrival {stop.arrival_s}, possible {free_s + least:.0f}"
            )
        if stop.arrival_s < job.release_s:
            yield _about(technician, stop, "too_early", f"arrival {stop.arrival_s} before {job.release_s}")
        if stop.arrival_s > max(free_s + most + blur_s, job.release_s) or not _is_sound(job, technician, stop):
            yield _about(technician, stop, "wrong_times", f"{stop.arrival_s} {stop.start_s} {stop.end_s}")
        place, free_s, blur_s = job.place, stop.end_s, 0.0


def _is_sound(job: Job, technician: Technician, stop: StopTime) -> bool:
    late = 0 if job.due_s is None else max(0, stop.start_s - job.due_s)
    waits = stop.start_s - stop.arrival_s
    is_met = waits == 0 if job.priority == _EMERGENCY and job.id not in technician.committed else waits >= 0
    return is_met and stop.end_s == stop.start_s + job.service_s and stop.lateness_s == late


def _begin(case: _Case, technician: Technician, route: Route) -> tuple[Place, float]:
    if route.leaves_for and technician.leave is not None:
        return technician.leave.place, max(technician.leave.from_s, case.problem.now_s)
    return technician.place, _free_from(case, technician)


def _free_from(case: _Case, technician: Technician) -> int:
    return max(technician.available_s, technician.shift_start_s, case.problem.now_s)


def _go_back(case: _Case, technician: Technician, place: Place, free_s: float) -> tuple[Place, float, float]:
    # Third value: by how many seconds the way back to the left job may be longer than the least.
    left_from = max(technician.leave.from_s if technician.leave is not None else 0, case.problem.now_s)
    rest_s = max(0, _free_from(case, technician) - left_from)
    if rest_s == 0:
        return place, free_s, 0.0
    least, most = case.leg(place, technician.place)
    return technician.place, free_s + least + rest_s, most - least


def _way_home(case: _Case, technician: Technician, route: Route) -> Iterator[Violation]:
    for stop in route.stops:
        job = case.jobs[stop.job_id]
        if job.id in technician.committed:
            continue
        is_first = job.priority == _EMERGENCY or (job.priority == _URGENT and job.is_leak)
        if (
            stop.start_s if is_first else stop.end_s
        ) > technician.shift_end_s or stop.start_s < technician.shift_start_s:
            yield _about(technician, stop, "shift_violated", f"{stop.start_s} to {stop.end_s}")
        elif stop is route.stops[-1] and not is_first and technician.end_place is not None:
            back_s = stop.end_s + case.leg(job.place, technician.end_place)[0]
            if back_s > technician.shift_end_s:
                yield _about(technician, stop, "shift_violated", f"home {back_s:.0f}")


def _emergencies(case: _Case) -> Iterator[Violation]:
    """Compare each emergency with brute force over everybody, as it stood when it was placed (decision 24)."""
    committed = {job_id for technician in case.problem.technicians for job_id in technician.committed}
    stops = {stop.job_id: stop for route in case.plan.routes for stop in route.stops}
    for job in case.problem.jobs:
        if job.priority != _EMERGENCY or job.id in committed:
            continue
        found = [(_soonest(case, technician, job), technician.id) for technician in case.problem.technicians]
        best, best_id = min(found, default=(math.inf, ""))
        stop = stops.get(job.id)
        if stop is None and best < math.inf:
            yield Violation(code="emergency_unserved", job_id=job.id, technician_id=best_id, detail=f"{best:.0f}")
        elif stop is not None and stop.arrival_s > best:
            yield Violation(
                code="emergency_late",
                job_id=job.id,
                technician_id=best_id,
                detail=f"{stop.arrival_s} against {best:.0f}",
            )


def _soonest(case: _Case, technician: Technician, job: Job) -> float:
    """Return the latest second that a technician's earliest arrival could be, infinite when he may not go."""
    if job.locked_to not in (None, technician.id):
        return math.inf
    options = [_arrival(case, job, *_free_for(case, technician, job))]
    has_emergency = any(case.jobs[job_id].priority == _EMERGENCY for job_id in technician.committed)
    if technician.leave is not None and not has_emergency and not _earlier_emergencies(case, technician, job):
        options.append(_arrival(case, job, technician.leave.place, max(technician.leave.from_s, case.problem.now_s)))
    return min(
        (at for at in options if at <= technician.shift_end_s and _holds_all(technician, job, at)), default=math.inf
    )


def _arrival(case: _Case, job: Job, place: Place, free_s: float) -> float:
    return max(free_s + case.leg(place, job.place)[1], job.release_s)


def _holds_all(technician: Technician, job: Job, at_s: float) -> bool:
    return all(
        any(
            skill.name == name and (skill.valid_until_s is None or skill.valid_until_s >= at_s)
            for skill in technician.skills
        )
        for name in job.skills
    )


def _earlier_emergencies(case: _Case, technician: Technician, job: Job) -> list[StopTime]:
    """Return the technician's stops for emergencies reported before this one: those it may not delay."""
    route = next((route for route in case.plan.routes if route.technician_id == technician.id), None)
    known = [] if route is None else [stop for stop in route.stops if stop.job_id in case.jobs]
    return [
        stop
        for stop in known
        if stop.job_id not in technician.committed
        and case.jobs[stop.job_id].priority == _EMERGENCY
        and (case.jobs[stop.job_id].release_s, stop.job_id) < (job.release_s, job.id)
    ]


def _free_for(case: _Case, technician: Technician, job: Job) -> tuple[Place, float]:
    """Return place and second from which he could go: behind his committed stops and earlier emergencies."""
    earlier = _earlier_emergencies(case, technician, job)
    if earlier:
        return case.jobs[earlier[-1].job_id].place, earlier[-1].end_s
    route = next((route for route in case.plan.routes if route.technician_id == technician.id), None)
    if technician.committed and route is not None and not route.leaves_for:
        ends = {stop.job_id: stop.end_s for stop in route.stops}
        last = technician.committed[-1]
        if last in ends and last in case.jobs:
            return case.jobs[last].place, ends[last]
    return _free_by_walk(case, technician)


def _free_by_walk(case: _Case, technician: Technician) -> tuple[Place, float]:
    # Nothing in the plan to read it from (he left his job, or has no route): the committed stops are walked anew.
    place, free_s = technician.place, float(_free_from(case, technician))
    for job_id in technician.committed:
        job = case.jobs[job_id]
        start = max(free_s + case.leg(place, job.place)[1], job.release_s, job.earliest_s)
        openings = [max(start, opens) for opens, closes in sorted(job.windows) if start <= closes]
        place, free_s = job.place, (openings[0] if openings else start) + job.service_s
    return place, free_s


def _about(technician: Technician, stop: StopTime, code: str, detail: str) -> Violation:
    return Violation(code=code, job_id=stop.job_id, technician_id=technician.id, detail=detail)


def _sphere_legs(problem: Problem) -> Callable[[Place, Place], Leg]:
    profile = problem.profile

    def leg(source: Place, target: Place) -> Leg:
        metres = _haversine_m(source, target)
        drive = metres * profile.detour / profile.speed_m_s
        low = drive * (1 - _SPHERE_SLACK) + profile.start_up_s - _ROUNDING_S
        high = drive * (1 + _SPHERE_SLACK) + profile.start_up_s + _ROUNDING_S
        nearly_same = metres <= _SAME_BUILDING_M + _BUILDING_BLUR_M
        surely_same = metres <= _SAME_BUILDING_M - _BUILDING_BLUR_M
        return 0.0 if nearly_same else low, 0.0 if surely_same else high

    return leg


def _provider_legs(problem: Problem, travel: TravelTimes) -> Callable[[Place, Place], Leg]:
    def leg(source: Place, target: Place) -> Leg:
        seconds = float(travel.matrix([source], [target], problem.now_s)[0][0, 0])
        return seconds, seconds

    return leg


def _haversine_m(source: Place, target: Place) -> float:
    lat_a, lat_b = math.radians(source.lat), math.radians(target.lat)
    d_lon = math.radians(target.lon - source.lon)
    chord = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, chord)))
