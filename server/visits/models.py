"""Tables of the visits slice. Evidence is never altered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Evidence(Base):
    """One fact from the field, its body as the phone sent it, with the flags set on arrival (decision 2)."""

    __tablename__ = "evidence"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    assignment_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36))
    device_id: Mapped[str] = mapped_column(sa.String(36))
    type: Mapped[str] = mapped_column(sa.String(40))
    body: Mapped[str] = mapped_column(sa.Text)
    occurred_ms: Mapped[int] = mapped_column(sa.BigInteger)
    received_ms: Mapped[int] = mapped_column(sa.BigInteger)
    flags: Mapped[list[str]] = mapped_column(Json)


class Visit(Base):
    """What the evidence of one assignment says so far: the shared fold, kept for reading."""

    __tablename__ = "visit"
    assignment_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36))
    state: Mapped[dict[str, Any]] = mapped_column(Json)


class Record(Base):
    """A signed or waived service record with the device's seal; a later correction is a record of its own."""

    __tablename__ = "record"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    assignment_id: Mapped[str] = mapped_column(sa.String(36))
    technician_id: Mapped[str] = mapped_column(sa.String(36))
    device_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    kind: Mapped[str] = mapped_column(sa.String(12))
    record_json: Mapped[str] = mapped_column(sa.Text)
    strokes: Mapped[list[Any]] = mapped_column(Json)
    signer_relation: Mapped[str] = mapped_column(sa.String(24), default="")
    opinion: Mapped[str] = mapped_column(sa.Text, default="")
    waive_reason: Mapped[str] = mapped_column(sa.String(80), default="")
    witness: Mapped[str] = mapped_column(sa.String(80), default="")
    seal: Mapped[dict[str, Any]] = mapped_column(Json)
    problems: Mapped[list[str]] = mapped_column(Json)
    signed_ms: Mapped[int] = mapped_column(sa.BigInteger)


class CustomerCopy(Base):
    """The customer's copy (用户联) of a record, made once."""

    __tablename__ = "customer_copy"
    record_id: Mapped[str] = mapped_column(sa.ForeignKey("record.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    issued_ms: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    html: Mapped[str] = mapped_column(sa.Text)
