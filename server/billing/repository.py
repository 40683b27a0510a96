"""Queries of the billing slice; branch scope is applied here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.billing.models import CashHandIn, DamageClaim, FieldPayment, PriceApproval
from shared.errors import DomainError

CASH = "cash"
ASKED = "asked"


def list_approvals(session: orm.Session, work_order_id: str) -> list[PriceApproval]:
    """Return an order's approvals, oldest first."""
    query = sa.select(PriceApproval).where(PriceApproval.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(PriceApproval.asked_ms, PriceApproval.id)))


def list_asked(session: orm.Session, branch_id: str) -> list[PriceApproval]:
    """Return the branch's approvals that nobody has decided, oldest first."""
    query = sa.select(PriceApproval).where(PriceApproval.branch_id == branch_id, PriceApproval.state == ASKED)
    return list(session.scalars(query.order_by(PriceApproval.asked_ms, PriceApproval.id)))


def get_approval(session: orm.Session, branch_id: str, approval_id: str) -> PriceApproval:
    """Return an approval of the branch. Raises DomainError `not_found`."""
    found = session.get(PriceApproval, approval_id)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="price_approval")
    return found


def list_payments(session: orm.Session, work_order_id: str) -> list[FieldPayment]:
    """Return what was paid for an order."""
    query = sa.select(FieldPayment).where(FieldPayment.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(FieldPayment.taken_ms, FieldPayment.id)))


def list_payments_of_day(session: orm.Session, branch_id: str, day: str) -> list[FieldPayment]:
    """Return what was paid at the branch's doors on a local day (ISO 8601), newest first."""
    query = sa.select(FieldPayment).where(FieldPayment.branch_id == branch_id, FieldPayment.day == day)
    return list(session.scalars(query.order_by(FieldPayment.taken_ms.desc(), FieldPayment.id)))


def find_receipt(session: orm.Session, branch_id: str, receipt: str) -> FieldPayment | None:
    """Return the payment that a receipt's number stands for."""
    query = sa.select(FieldPayment).where(FieldPayment.branch_id == branch_id, FieldPayment.receipt == receipt)
    return session.scalars(query.limit(1)).first()


def list_open_cash(session: orm.Session, branch_id: str, technician_id: str = "") -> list[FieldPayment]:
    """Return cash that nobody has received yet, of one technician or all, oldest first."""
    query = sa.select(FieldPayment).where(
        FieldPayment.branch_id == branch_id, FieldPayment.method == CASH, FieldPayment.hand_in_id.is_(None)
    )
    if technician_id:
        query = query.where(FieldPayment.technician_id == technician_id)
    return list(session.scalars(query.order_by(FieldPayment.taken_ms, FieldPayment.id)))


def list_hand_ins(session: orm.Session, branch_id: str, limit: int) -> list[CashHandIn]:
    """Return the branch's hand-ins, newest first."""
    query = sa.select(CashHandIn).where(CashHandIn.branch_id == branch_id)
    return list(session.scalars(query.order_by(CashHandIn.received_ms.desc(), CashHandIn.id).limit(limit)))


def list_open_damages(session: orm.Session, branch_id: str) -> list[DamageClaim]:
    """Return the claims that are not settled, oldest first."""
    query = sa.select(DamageClaim).where(DamageClaim.branch_id == branch_id, DamageClaim.settled_ms.is_(None))
    return list(session.scalars(query.order_by(DamageClaim.claimed_ms, DamageClaim.id)))


def get_damage(session: orm.Session, branch_id: str, damage_id: str) -> DamageClaim:
    """Return a claim of the branch. Raises DomainError `not_found`."""
    found = session.get(DamageClaim, damage_id)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="damage")
    return found
