"""A technician's changed hours: longer, shorter, or a shift he did not have; the plan follows at once."""

from __future__ import annotations

from typing import Final

import msgspec

from server.accounts import repository as accounts
from server.accounts import service as account_service
from server.core.unit_of_work import Tx
from shared import events
from shared.errors import DomainError

SHIFT_CHANGE: Final = "shift_change"


class ShiftRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the technician works: replaces the shift it overlaps, or is a new one."""

    start_ms: int
    end_ms: int


def change_shift(tx: Tx, technician_id: str, request: ShiftRequest) -> None:
    """Change or add a shift; what the technician is under way to stays his. Raises `not_found`, `shift_reversed`.

    The plan follows by the event's reaction.
    """
    technician = accounts.get_technician(tx.session, tx.branch_id, technician_id)
    if request.end_ms <= request.start_ms:
        raise DomainError("shift_reversed")
    known = accounts.list_shifts(tx.session, tx.branch_id, request.start_ms, request.end_ms)
    mine = [shift for shift in known if shift.technician_id == technician.id]
    for shift in mine[1:]:
        tx.session.delete(shift)
    if mine:
        mine[0].start_ms, mine[0].end_ms = request.start_ms, request.end_ms
        account_service.owe_start(tx, mine[0])
    else:
        account_service.add_shift(tx, technician.id, request.start_ms, request.end_ms)
    tx.session.flush()
    data = {"technician_id": technician.id, **_span(request)}
    tx.record(events.SHIFT_CHANGED, data, technicians=(technician.id,))


def _span(request: ShiftRequest) -> dict[str, int]:
    return {"start_ms": request.start_ms, "end_ms": request.end_ms}
