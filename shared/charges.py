"""The charge of a record: what the customer saw and agreed to before the work, and nothing else (WA-05)."""

from __future__ import annotations

from shared import prices
from shared.service_record import Charge, ChargeItem
from shared.visit import VisitState


def charge_of(visit: VisitState) -> Charge:
    """Return the charge that the visit's agreement stands for; nothing without an agreement."""
    lines = prices.list_agreed(visit)
    items = tuple(ChargeItem(code=line.code, amount_cents=line.quantity * line.unit_cents) for line in lines)
    return Charge(total_cents=prices.total(lines), items=items, reason=visit.price.list_ref if visit.price else "")
