"""Tables of the escalation slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Escalation(Base):
    """How far one leak has climbed: `step` is carried out next, at `due_ms` (the run's time).

    `fence` grows with every change: a duty of an earlier fence does nothing. The row stays when it has ended, and
    begins again when the leak is without a person once more.
    """

    __tablename__ = "escalation"
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    step: Mapped[int] = mapped_column(sa.Integer)
    fence: Mapped[int] = mapped_column(sa.Integer, default=0)
    started_ms: Mapped[int] = mapped_column(sa.BigInteger)
    due_ms: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    siren_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    taken_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    taken_by: Mapped[str] = mapped_column(sa.String(36), default="")
    ended_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    end_reason: Mapped[str] = mapped_column(sa.String(20), default="")
    audited_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
