"""Tables of the promises slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class ReplyPromise(Base):
    """A customer was promised an answer by a time (IN-13); open until it was given."""

    __tablename__ = "reply_promise"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    subject: Mapped[str] = mapped_column(sa.String(200))
    due_ms: Mapped[int] = mapped_column(sa.BigInteger)
    made_ms: Mapped[int] = mapped_column(sa.BigInteger)
    made_by: Mapped[str] = mapped_column(sa.String(36))
    kept_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    kept_by: Mapped[str] = mapped_column(sa.String(36), default="")


class PromiseChange(Base):
    """One change of a promise (IN-14): old, new, why, how the customer was told, by whom, when. Never edited."""

    __tablename__ = "promise_change"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    reply_id: Mapped[str | None] = mapped_column(sa.ForeignKey("reply_promise.id"))
    old_from_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    old_due_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    new_from_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    new_due_ms: Mapped[int] = mapped_column(sa.BigInteger)
    reason: Mapped[str] = mapped_column(sa.String(200))
    told: Mapped[str] = mapped_column(sa.String(16))
    told_by: Mapped[str] = mapped_column(sa.String(36))
    told_ms: Mapped[int] = mapped_column(sa.BigInteger)
