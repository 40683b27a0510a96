"""Tables of the work_orders slice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class WorkOrder(Base):
    """A work order's current state, projected from the journal. `ver` grows by one per change."""

    __tablename__ = "work_order"
    __table_args__ = (sa.UniqueConstraint("branch_id", "source_ref"), sa.UniqueConstraint("branch_id", "number"))
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(24))
    ver: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(sa.String(20), index=True)
    priority: Mapped[int]
    is_leak: Mapped[bool]
    fault_kind: Mapped[str] = mapped_column(sa.String(32))
    location: Mapped[str] = mapped_column(sa.String(32))
    emergency_class: Mapped[str] = mapped_column(sa.String(48), default="none")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    channel: Mapped[str] = mapped_column(sa.String(16), default="phone")
    caller_name: Mapped[str] = mapped_column(sa.String(80), default="")
    caller_phone: Mapped[str] = mapped_column(sa.String(32), default="")
    customer_id: Mapped[str | None] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    address: Mapped[str] = mapped_column(sa.String(200))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    advice: Mapped[list[str]] = mapped_column(Json)
    skills: Mapped[list[str]] = mapped_column(Json)
    triage_rule: Mapped[str] = mapped_column(sa.String(80), default="")
    expected_s: Mapped[int]
    window_start_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    window_end_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    opened_ms: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    arrived_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    closed_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    epoch: Mapped[int] = mapped_column(default=0)
    technician_id: Mapped[str] = mapped_column(sa.String(36), default="", index=True)
    protocols: Mapped[list[str]] = mapped_column(Json)
    clock_events: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    breached: Mapped[list[str]] = mapped_column(Json)
    flags: Mapped[list[str]] = mapped_column(Json)
    source_ref: Mapped[str | None] = mapped_column(sa.String(120))


class NumberCounter(Base):
    """The last work order number of a branch's day."""

    __tablename__ = "number_counter"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    day: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    last: Mapped[int]


class ChosenEdition(Base):
    """The edition of a protocol that a branch works by where several are legal at once (decision 27)."""

    __tablename__ = "chosen_edition"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    protocol: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(80))
