"""Tables of the public slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Opinion(Base):
    """What a customer thought of a visit, given on the opinion card; one for each order, never changed."""

    __tablename__ = "opinion"
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    points: Mapped[int]
    was_tested: Mapped[bool | None]
    words: Mapped[str] = mapped_column(sa.Text, default="")
    given_ms: Mapped[int] = mapped_column(sa.BigInteger)
