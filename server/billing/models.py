"""Tables of the billing slice. Amounts are fen; days are the branch's local days (ISO 8601)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class PriceApproval(Base):
    """A price beyond the list that a second person has to approve before the customer is shown it (WA-05)."""

    __tablename__ = "price_approval"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    asked_by: Mapped[str] = mapped_column(sa.String(36))
    asked_ms: Mapped[int] = mapped_column(sa.BigInteger)
    list_ref: Mapped[str] = mapped_column(sa.String(64))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    total_cents: Mapped[int] = mapped_column(sa.BigInteger)
    reason: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(12), index=True)
    decided_by: Mapped[str] = mapped_column(sa.String(36), default="")
    decided_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    note: Mapped[str] = mapped_column(sa.Text, default="")


class FieldPayment(Base):
    """Money taken at the door; cash stays with the technician until `hand_in_id` says who received it (WA-08)."""

    __tablename__ = "field_payment"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    amount_cents: Mapped[int] = mapped_column(sa.BigInteger)
    method: Mapped[str] = mapped_column(sa.String(16))
    receipt: Mapped[str] = mapped_column(sa.String(80))
    taken_ms: Mapped[int] = mapped_column(sa.BigInteger)
    day: Mapped[str] = mapped_column(sa.String(10), index=True)
    due_ms: Mapped[int] = mapped_column(sa.BigInteger)
    hand_in_id: Mapped[str | None] = mapped_column(sa.String(36))


class CashHandIn(Base):
    """One hand-in of a technician's cash: counted by somebody else than who collected it (WA-08)."""

    __tablename__ = "cash_hand_in"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    expected_cents: Mapped[int] = mapped_column(sa.BigInteger)
    counted_cents: Mapped[int] = mapped_column(sa.BigInteger)
    received_by: Mapped[str] = mapped_column(sa.String(36))
    received_ms: Mapped[int] = mapped_column(sa.BigInteger)
    is_late: Mapped[bool]
    note: Mapped[str] = mapped_column(sa.Text, default="")


class DamageClaim(Base):
    """Something of the customer's was damaged on a visit (ON-05)."""

    __tablename__ = "damage_claim"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36))
    item: Mapped[str] = mapped_column(sa.Text)
    value_cents: Mapped[int] = mapped_column(sa.BigInteger)
    paid_cents: Mapped[int] = mapped_column(sa.BigInteger)
    photo: Mapped[str] = mapped_column(sa.String(64), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    claimed_ms: Mapped[int] = mapped_column(sa.BigInteger)
    settled_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    settled_by: Mapped[str] = mapped_column(sa.String(36), default="")
    settled_cents: Mapped[int | None] = mapped_column(sa.BigInteger)
