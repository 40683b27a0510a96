"""Tables of the people slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class QuarantineLook(Base):
    """Somebody has looked at a fact that could not be read; the fact itself is never changed."""

    __tablename__ = "quarantine_look"
    quarantine_id: Mapped[str] = mapped_column(sa.ForeignKey("quarantine.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    seen_by: Mapped[str] = mapped_column(sa.String(36))
    seen_ms: Mapped[int] = mapped_column(sa.BigInteger)
