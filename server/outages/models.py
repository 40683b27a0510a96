"""Tables of the outages slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Area(Base):
    """An area drawn on the map; `kind` is planned, emergency (gas is off) or service (who is responsible)."""

    __tablename__ = "area"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    ver: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(sa.String(16))
    name: Mapped[str] = mapped_column(sa.String(80))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    ring: Mapped[list[list[float]]] = mapped_column(Json)
    from_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    until_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    drawn_by: Mapped[str] = mapped_column(sa.String(36))
    changed_ms: Mapped[int] = mapped_column(sa.BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
