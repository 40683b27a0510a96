"""Damage at the customer's: recorded with its value and photo, settled by the desk (ON-05)."""

from __future__ import annotations

import msgspec

from server.billing import repository
from server.billing.models import DamageClaim
from server.core.unit_of_work import Tx
from shared import door_facts, events
from shared.door_facts import MOST_CENTS
from shared.errors import DomainError
from shared.fact_base import check_length


class SettleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer gets in the end, in fen, and why."""

    settled_cents: int
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse less than nothing and endless words. Raises DomainError `damage_invalid`, `text_too_long`."""
        if not 0 <= self.settled_cents <= MOST_CENTS:
            raise DomainError("damage_invalid")
        check_length(self.note)


def record_damage(
    tx: Tx, event_id: str, work_order_id: str, technician_id: str, body: door_facts.DamageClaimed, at_ms: int
) -> None:
    """Keep a claim as it was told at the door."""
    row = DamageClaim(
        id=event_id,
        branch_id=tx.branch_id,
        work_order_id=work_order_id,
        technician_id=technician_id,
        item=body.item,
        value_cents=body.value_cents,
        paid_cents=body.paid_cents,
        photo=body.photo,
        note=body.note,
        claimed_ms=at_ms,
    )
    tx.session.add(row)
    tx.record(events.DAMAGE_RECORDED, {"damage_id": row.id, "item": row.item}, work_order_id=work_order_id)


def settle_damage(tx: Tx, damage_id: str, request: SettleRequest) -> DamageClaim:
    """Settle a claim. Raises DomainError `not_found`, `approval_decided` when it is settled already."""
    row = repository.get_damage(tx.session, tx.branch_id, damage_id)
    if row.settled_ms is not None:
        raise DomainError("approval_decided")
    row.settled_ms, row.settled_by, row.settled_cents = tx.now_ms, tx.actor.id, request.settled_cents
    row.note = f"{row.note}\n{request.note}".strip()
    data = {"damage_id": row.id, "settled_cents": row.settled_cents}
    tx.record(events.DAMAGE_SETTLED, data, work_order_id=row.work_order_id)
    return row
