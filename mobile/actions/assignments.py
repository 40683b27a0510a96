"""Commands on the assignment: from the offer to the door."""

from __future__ import annotations

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.store import jobs
from shared import assignment, facts, machine, wire
from shared.machine import Role


def see_assignment(desk: Desk, work_order_id: str) -> wire.PhoneEvent | None:
    """Note that the technician has opened the offer; None when that is already known or the offer is past."""
    with desk.store.read() as db:
        stored = jobs.get_job(db, work_order_id)
    state = stored.job.assignment.state
    if stored.is_gone or machine.find_target(assignment.TABLE, state, "see", Role.TECHNICIAN) is None:
        return None
    return desks.append(desk, work_order_id, facts.AssignmentSeen(), desks.check_anything)


def accept_assignment(desk: Desk, work_order_id: str) -> wire.PhoneEvent:
    """Take the job; the server has the last word. Raises DomainError `transition_not_allowed`, `order_not_here`."""
    return desks.append(desk, work_order_id, facts.AssignmentAccepted(), desks.allow_intent("accept"))


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
