"""Rules about jobs that depend on each other: two people at one door, common starts, order, the same technician."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from routing.judge.case import Case, Violation, is_leading
from routing.plan import StopTime
from routing.problem import Job


@dataclass(frozen=True, slots=True)
class _Visit:
    """One stop of a job: whose it is, and whether he is committed to it."""

    technician_id: str
    stop: StopTime
    is_fact: bool


Visits = dict[str, list[_Visit]]


def judge_couplings(case: Case) -> Iterator[Violation]:
    """Find pairs that do not meet, groups that start apart, jobs too early, and strangers in follow-ups.

    A leak that goes first waits for nobody, and a stop somebody is committed to is a fact: neither breaks a rule.
    """
    visits: Visits = {}
    for technician, route in case.routes():
        for stop in route.stops:
            fact = stop.job_id in technician.committed
            visits.setdefault(stop.job_id, []).append(_Visit(technician.id, stop, fact))
    yield from _pairs(case, visits)
    yield from _groups(case, visits)
    for job in case.problem.jobs:
        if _is_bound(job, visits):
            yield from _waits(job, visits)
            yield from _same_technician(job, visits)


def _is_bound(job: Job, visits: Visits) -> bool:
    held = visits.get(job.id, [])
    return bool(held) and not is_leading(job) and not any(one.is_fact for one in held)


def _pairs(case: Case, visits: Visits) -> Iterator[Violation]:
    for job in case.problem.jobs:
        held = visits.get(job.id, [])
        if job.crew_size == 1 or is_leading(job) or not held:
            continue
        if any(one.is_fact for one in held):
            # Somebody is there or on his way already: the other joins as he can.
            continue
        if len(held) < job.crew_size:
            yield Violation(code="crew_too_small", job_id=job.id, technician_id=held[0].technician_id)
        elif len({one.stop.start_s for one in held}) > 1:
            starts = " ".join(str(one.stop.start_s) for one in held)
            yield Violation(code="not_together", job_id=job.id, detail=starts)


def _groups(case: Case, visits: Visits) -> Iterator[Violation]:
    groups: dict[str, list[Job]] = {}
    for job in case.problem.jobs:
        if job.sync is not None and not is_leading(job):
            groups.setdefault(job.sync, []).append(job)
    for name, jobs in groups.items():
        held = [one for job in jobs for one in visits.get(job.id, [])]
        facts = {one.stop.start_s for one in held if one.is_fact}
        free = {one.stop.start_s for one in held if not one.is_fact}
        if (not facts and len(free) > 1) or any(start < max(facts, default=start) for start in free):
            yield Violation(code="sync_broken", job_id=jobs[0].id, detail=name)
        if free and not facts and any(job.id not in visits for job in jobs):
            yield Violation(code="sync_broken", job_id=jobs[0].id, detail=f"{name} in part")


def _waits(job: Job, visits: Visits) -> Iterator[Violation]:
    start = min(one.stop.start_s for one in visits[job.id])
    for wait in job.after:
        before = visits.get(wait.job_id, [])
        if not before:
            yield Violation(code="precedence_broken", job_id=job.id, detail=f"{wait.job_id} is not served")
        elif start < max(one.stop.end_s for one in before) + wait.lag_s:
            yield Violation(code="precedence_broken", job_id=job.id, detail=f"{start} before {wait.job_id}")


def _same_technician(job: Job, visits: Visits) -> Iterator[Violation]:
    if job.same_technician_as is None:
        return
    wanted = {one.technician_id for one in visits.get(job.same_technician_as, [])}
    if not wanted & {one.technician_id for one in visits[job.id]}:
        yield Violation(code="stranger_follows", job_id=job.id, detail=job.same_technician_as)
