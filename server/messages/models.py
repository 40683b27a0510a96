"""Tables of the messages slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Message(Base):
    """One message between the centre and a technician; `is_from_desk` tells the direction."""

    __tablename__ = "message"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36))
    is_from_desk: Mapped[bool]
    sender_name: Mapped[str] = mapped_column(sa.String(80))
    text: Mapped[str] = mapped_column(sa.Text)
    at_ms: Mapped[int] = mapped_column(sa.BigInteger)
    delivered_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    read_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
