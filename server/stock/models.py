"""Tables of the stock slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class VanStock(Base):
    """How many pieces of one part and lot a technician's van holds: the sum of its movements.

    The depot's own rows stand under the branch's id (`service.depot_of`).
    """

    __tablename__ = "van_stock"
    technician_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    part: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    lot: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    quantity: Mapped[int]


class StockMove(Base):
    """One movement: pieces into the van (positive) or out of it, why, for which order, by whose word."""

    __tablename__ = "stock_move"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    part: Mapped[str] = mapped_column(sa.String(64))
    lot: Mapped[str] = mapped_column(sa.String(64))
    quantity: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(16))
    work_order_id: Mapped[str] = mapped_column(sa.String(36), default="", index=True)
    moved_ms: Mapped[int] = mapped_column(sa.BigInteger)
    moved_by: Mapped[str] = mapped_column(sa.String(36))
