"""Rules about the plan as a whole: every job once (twice where two are needed), known names, the order of routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from routing.judge.case import EMERGENCY, Case, Violation, about, is_leading
from routing.plan import Route
from routing.problem import Job, Technician


def judge_whole(case: Case) -> Iterator[Violation]:
    """Find jobs lost, invented or planned too often, unknown technicians, and routes out of order."""
    yield from _complete(case)
    yield from _crew(case)
    for technician, route in case.routes():
        yield from _order(case, technician, route)
        yield from _leaks_before_errands(case, technician, route)


def _complete(case: Case) -> Iterator[Violation]:
    times = Counter(stop.job_id for route in case.plan.routes for stop in route.stops)
    for job_id, count in times.items():
        if job_id not in case.jobs:
            yield Violation(code="unknown_job", job_id=job_id)
        elif count > case.jobs[job_id].crew_size or job_id in case.plan.unserved:
            yield Violation(code="job_twice", job_id=job_id, detail=f"{count} stops")
    for job_id in case.jobs:
        if job_id not in times and job_id not in case.plan.unserved:
            yield Violation(code="job_lost", job_id=job_id)
    for job_id in case.plan.unserved:
        if job_id not in case.jobs:
            yield Violation(code="unknown_job", job_id=job_id, detail="unserved")


def _crew(case: Case) -> Iterator[Violation]:
    for technician_id, count in Counter(route.technician_id for route in case.plan.routes).items():
        if technician_id not in case.technicians or count > 1:
            yield Violation(code="unknown_technician", technician_id=technician_id, detail=f"{count} routes")
    planned = {route.technician_id for route in case.plan.routes}
    for technician in case.problem.technicians:
        if technician.committed and technician.id not in planned:
            yield Violation(code="committed_broken", technician_id=technician.id, detail="no route")


def _order(case: Case, technician: Technician, route: Route) -> Iterator[Violation]:
    ids = [stop.job_id for stop in route.stops]
    for job_id, count in Counter(ids).items():
        if count > 1:
            yield Violation(code="job_twice", job_id=job_id, technician_id=technician.id, detail="one route")
    leading = [case.jobs[job_id] for job_id in ids[: route.leaves_for]]
    if route.leaves_for and (technician.leave is None or any(job.priority != EMERGENCY for job in leading)):
        yield Violation(code="left_without_leave", technician_id=technician.id, detail=f"{route.leaves_for} stops")
    first = ids[route.leaves_for : route.leaves_for + len(technician.committed)]
    if tuple(first) != technician.committed:
        yield Violation(code="committed_broken", technician_id=technician.id, detail=" ".join(first))
    behind = [case.jobs[job_id] for job_id in ids[route.leaves_for + len(technician.committed) :]]
    for position, job in enumerate(behind):
        if job.priority == EMERGENCY and any(before.priority != EMERGENCY for before in behind[:position]):
            yield Violation(code="leak_not_first", job_id=job.id, technician_id=technician.id)


def _leaks_before_errands(case: Case, technician: Technician, route: Route) -> Iterator[Violation]:
    # Neither a rest nor a depot stands before an emergency, or among the leaks and stops under way at the head.
    errands = [one.position for one in route.breaks] + [one.position for one in route.depot_visits]
    earliest = min(errands, default=len(route.stops))
    is_head = True
    for position, stop in enumerate(route.stops):
        job = case.jobs[stop.job_id]
        is_head = is_head and (stop.job_id in technician.committed or _goes_at_once(case, job))
        if position >= earliest and (is_head or job.priority == EMERGENCY):
            yield about(technician, stop, "leak_not_first", "a rest or a depot before it")


def _goes_at_once(case: Case, job: Job) -> bool:
    # An urgent leak behind a closed door, or one that needs something fetched, is planned among the others.
    is_open = not job.windows and job.earliest_s <= case.problem.now_s
    return job.priority == EMERGENCY or (is_leading(job) and is_open and not job.parts and not job.instruments)
