"""Tables of the call_backs slice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class CallBack(Base):
    """One call to make after an order was closed."""

    __tablename__ = "call_back"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    due_ms: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    made_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    made_by: Mapped[str] = mapped_column(sa.String(36), default="")
    is_satisfied: Mapped[bool | None]
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    note: Mapped[str] = mapped_column(sa.Text, default="")
