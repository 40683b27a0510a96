"""Prices at the door: what the list says, what a second person approves, what a record may charge (WA-05)."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec

from server.billing import repository
from server.billing.models import PriceApproval
from server.core import policies
from server.core.unit_of_work import Tx
from shared import door_facts, events, prices
from shared.door_facts import PriceLine
from shared.errors import DomainError
from shared.fact_base import check_length
from shared.visit import VisitState

_APPROVED: Final = "approved"
_REFUSED: Final = "refused"


class DecideRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A second person's decision on a price."""

    is_approved: bool
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse endless words. Raises DomainError `text_too_long`."""
        check_length(self.note)


def find_list(ref: str) -> prices.PriceList | None:
    """Return the price list of a reference."""
    return next((p for p in policies.price_lists() if p.ref == ref), None)


def list_in_force(day: dt.date) -> prices.PriceList:
    """Return the list of a day. Raises DomainError `price_list_invalid`."""
    return prices.choose(policies.price_lists(), day)


def ask_approval(
    tx: Tx, event_id: str, work_order_id: str, technician_id: str, body: door_facts.PriceApprovalAsked
) -> None:
    """Keep what a technician wants approved; the desk decides."""
    row = PriceApproval(
        id=event_id,
        branch_id=tx.branch_id,
        work_order_id=work_order_id,
        asked_by=technician_id,
        asked_ms=tx.now_ms,
        list_ref=body.list_ref,
        lines=[msgspec.to_builtins(line) for line in body.lines],
        total_cents=prices.total(body.lines),
        reason=body.reason,
        state=repository.ASKED,
    )
    tx.session.add(row)
    data = {"approval_id": row.id, "total_cents": row.total_cents, "reason": row.reason}
    tx.record(events.PRICE_APPROVAL_ASKED, data, work_order_id=work_order_id, technicians=(technician_id,))


def decide_approval(tx: Tx, approval_id: str, request: DecideRequest) -> PriceApproval:
    """Approve or refuse a price.

    Raises DomainError `not_found`, `approval_decided`, `approval_by_same_person`.
    """
    row = repository.get_approval(tx.session, tx.branch_id, approval_id)
    if row.state != repository.ASKED:
        raise DomainError("approval_decided")
    if row.asked_by == tx.actor.id:
        raise DomainError("approval_by_same_person")
    row.state = _APPROVED if request.is_approved else _REFUSED
    row.decided_by, row.decided_ms, row.note = tx.actor.id, tx.now_ms, request.note
    data = {"approval_id": row.id, "state": row.state, "note": row.note}
    tx.record(events.PRICE_APPROVAL_GIVEN, data, work_order_id=row.work_order_id, technicians=(row.asked_by,))
    return row


def list_flags(tx: Tx, work_order_id: str, state: VisitState) -> tuple[str, ...]:
    """Return what is wrong with the price that the customer agreed to last: () for the list's own, or approved ones."""
    lines = prices.list_agreed(state)
    if state.price is None or not lines or _is_approved(tx, work_order_id, state.price.approval, lines):
        return ()
    known = find_list(state.price.list_ref)
    if known is None:
        return (prices.NOT_IN_LIST,)
    return tuple(dict.fromkeys(problem for _, problem in prices.list_problems(known, lines)))


def _is_approved(tx: Tx, work_order_id: str, approval_id: str, lines: tuple[PriceLine, ...]) -> bool:
    wanted = [msgspec.to_builtins(line) for line in lines]
    rows = repository.list_approvals(tx.session, work_order_id)
    return any(row.id == approval_id and row.state == _APPROVED and row.lines == wanted for row in rows)
