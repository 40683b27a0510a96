"""Tables of the outgoing slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class OutgoingMessage(Base):
    """One message to one recipient over one channel; written in the transaction that owes it, sent at least once.

    Due times and leases are the machine's time: a message goes out also while a run's clock stands still.
    """

    __tablename__ = "outgoing_message"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    channel: Mapped[str] = mapped_column(sa.String(40))
    audience: Mapped[str] = mapped_column(sa.String(20))
    recipient: Mapped[str] = mapped_column(sa.String(200))
    work_order_id: Mapped[str] = mapped_column(sa.String(36), default="")
    number: Mapped[str] = mapped_column(sa.String(40), default="")
    text: Mapped[dict[str, str]] = mapped_column(Json)
    made_real_ms: Mapped[int] = mapped_column(sa.BigInteger)
    due_real_ms: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    claimed_by: Mapped[str] = mapped_column(sa.String(40), default="")
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    error: Mapped[str] = mapped_column(sa.String(200), default="")
    sent_real_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    failed_real_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
