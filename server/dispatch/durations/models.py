"""Table of what ended visits have taught about durations."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class VisitLaws(Base):
    """What a branch's visits had taught on a day about durations; the newest row is in force, older ones stay."""

    __tablename__ = "visit_laws"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    made_ms: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    visits: Mapped[int]
    laws: Mapped[dict[str, Any]] = mapped_column(Json)
