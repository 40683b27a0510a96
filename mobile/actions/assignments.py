"""Commands on the assignment: from the offer to the door."""

from __future__ import annotations

from typing import Final

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.store import jobs
from shared import assignment, checklist, facts, machine, wire
from shared.assignment import AssignmentState
from shared.errors import DomainError
from shared.machine import Role

_ON_SITE: Final = frozenset({AssignmentState.ARRIVED, AssignmentState.WORKING})


def see_assignment(desk: Desk, work_order_id: str) -> wire.PhoneEvent | None:
    """Note that the technician has opened the offer; None when that is already known or the offer is past."""
    with desk.store.read() as db:
        stored = jobs.get_job(db, work_order_id)
    state = stored.job.assignment.state
    if stored.is_gone or machine.find_target(assignment.TABLE, state, "see", Role.TECHNICIAN) is None:
        return None
    return desks.append(desk, work_order_id, facts.AssignmentSeen(), desks.check_anything)


def accept_assignment(desk: Desk, work_order_id: str) -> wire.PhoneEvent:
    """Take the job; the server has the last word.

    Raises DomainError `transition_not_allowed`, `order_not_here`, and `job_not_left` when it takes leaving a job that
    cannot be left at the step where it stands (decision 10).
    """
    bound = _find_bound(desk, work_order_id)
    if bound is not None:
        raise DomainError("job_not_left", number=bound.number)
    return desks.append(desk, work_order_id, facts.AssignmentAccepted(), desks.allow_intent("accept"))


def find_left(desk: Desk, work_order_id: str) -> wire.Job | None:
    """Return the job on site that is left when an offered one is accepted; None when none is."""
    with desk.store.read() as db:
        here = jobs.list_jobs(db)
    offered = next((job for job in here if job.work_order_id == work_order_id), None)
    if offered is None or not offered.assignment.needs_consent:
        return None
    return next((job for job in here if job.assignment.state in _ON_SITE and job.work_order_id != work_order_id), None)


def _find_bound(desk: Desk, work_order_id: str) -> wire.Job | None:
    """Return the job on site whose protocol forbids to leave it now; leaks are ended before anything else."""
    job = find_left(desk, work_order_id)
    if job is None or (not job.is_leak and checklist.may_leave_visit(desk.shelf.list_known(job.protocols), job.visit)):
        return None
    return job


def decline_assignment(desk: Desk, work_order_id: str, *, reason: str) -> wire.PhoneEvent:
    """Refuse the job with a reason. Raises DomainError `transition_not_allowed`, `order_not_here`."""
    return desks.append(desk, work_order_id, facts.AssignmentDeclined(reason=reason), desks.allow_intent("decline"))


def depart(desk: Desk, work_order_id: str) -> wire.PhoneEvent:
    """Drive to the job. Raises DomainError `transition_not_allowed`, `order_not_here`."""
    return desks.append(desk, work_order_id, facts.Departed(), desks.allow_move("depart"))


def arrive(desk: Desk, work_order_id: str, *, lat: float | None = None, lon: float | None = None) -> wire.PhoneEvent:
    """Stand at the job, at a place in WGS-84 degrees when the phone knows it.

    Raises DomainError `transition_not_allowed`, `order_not_here`, `place_invalid`.
    """
    return desks.append(desk, work_order_id, facts.Arrived(lat=lat, lon=lon), desks.allow_move("arrive"))
