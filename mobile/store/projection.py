"""What the technician sees: the server's job with his own unconfirmed events on top, at once and offline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from mobile.store.outbox import PendingEvent
from shared import assignment, facts, machine, visit, wire, work_order
from shared.assignment import AssignmentState
from shared.machine import Role
from shared.work_order import WorkOrderState

_ASSIGNMENT_COMMANDS: Final[dict[type[facts.Body], tuple[str, ...]]] = {
    facts.AssignmentDelivered: ("deliver",),
    facts.AssignmentSeen: ("see",),
    facts.AssignmentAccepted: ("accept",),
    facts.AssignmentDeclined: ("decline",),
    facts.Departed: ("depart",),
    facts.Arrived: ("arrive",),
    facts.StepAnswered: ("start_work",),
    facts.ReadingRecorded: ("start_work",),
    facts.TimerStopped: ("start_work",),
    facts.SiteMadeSafe: ("start_work",),
    facts.OutcomeDeclared: ("start_work",),
    facts.RemainingTimeEstimated: ("start_work",),
    facts.NoAccessRecorded: ("finish",),
    facts.EngineeringRequested: ("finish",),
    facts.RecordSigned: ("finish",),
    facts.SignatureWaived: ("finish",),
}
_ORDER_COMMANDS: Final[dict[type[facts.Body], tuple[str, ...]]] = {
    facts.AssignmentAccepted: ("accept",),
    facts.Arrived: ("arrive",),
    facts.SiteMadeSafe: ("make_safe",),
    facts.StepAnswered: ("correct",),
    facts.ReadingRecorded: ("correct",),
    facts.TimerStopped: ("correct",),
    facts.OutcomeDeclared: ("correct",),
    facts.NoAccessRecorded: ("report_no_access",),
    facts.EngineeringRequested: ("request_engineering",),
    facts.RecordSigned: ("finish_work", "sign"),
    facts.SignatureWaived: ("finish_work", "waive_signature"),
}


def project(job: wire.Job, pending: Sequence[PendingEvent]) -> wire.Job:
    """Return the job with the pending events applied in order; a refused intent counts for nothing."""
    for item in pending:
        if item.state == "queued" or not item.event.body.intent:
            job = advance(job, item.event)
    return job


def advance(job: wire.Job, event: wire.PhoneEvent) -> wire.Job:
    """Return the job after one event of this phone; transitions that the tables do not know are left out."""
    kind = type(event.body)
    # An event of an earlier round says nothing about the present assignment; what was done on site stays evidence.
    is_current = event.assignment_id == job.assignment.id and event.epoch == job.assignment.epoch
    commands = _ASSIGNMENT_COMMANDS.get(kind, ()) if is_current else ()
    own = msgspec.structs.replace(job.assignment, state=_move_assignment(job.assignment.state, commands))
    state = _move_order(job, _ORDER_COMMANDS.get(kind, ())) if is_current else job.state
    return msgspec.structs.replace(job, state=state, assignment=own, visit=_fold(job.visit, event))


def _fold(seen: visit.VisitState, event: wire.PhoneEvent) -> visit.VisitState:
    # The server's copy may hold a note whose confirmation was lost on the way; other facts fold to the same twice.
    if isinstance(event.body, facts.NoteAdded) and event.body.text in seen.notes:
        return seen
    return visit.apply_fact(seen, event.body, event.occurred.wall_ms + event.occurred.offset_ms)


def _move_assignment(state: AssignmentState, commands: tuple[str, ...]) -> AssignmentState:
    for command in commands:
        state = AssignmentState(machine.find_target(assignment.TABLE, state, command, Role.TECHNICIAN) or state.value)
    return state


def _move_order(job: wire.Job, commands: tuple[str, ...]) -> WorkOrderState:
    state = job.state
    for command in commands:
        if command == "make_safe" and not job.is_leak:
            continue  # only a leak has a state for it; elsewhere it stays a fact of the visit
        state = WorkOrderState(machine.find_target(work_order.TABLE, state, command, Role.TECHNICIAN) or state.value)
        if command == "correct" and state is WorkOrderState.ON_SITE and job.visit.made_safe_ms is not None:
            state = WorkOrderState.MADE_SAFE  # a correction on paper does not bring the hazard back
    return state
