"""What an event leaves behind, and how the plan is put right: emergencies anew, then whatever lost its place."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from routing.anchors import anchor_to_plan
from routing.certificate import Certificate, MovedStop
from routing.grid import build_grid
from routing.knots import has_couplings
from routing.moved import is_kept, list_moved, list_to_tell, spots
from routing.plan import Plan
from routing.problem import Job, Problem, Technician, Tier, Value
from routing.queue import arrange_queue
from routing.state import state_of
from routing.travel import StraightLine, TravelTimes
from routing.urgent import finished, place_rest
from routing.waiting import QueueRules
from shared.errors import DomainError


class Act(enum.StrEnum):
    """What has to be done by the desk or the product after an event."""

    RECALL_OFFER = "recall_offer"
    TELL_CUSTOMER = "tell_customer"
    ARRANGE_VISIT = "arrange_visit"
    POSTPONE = "postpone"
    CALL_IN = "call_in"
    SOUND_SIREN = "sound_siren"


class Duty(Value, frozen=True, kw_only=True):
    """One thing that has to be done: for which job or technician, and because of what."""

    act: Act
    reason: str
    job_id: str | None = None
    technician_id: str | None = None


class Aftermath(Value, frozen=True, kw_only=True):
    """The world after an event: problem, plan, the stops that moved, what has to be done, proofs of emergencies."""

    event: str
    problem: Problem
    plan: Plan
    duties: tuple[Duty, ...] = ()
    moved: tuple[MovedStop, ...] = ()
    certificates: tuple[Certificate, ...] = ()


def settle(
    event: str,
    before: Problem,
    plan: Plan | None,
    after: Problem,
    *,
    rules: QueueRules,
    travel: TravelTimes | None = None,
) -> Aftermath:
    """Put the plan right after an event that made ``after`` out of ``before``.

    Emergencies and urgent leaks are arranged anew, all others keep their technician where they still can; offers that
    no longer stand are recalled, customers whose promise is no longer kept are told, and an emergency that nobody can
    reach sounds the siren. Raises DomainError ``problem_invalid``.
    """
    answer = arrange_queue(after, plan, target_s=int(rules.target_s), rules=rules, travel=travel)
    released = _released(before, after)
    placed = _with_all(after, answer.plan, travel)
    moved = list_moved(after, plan or Plan(), placed)
    duties = [Duty(act=Act.RECALL_OFFER, reason=event, job_id=job, technician_id=tech) for tech, job in released]
    told = dict.fromkeys([*list_to_tell(after, moved), *_broken_promises(after, placed, released)])
    duties += [Duty(act=Act.TELL_CUSTOMER, reason=event, job_id=job_id) for job_id in told]
    duties += [
        Duty(act=Act.SOUND_SIREN, reason=reason, job_id=job_id)
        for job_id, reason in placed.unserved.items()
        if _get_job(after, job_id).tier == Tier.EMERGENCY
    ]
    return Aftermath(
        event=event, problem=after, plan=placed, duties=tuple(duties), moved=moved, certificates=answer.certificates
    )


def _with_all(problem: Problem, plan: Plan, travel: TravelTimes | None) -> Plan:
    """Give every job without a place another chance: offered before, left out before, or barred until now."""
    if not {job.id for job in problem.jobs} - spots(plan).keys():
        return plan
    if has_couplings(problem):
        view = anchor_to_plan(problem, plan, travel)
        return view.close(_with_all(view.problem, view.warm or Plan(), travel))
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    state = state_of(grid, plan, keep_first=True)
    place_rest(state, state.unplanned())
    return finished(state, plan.engines)


def _released(before: Problem, after: Problem) -> list[tuple[str, str]]:
    """Return (technician, job) of every offer or departure that no longer stands."""
    still = {(t.id, job_id) for t in after.technicians for job_id in t.committed}
    return [(t.id, job_id) for t in before.technicians for job_id in t.committed if (t.id, job_id) not in still]


def _broken_promises(problem: Problem, plan: Plan, released: list[tuple[str, str]]) -> list[str]:
    jobs, now = {job.id: job for job in problem.jobs}, spots(plan)
    return [
        job_id
        for _, job_id in released
        if job_id in jobs
        and jobs[job_id].promised
        and not is_kept(jobs[job_id], now[job_id][1] if job_id in now else None)
    ]


def get_technician(problem: Problem, technician_id: str) -> Technician:
    """Return a technician of the problem; raise DomainError ``not_found``."""
    found = next((t for t in problem.technicians if t.id == technician_id), None)
    if found is None:
        raise DomainError("not_found", what="technician")
    return found


def _get_job(problem: Problem, job_id: str) -> Job:
    return next(job for job in problem.jobs if job.id == job_id)


def get_job(problem: Problem, job_id: str) -> Job:
    """Return a job of the problem; raise DomainError ``job_unknown``."""
    found = next((job for job in problem.jobs if job.id == job_id), None)
    if found is None:
        raise DomainError("job_unknown", id=job_id)
    return found


def with_technician(problem: Problem, technician: Technician) -> Problem:
    """Return the problem with one technician replaced, or added when he was not in it."""
    others = [t for t in problem.technicians if t.id != technician.id]
    position = next((i for i, t in enumerate(problem.technicians) if t.id == technician.id), len(others))
    return msgspec.structs.replace(problem, technicians=(*others[:position], technician, *others[position:]))


def without_job(problem: Problem, job_id: str) -> Problem:
    """Return the problem without a job, also not committed to by anybody nor waited for by another job."""
    technicians = tuple(
        msgspec.structs.replace(t, committed=tuple(j for j in t.committed if j != job_id)) for t in problem.technicians
    )
    jobs = tuple(_without_ties(job, job_id) for job in problem.jobs if job.id != job_id)
    previous = {job: tech for job, tech in problem.previous.items() if job != job_id}
    return msgspec.structs.replace(problem, technicians=technicians, jobs=jobs, previous=previous)


def _without_ties(job: Job, gone_id: str) -> Job:
    ties = tuple(one for one in job.after if one.job_id != gone_id)
    follows = None if job.same_technician_as == gone_id else job.same_technician_as
    return msgspec.structs.replace(job, after=ties, same_technician_as=follows)


def unlocked(jobs: Iterable[Job], technician_id: str) -> tuple[Job, ...]:
    """Return the jobs, none of them any longer meant for one technician alone."""
    return tuple(
        msgspec.structs.replace(job, locked_to=None) if job.locked_to == technician_id else job for job in jobs
    )
