"""Tables of the notices slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class CustomerNotice(Base):
    """One customer to be told that a promise moves; open until somebody has told it or the promise holds again.

    ``channel`` is ``desk``: a person calls. ``start_ms`` None means that nobody comes as things stand.
    """

    __tablename__ = "customer_notice"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    cause: Mapped[str] = mapped_column(sa.String(24))
    cause_order_id: Mapped[str] = mapped_column(sa.String(36), default="")
    promised_from_ms: Mapped[int] = mapped_column(sa.BigInteger)
    promised_to_ms: Mapped[int] = mapped_column(sa.BigInteger)
    start_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    changed_ms: Mapped[int] = mapped_column(sa.BigInteger)
    channel: Mapped[str] = mapped_column(sa.String(16), default="desk")
    state: Mapped[str] = mapped_column(sa.String(16), index=True)
    ended_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    ended_by: Mapped[str] = mapped_column(sa.String(36), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
