"""The assignment's state machine. `epoch` grows per offering round and fences late intents (decision 5)."""

from __future__ import annotations

import enum
from typing import Final

from shared import machine
from shared.errors import DomainError
from shared.machine import Role, row


class AssignmentState(enum.StrEnum):
    """States of one technician's assignment to one work order."""

    OFFERED = "offered"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    WORKING = "working"
    FINISHED = "finished"
    DECLINED = "declined"
    EXPIRED = "expired"
    RECALLED = "recalled"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    ABANDONED = "abandoned"


PENDING_STATES: Final = frozenset({AssignmentState.OFFERED, AssignmentState.DELIVERED, AssignmentState.SEEN})
COMMITTED_STATES: Final = frozenset(
    {AssignmentState.ACCEPTED, AssignmentState.EN_ROUTE, AssignmentState.ARRIVED, AssignmentState.WORKING}
)
LIVE_STATES: Final = PENDING_STATES | COMMITTED_STATES | {AssignmentState.SUSPENDED}

_PENDING = "offered delivered seen"
TABLE: Final = (
    row("deliver", "offered", "delivered", "technician"),
    row("see", "offered delivered", "seen", "technician"),
    row("accept", _PENDING, "accepted", "technician"),
    row("decline", _PENDING, "declined", "technician"),
    row("expire", _PENDING, "expired", "system"),
    row("recall", f"{_PENDING} accepted en_route suspended", "recalled", "dispatcher system"),
    row("supersede", f"{_PENDING} accepted", "superseded", "system"),
    row("depart", "accepted suspended", "en_route", "technician"),
    row("arrive", "accepted en_route", "arrived", "technician"),
    row("start_work", "arrived", "working", "technician"),
    row("finish", "arrived working suspended", "finished", "technician"),
    row("suspend", "accepted en_route arrived working", "suspended", "technician system"),
    row("resume", "suspended", "en_route", "technician"),
    row("abandon", "accepted en_route arrived working suspended", "abandoned", "dispatcher"),
)


def decide(state: AssignmentState, command: str, role: Role) -> AssignmentState:
    """Return the state after the command. Raises DomainError `transition_not_allowed`."""
    return AssignmentState(machine.get_target(TABLE, state, command, role))


def check_epoch(current: int, claimed: int) -> None:
    """Fence an intent of an earlier offering round. Raises DomainError `epoch_is_over`."""
    if claimed != current:
        raise DomainError("epoch_is_over", current=current, claimed=claimed)
