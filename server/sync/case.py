"""One phone event with everything the server knows about it."""

from __future__ import annotations

import msgspec

from server.core.unit_of_work import Tx
from server.dispatch.models import Assignment
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
    def at_ms(self) -> int:
        """Return when it happened, by the phone's clock with its offset."""
        return self.event.occurred.wall_ms + self.event.occurred.offset_ms
