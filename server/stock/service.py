"""Stock of depot and vans: received, loaded, used by facts from the field, one movement for each (PA-01, PA-03)."""

from __future__ import annotations

from typing import Final

import msgspec

from server.accounts import repository as accounts
from server.core.unit_of_work import Tx
from server.stock import catalog, repository
from server.stock.models import StockMove, VanStock
from shared import events, facts
from shared.errors import DomainError

NOT_IN_VAN: Final = "part_not_in_van"
_LONGEST: Final = 64
_MOST: Final = 9999


class LoadRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Pieces of one part and lot that go into a van, or come out of it (below nothing)."""

    part: str
    lot: str = ""
    quantity: int

    def __post_init__(self) -> None:
        """Refuse what is no movement. Raises DomainError `quantity_not_whole`."""
        too_long = len(self.part) > _LONGEST or len(self.lot) > _LONGEST
        if not self.part.strip() or too_long or not 0 < abs(self.quantity) <= _MOST:
            raise DomainError("quantity_not_whole")


def load_van(tx: Tx, technician_id: str, request: LoadRequest) -> VanStock:
    """Move pieces into or out of a van at the depot. Raises DomainError `not_found`, `stock_too_low`."""
    accounts.get_technician(tx.session, tx.branch_id, technician_id)
    row = repository.find_row(tx.session, technician_id, request.part, request.lot)
    held = row.quantity if row else 0
    if held + request.quantity < 0:
        raise DomainError("stock_too_low", held=held, part=request.part, lot=request.lot)
    reason = "loaded" if request.quantity > 0 else "returned"
    return _move(tx, tx.new_id(), technician_id, request.part, request.lot, request.quantity, reason, "")


def depot_of(branch_id: str) -> str:
    """Return under which id the branch's depot keeps its stock: the depot is the branch's own place."""
    return branch_id


def receive(tx: Tx, request: LoadRequest) -> VanStock:
    """Take pieces into the depot. Raises DomainError `quantity_not_whole`, `part_unknown`, `lot_missing`."""
    catalog.check(request.part, request.lot)
    if request.quantity < 0:
        raise DomainError("quantity_not_whole")
    place = depot_of(tx.branch_id)
    return _move(tx, tx.new_id(), place, request.part, request.lot, request.quantity, "received", "")


def transfer(tx: Tx, technician_id: str, request: LoadRequest) -> VanStock:
    """Move pieces from the depot into a van, or back (below nothing); neither can give what it does not hold.

    Raises DomainError `not_found`, `part_unknown`, `lot_missing`, `depot_too_low`, `stock_too_low`.
    """
    accounts.get_technician(tx.session, tx.branch_id, technician_id)
    catalog.check(request.part, request.lot)
    depot = depot_of(tx.branch_id)
    row = repository.find_row(tx.session, depot, request.part, request.lot)
    held = row.quantity if row else 0
    if held < request.quantity:
        raise DomainError("depot_too_low", held=held, part=request.part, lot=request.lot)
    loaded = load_van(tx, technician_id, request)
    _move(tx, tx.new_id(), depot, request.part, request.lot, -request.quantity, "moved", "")
    return loaded


def use_part(tx: Tx, event_id: str, technician_id: str, work_order_id: str, body: facts.PartUsed) -> tuple[str, ...]:
    """Take out of the van what a visit has used; the fact tells the whole, the movement is the difference.

    What the van does not hold is recorded all the same and flagged: the part is in the customer's house.
    """
    part, lot = body.part[:_LONGEST], body.lot[:_LONGEST]
    more = body.quantity - repository.count_used(tx.session, technician_id, work_order_id, part, lot)
    if not more:
        return ()
    reason = "used" if more > 0 else "corrected"
    row = _move(tx, event_id, technician_id, part, lot, -more, reason, work_order_id)
    return (NOT_IN_VAN,) if more > 0 and row.quantity < 0 else ()


def _move(
    tx: Tx, move_id: str, technician_id: str, part: str, lot: str, quantity: int, reason: str, work_order_id: str
) -> VanStock:
    row = repository.find_row(tx.session, technician_id, part, lot)
    if row is None:
        row = VanStock(technician_id=technician_id, part=part, lot=lot, branch_id=tx.branch_id, quantity=0)
        tx.session.add(row)
    row.quantity += quantity
    tx.session.add(
        StockMove(
            id=move_id,
            branch_id=tx.branch_id,
            technician_id=technician_id,
            part=part,
            lot=lot,
            quantity=quantity,
            reason=reason,
            work_order_id=work_order_id,
            moved_ms=tx.now_ms,
            moved_by=tx.actor.id,
        )
    )
    tx.session.flush()
    data = {"technician_id": technician_id, "part": part, "lot": lot, "quantity": quantity, "reason": reason}
    tx.record(events.STOCK_MOVED, data, work_order_id=work_order_id)
    return row
