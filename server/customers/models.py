"""Tables of the customers slice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Customer(Base):
    """A customer at an address; premises and accounts become tables of their own with billing (AR-01)."""

    __tablename__ = "customer"
    __table_args__ = (sa.UniqueConstraint("branch_id", "account"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    account: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str] = mapped_column(sa.String(32), index=True)
    address: Mapped[str] = mapped_column(sa.String(200))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    language: Mapped[str] = mapped_column(sa.String(8), default="zh_CN")
    is_vulnerable: Mapped[bool] = mapped_column(default=False)
    meter_serial: Mapped[str] = mapped_column(sa.String(32), index=True, default="")
    appliances: Mapped[list[dict[str, Any]]] = mapped_column(Json)
