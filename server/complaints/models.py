"""Tables of the complaints slice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Complaint(Base):
    """A complaint (CO-10): `steps` move its clocks, `owner_id` is never empty (CO-20). Times are Unix ms."""

    __tablename__ = "complaint"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    ver: Mapped[int]
    number: Mapped[str] = mapped_column(sa.String(32))
    state: Mapped[str] = mapped_column(sa.String(16), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    severity: Mapped[str] = mapped_column(sa.String(8))
    suggested: Mapped[str] = mapped_column(sa.String(8))
    channel: Mapped[str] = mapped_column(sa.String(16))
    caller_name: Mapped[str] = mapped_column(sa.String(80))
    caller_phone: Mapped[str] = mapped_column(sa.String(32))
    customer_id: Mapped[str | None] = mapped_column(sa.String(36))
    work_order_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    content: Mapped[str] = mapped_column(sa.Text)
    unit: Mapped[str] = mapped_column(sa.String(24))
    owner_id: Mapped[str] = mapped_column(sa.String(36))
    passed_on: Mapped[int]
    rounds: Mapped[int]
    findings: Mapped[str] = mapped_column(sa.Text)
    reply: Mapped[str] = mapped_column(sa.Text)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    breached: Mapped[list[str]] = mapped_column(Json)
    opened_ms: Mapped[int] = mapped_column(sa.BigInteger)
    closed_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
