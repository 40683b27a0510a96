"""Events of one technician: ill, vehicle broken down, visit takes longer, customer absent, shift changed."""

from __future__ import annotations

import msgspec

from routing.happenings.aftermath import (
    Act,
    Aftermath,
    Duty,
    get_technician,
    settle,
    unlocked,
    with_technician,
    without_job,
)
from routing.plan import Plan
from routing.problem import Job, Place, Problem, Technician
from routing.travel import TravelTimes
from routing.waiting import QueueRules
from shared.errors import DomainError


def technician_ill(
    problem: Problem,
    plan: Plan | None,
    technician_id: str,
    *,
    rules: QueueRules,
    present: Job | None = None,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """Take a technician out for the rest of the day; everything he held or was to get is given to others.

    ``present`` is the job he is on site at: it has to be taken over by somebody else. Raises DomainError
    ``not_found``, ``problem_invalid``.
    """
    return _gone("technician_ill", problem, plan, technician_id, rules=rules, present=present, travel=travel)


def vehicle_breakdown(
    problem: Problem,
    plan: Plan | None,
    technician_id: str,
    *,
    place: Place,
    until_s: int,
    rules: QueueRules,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """Hold a technician at a place until his vehicle goes again; what he was under way to is released at once.

    Later stops stay his where they can still be kept. Raises DomainError ``not_found``, ``problem_invalid``.
    """
    technician = get_technician(problem, technician_id)
    if until_s >= technician.shift_end_s:
        return _gone("vehicle_breakdown", problem, plan, technician_id, rules=rules, present=None, travel=travel)
    stuck = msgspec.structs.replace(
        technician, place=place, available_s=max(until_s, technician.available_s), committed=(), leave=None
    )
    freed = set(technician.committed)
    jobs = tuple(
        msgspec.structs.replace(job, locked_to=None) if job.id in freed and job.locked_to == technician_id else job
        for job in problem.jobs
    )
    after = msgspec.structs.replace(with_technician(problem, stuck), jobs=jobs)
    return settle("vehicle_breakdown", problem, plan, after, rules=rules, travel=travel)


def extended_visit(
    problem: Problem,
    plan: Plan | None,
    technician_id: str,
    *,
    remaining_s: int,
    rules: QueueRules,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """Take over how long a technician still needs where he works; emergencies that waited for him are looked at again.

    Stops that can no longer be kept go to others. Raises DomainError ``not_found``, ``problem_invalid``.
    """
    technician = get_technician(problem, technician_id)
    longer = msgspec.structs.replace(technician, available_s=problem.now_s + max(0, remaining_s))
    return settle("extended_visit", problem, plan, with_technician(problem, longer), rules=rules, travel=travel)


def no_show(
    problem: Problem,
    plan: Plan | None,
    technician_id: str,
    job: Job,
    *,
    rules: QueueRules,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """End a visit at a closed door: he is free at its place now, and the customer gets another appointment.

    ``job`` is the visit, whether the problem still holds it or not. A leak behind a closed door is no less a leak: it
    sounds the siren, so that a person decides about forced entry or the valve. Raises DomainError ``not_found``,
    ``problem_invalid``.
    """
    technician = get_technician(problem, technician_id)
    free = msgspec.structs.replace(
        technician, place=job.place, available_s=problem.now_s, committed=_besides(technician, job), leave=None
    )
    after = without_job(with_technician(problem, free), job.id)
    done = settle("no_show", without_job(problem, job.id), plan, after, rules=rules, travel=travel)
    act = Act.SOUND_SIREN if job.is_leak else Act.ARRANGE_VISIT
    return msgspec.structs.replace(
        done, duties=(Duty(act=act, reason="no_access", job_id=job.id, technician_id=technician_id), *done.duties)
    )


def _besides(technician: Technician, job: Job) -> tuple[str, ...]:
    return tuple(job_id for job_id in technician.committed if job_id != job.id)


def shift_change(
    problem: Problem,
    plan: Plan | None,
    technician: Technician,
    *,
    rules: QueueRules,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """Take over a technician's changed hours, or somebody who begins; who has gone home already is taken out.

    Stops outside the new hours go to others; what he is under way to stays his. Raises DomainError
    ``problem_invalid``.
    """
    if technician.shift_end_s <= problem.now_s:
        return _gone("shift_change", problem, plan, technician.id, rules=rules, present=None, travel=travel)
    after = with_technician(problem, technician)
    return settle("shift_change", problem, plan, after, rules=rules, travel=travel)


def _gone(
    event: str,
    problem: Problem,
    plan: Plan | None,
    technician_id: str,
    *,
    rules: QueueRules,
    present: Job | None,
    travel: TravelTimes | None,
) -> Aftermath:
    get_technician(problem, technician_id)
    if present is not None and any(job.id == present.id for job in problem.jobs):
        raise DomainError("problem_invalid", field="present", id=present.id, reason="duplicate")
    technicians = tuple(t for t in problem.technicians if t.id != technician_id)
    jobs = unlocked(problem.jobs, technician_id)
    if present is not None:
        jobs = (
            *jobs,
            msgspec.structs.replace(present, locked_to=None, release_s=min(present.release_s, problem.now_s)),
        )
    after = msgspec.structs.replace(problem, technicians=technicians, jobs=jobs)
    before = problem if present is None else _holding(problem, technician_id, present.id)
    return settle(event, before, plan, after, rules=rules, travel=travel)


def _holding(problem: Problem, technician_id: str, job_id: str) -> Problem:
    """Return the problem with the job he is on site at among what he has committed to, so that it is recalled too."""
    technician = get_technician(problem, technician_id)
    holder = msgspec.structs.replace(technician, committed=(job_id, *technician.committed))
    return with_technician(problem, holder)
