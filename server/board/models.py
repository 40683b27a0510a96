"""Tables of the board slice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class SavedView(Base):
    """One dispatcher's own view of the queue: its name and what it shows."""

    __tablename__ = "saved_view"
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    query: Mapped[dict[str, Any]] = mapped_column(Json)
    saved_ms: Mapped[int] = mapped_column(sa.BigInteger)
