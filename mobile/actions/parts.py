"""Parts used on a visit, taken out of the van's stock."""

from __future__ import annotations

from mobile.actions import desk as desks
from mobile.actions.desk import Desk
from mobile.store import jobs, pocket
from shared import facts, wire


def use_part(desk: Desk, work_order_id: str, *, part: str, lot: str = "", quantity: int) -> wire.PhoneEvent | None:
    """Tell how many pieces this visit has used in all; the van's stock follows. None when that is already told.

    Raises DomainError `order_not_here`, `not_on_site`, `quantity_invalid`.
    """
    body = facts.PartUsed(part=part, lot=lot, quantity=quantity)
    with desk.store.write() as db:
        stored = jobs.get_job(db, work_order_id)
        desks.check_on_site(stored)
        used = next((p.quantity for p in stored.job.visit.parts if (p.part, p.lot) == (part, lot)), 0)
        if used == quantity:
            return None
        pocket.take_from_stock(db, part, lot, quantity - used)
        event = desks.queue(desk, db, stored.job, body)
    desk.on_append()
    return event
