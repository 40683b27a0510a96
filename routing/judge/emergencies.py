"""The rule above all: no emergency is reached later than brute force over everybody would reach it (decision 24)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from routing.judge.case import EMERGENCY, Case, Violation, free_from, time_on_site_s
from routing.plan import Route, StopTime
from routing.problem import Job, Place, Technician


def judge_emergencies(case: Case) -> Iterator[Violation]:
    """Compare each emergency with everybody who may go, as things stood when it was placed."""
    committed = {job_id for technician in case.problem.technicians for job_id in technician.committed}
    arrivals: dict[str, int] = {}
    for _, route in case.routes():
        for stop in route.stops:
            arrivals[stop.job_id] = min(stop.arrival_s, arrivals.get(stop.job_id, stop.arrival_s))
    for job in case.problem.jobs:
        if job.priority != EMERGENCY or job.id in committed:
            continue
        found = [(_soonest(case, technician, job), technician.id) for technician in case.problem.technicians]
        best, best_id = min(found, default=(math.inf, ""))
        arrival = arrivals.get(job.id)
        if arrival is None and best < math.inf:
            yield Violation(code="emergency_unserved", job_id=job.id, technician_id=best_id, detail=f"{best:.0f}")
        elif arrival is not None and arrival > best:
            told = f"{arrival} against {best:.0f}"
            yield Violation(code="emergency_late", job_id=job.id, technician_id=best_id, detail=told)


def _soonest(case: Case, technician: Technician, job: Job) -> float:
    """Return the latest second that a technician's earliest arrival could be, infinite when he may not go."""
    if job.locked_to not in (None, technician.id) or technician.id in job.barred:
        return math.inf
    earlier = _earlier_emergencies(case, technician, job)
    options: list[float] = []
    if _has_parts(case, technician, job, [*technician.committed, *(stop.job_id for stop in earlier)]):
        options.append(_arrival(case, job, *_free_for(case, technician, job)))
    has_emergency = any(case.jobs[job_id].priority == EMERGENCY for job_id in technician.committed)
    if technician.leave is not None and not has_emergency and not earlier and _has_parts(case, technician, job, []):
        options.append(_arrival(case, job, technician.leave.place, max(technician.leave.from_s, case.problem.now_s)))
    latest_s = _latest_s(case, technician, job)
    return min((at for at in options if at <= latest_s and _is_able(technician, job, at)), default=math.inf)


def _latest_s(case: Case, technician: Technician, job: Job) -> float:
    """Return the last second at which he may arrive: within his shift, and early enough to end before an absence."""
    if technician.away_from_s is None:
        return technician.shift_end_s
    return min(technician.shift_end_s, technician.away_from_s - time_on_site_s(case.problem, job))


def _has_parts(case: Case, technician: Technician, job: Job, before: list[str]) -> bool:
    used: Counter[str] = Counter()
    for job_id in before:
        used.update(case.jobs[job_id].parts)
    return all(max(0, technician.stock.get(kind, 0) - used[kind]) >= count for kind, count in job.parts.items())


def _arrival(case: Case, job: Job, place: Place, free_s: float) -> float:
    return max(free_s + case.leg(place, job.place)[1], job.release_s)


def _is_able(technician: Technician, job: Job, at_s: float) -> bool:
    has_skills = all(
        any(
            skill.name == name
            and skill.level >= job.skill_levels.get(name, 1)
            and (skill.valid_until_s is None or skill.valid_until_s >= at_s)
            for skill in technician.skills
        )
        for name in job.skills
    )
    return has_skills and all(
        any(
            one.kind == kind and (one.valid_until_s is None or one.valid_until_s >= at_s)
            for one in technician.instruments
        )
        for kind in job.instruments
    )


def _earlier_emergencies(case: Case, technician: Technician, job: Job) -> list[StopTime]:
    """Return the technician's stops for emergencies reported before this one: those it may not delay."""
    route = _route_of(case, technician)
    known = [] if route is None else [stop for stop in route.stops if stop.job_id in case.jobs]
    return [
        stop
        for stop in known
        if stop.job_id not in technician.committed
        and case.jobs[stop.job_id].priority == EMERGENCY
        and (case.jobs[stop.job_id].release_s, stop.job_id) < (job.release_s, job.id)
    ]


def _route_of(case: Case, technician: Technician) -> Route | None:
    return next((route for route in case.plan.routes if route.technician_id == technician.id), None)


def _free_for(case: Case, technician: Technician, job: Job) -> tuple[Place, float]:
    """Return place and second from which he could go: behind his committed stops and earlier emergencies."""
    earlier = _earlier_emergencies(case, technician, job)
    if earlier:
        return case.jobs[earlier[-1].job_id].place, earlier[-1].end_s
    route = _route_of(case, technician)
    if technician.committed and route is not None and not route.leaves_for:
        ends = {stop.job_id: stop.end_s for stop in route.stops}
        last = technician.committed[-1]
        if last in ends and last in case.jobs:
            return case.jobs[last].place, ends[last]
    return _free_by_walk(case, technician)


def _free_by_walk(case: Case, technician: Technician) -> tuple[Place, float]:
    # Nothing in the plan to read it from (he left his job, or has no route): the committed stops are walked anew.
    place, free_s = technician.place, float(free_from(case, technician))
    for job_id in technician.committed:
        job = case.jobs[job_id]
        arrival = max(free_s + case.leg(place, job.place)[1], job.release_s)
        start = max(arrival, job.earliest_s)
        openings = [max(start, opens) for opens, closes in sorted(job.windows) if start <= closes]
        start = arrival if job.priority == EMERGENCY else (openings[0] if openings else start)
        place, free_s = job.place, start + time_on_site_s(case.problem, job)
    return place, free_s
