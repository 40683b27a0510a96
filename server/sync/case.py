"""One phone event with everything the server knows about it."""

from __future__ import annotations

import msgspec

from server.core.unit_of_work import Tx
from server.dispatch.models import Assignment
from server.visits import moments
from server.visits.moments import Moment
from server.visits.service import Sender
from server.work_orders.models import WorkOrder
from server.work_orders.service import Desk
from shared import wire


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One event with what the server knows about it."""

    tx: Tx
    sender: Sender
    event: wire.PhoneEvent
    order: WorkOrder
    assignment: Assignment
    desk: Desk

    @property
    def profile(self) -> str:
        """Return the name of the SLA profile."""
        return self.desk.sla_profile

    @property
    def moment(self) -> Moment:
        """Return when it happened, not before this round of offering when it speaks of this one."""
        is_of_it = self.event.assignment_id in {"", self.assignment.id} and self.event.epoch == self.assignment.epoch
        offered_ms = self.assignment.offered_ms if is_of_it else None
        return moments.reckon(self.event.occurred, self.sender.boots, self.tx.now_ms, offered_ms)

    @property
    def at_ms(self) -> int:
        """Return when it happened (Unix ms)."""
        return self.moment.at_ms
