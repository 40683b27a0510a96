"""The work order's state machine (architecture: state machines; rules DI-01, DI-12, FT-02, SG-04, CO-17)."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from shared import machine
from shared.errors import DomainError
from shared.machine import Role, row


class WorkOrderState(enum.StrEnum):
    """States of a work order. WORK_DONE means that the full-function test is passed (decision 7)."""

    NEW = "new"
    TRIAGED = "triaged"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    ON_SITE = "on_site"
    MADE_SAFE = "made_safe"
    WORK_DONE = "work_done"
    SIGNED = "signed"
    SIGN_WAIVED = "sign_waived"
    CLOSED = "closed"
    ON_HOLD = "on_hold"
    NO_ACCESS = "no_access"
    NEEDS_ENGINEERING = "needs_engineering"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"
    REOPENED = "reopened"


class Priority(enum.IntEnum):
    """Priorities with one name in code (decision 9). EMERGENCY, then URGENT leaks, are lexicographic in planning."""

    EMERGENCY = 1
    URGENT = 2
    APPOINTMENT = 3
    ROUTINE = 4


def is_alarming(priority: int, *, is_leak: bool) -> bool:
    """Tell whether an offer rings at the technician and climbs the ladder: an emergency, or an urgent leak."""
    return priority == Priority.EMERGENCY or (priority == Priority.URGENT and is_leak)


OPEN_STATES: Final = frozenset(WorkOrderState) - {
    WorkOrderState.CLOSED,
    WorkOrderState.CANCELLED,
    WorkOrderState.DUPLICATE,
}
WAITING_STATES: Final = frozenset({WorkOrderState.TRIAGED, WorkOrderState.OFFERED, WorkOrderState.REOPENED})

_FIELD = "on_site made_safe"
TABLE: Final = (
    row("triage", "new reopened", "triaged", "system dispatcher agent"),
    row(
        "offer", "triaged reopened assigned offered on_hold no_access needs_engineering", "offered", "system dispatcher"
    ),
    row("accept", "offered", "assigned", "technician"),
    row("withdraw", "offered assigned", "triaged", "system dispatcher"),
    row("arrive", "assigned", "on_site", "technician"),
    row("suspend", "on_site", "assigned", "system"),
    row("make_safe", "on_site", "made_safe", "technician"),
    row("finish_work", _FIELD, "work_done", "technician"),
    row("finish_late", "triaged offered assigned", "work_done", "system"),
    row("correct", "work_done signed sign_waived", "on_site", "technician"),
    row("sign", "work_done", "signed", "technician"),
    row("waive_signature", "work_done", "sign_waived", "technician dispatcher"),
    row("close", "signed sign_waived", "closed", "system"),
    row(
        "hold",
        "triaged offered assigned on_site made_safe work_done signed sign_waived",
        "on_hold",
        "technician dispatcher",
    ),
    row("report_no_access", "on_site assigned", "no_access", "technician"),
    row("request_engineering", _FIELD, "needs_engineering", "technician"),
    row("release", "on_hold no_access needs_engineering reopened", "triaged", "dispatcher system"),
    row(
        "cancel", "new triaged offered assigned on_site on_hold no_access needs_engineering", "cancelled", "dispatcher"
    ),
    row("mark_duplicate", "new triaged offered assigned", "duplicate", "dispatcher"),
    row("reopen", "closed cancelled duplicate", "reopened", "dispatcher system"),
)


class Facts(msgspec.Struct, frozen=True):
    """What `decide` must know of an order: `closure_evidence` as judged by shared.closure on the visit's evidence.

    `open_original` says that another order is open for the very same leak.
    """

    state: WorkOrderState
    is_leak: bool
    closure_evidence: bool = False
    open_original: bool = False


def decide(facts: Facts, command: str, role: Role) -> WorkOrderState:
    """Return the state after the command.

    A leak is made safe before its work is done and closes only on evidence; no access is not no leak. `finish_late`
    takes the work of a technician whose assignment had ended meanwhile, for a leak only on closing evidence. A leak is
    not cancelled on a telephone call; it is a duplicate only of another leak that is still open.
    Nobody leaves a leak for another order.
    Raises DomainError `transition_not_allowed`, `leak_not_made_safe`, `leak_not_left`, `leak_without_evidence`,
    `leak_needs_a_visit`, `duplicate_not_open`.
    """
    target = WorkOrderState(machine.get_target(TABLE, facts.state, command, role))
    if facts.is_leak and command == "finish_work" and facts.state is not WorkOrderState.MADE_SAFE:
        raise DomainError("leak_not_made_safe")
    if facts.is_leak and command == "suspend":
        raise DomainError("leak_not_left")
    if facts.is_leak and command in {"close", "finish_late"} and not facts.closure_evidence:
        raise DomainError("leak_without_evidence")
    if facts.is_leak and command == "cancel" and not facts.closure_evidence:
        raise DomainError("leak_needs_a_visit")
    if facts.is_leak and command == "mark_duplicate" and not facts.open_original:
        raise DomainError("duplicate_not_open")
    return target
