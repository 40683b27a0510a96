"""Events of emergencies: several at once, looked at again at every event, taken back."""

from __future__ import annotations

import msgspec

from routing.happenings.aftermath import Act, Aftermath, Duty, get_job, settle, without_job
from routing.plan import Plan
from routing.problem import Job, Problem
from routing.travel import TravelTimes
from routing.waiting import QueueRules


def several_emergencies(
    problem: Problem,
    plan: Plan | None,
    jobs: tuple[Job, ...],
    *,
    rules: QueueRules,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """Take in emergencies reported together; all that wait are arranged together, not one after another.

    Raises DomainError ``problem_invalid``.
    """
    after = msgspec.structs.replace(problem, jobs=(*problem.jobs, *jobs))
    return settle("several_emergencies", problem, plan, after, rules=rules, travel=travel)


def emergency_rechecked(
    problem: Problem, plan: Plan | None, *, rules: QueueRules, travel: TravelTimes | None = None
) -> Aftermath:
    """Look again at every emergency nobody is under way to: what was promised to it is revocable until then.

    Raises DomainError ``problem_invalid``.
    """
    return settle("emergency_rechecked", problem, plan, problem, rules=rules, travel=travel)


def emergency_revoked(
    problem: Problem,
    plan: Plan | None,
    job_id: str,
    *,
    rules: QueueRules,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """Take an emergency out (called off, or a report of one known already); who was under way to it is free.

    Raises DomainError ``job_unknown``, ``problem_invalid``.
    """
    get_job(problem, job_id)
    done = settle("emergency_revoked", problem, plan, without_job(problem, job_id), rules=rules, travel=travel)
    known = {duty.technician_id for duty in done.duties if duty.job_id == job_id}
    missing = tuple(
        Duty(act=Act.RECALL_OFFER, reason="emergency_revoked", job_id=job_id, technician_id=t.id)
        for t in problem.technicians
        if job_id in t.committed and t.id not in known
    )
    return msgspec.structs.replace(done, duties=(*missing, *done.duties))
