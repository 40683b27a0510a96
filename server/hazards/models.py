"""Tables of the hazards slice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class HazardNotice(Base):
    """The hazard notice (隐患整改通知书) of one visit: its findings, when it was served, and what follows.

    `items` are findings with the moment they were found or cleared; `follow_ups` maps a fault kind to its order.
    """

    __tablename__ = "hazard_notice"
    __table_args__ = (
        sa.UniqueConstraint("branch_id", "number"),
        sa.Index("ix_hazard_notice_branch_id_state", "branch_id", "state"),
    )
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    assignment_id: Mapped[str] = mapped_column(sa.String(36))
    technician_id: Mapped[str] = mapped_column(sa.String(36))
    number: Mapped[str] = mapped_column(sa.String(32))
    level: Mapped[str] = mapped_column(sa.String(32))
    state: Mapped[str] = mapped_column(sa.String(12))
    issued_ms: Mapped[int] = mapped_column(sa.BigInteger)
    served_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    settled_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    settled_by: Mapped[str] = mapped_column(sa.String(36), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    items: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    follow_ups: Mapped[dict[str, str]] = mapped_column(Json)


class LeakGrade(Base):
    """One grading of a leak: who, when, why, and whether his word counts; the history stays whole (gas-domain 2)."""

    __tablename__ = "leak_grade"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36))
    grade: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.Text)
    graded_ms: Mapped[int] = mapped_column(sa.BigInteger)
    is_counted: Mapped[bool]
