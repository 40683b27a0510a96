"""Queries of the stock slice; branch scope is applied here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.stock.models import StockMove, VanStock


def list_van(session: orm.Session, branch_id: str, technician_id: str) -> list[VanStock]:
    """Return what a van holds, by part and lot."""
    query = sa.select(VanStock).where(VanStock.branch_id == branch_id, VanStock.technician_id == technician_id)
    return list(session.scalars(query.order_by(VanStock.part, VanStock.lot)))


def list_all(session: orm.Session, branch_id: str) -> list[VanStock]:
    """Return what depot and vans hold or owe, by part and lot; places that are empty of a lot are left out."""
    query = sa.select(VanStock).where(VanStock.branch_id == branch_id, VanStock.quantity != 0)
    return list(session.scalars(query.order_by(VanStock.part, VanStock.lot, VanStock.technician_id)))


def find_row(session: orm.Session, technician_id: str, part: str, lot: str) -> VanStock | None:
    """Return one part and lot of a van."""
    return session.get(VanStock, (technician_id, part, lot))


def count_used(session: orm.Session, technician_id: str, work_order_id: str, part: str, lot: str) -> int:
    """Return how many pieces of a part and lot an order has taken out of a van so far."""
    query = sa.select(sa.func.sum(StockMove.quantity)).where(
        StockMove.technician_id == technician_id,
        StockMove.work_order_id == work_order_id,
        StockMove.part == part,
        StockMove.lot == lot,
    )
    return -(session.scalar(query) or 0)


def list_moves(session: orm.Session, branch_id: str, part: str, lot: str) -> list[StockMove]:
    """Return the movements of one part and lot: where a bad batch went (PA-03)."""
    query = sa.select(StockMove).where(StockMove.branch_id == branch_id, StockMove.part == part, StockMove.lot == lot)
    return list(session.scalars(query.order_by(StockMove.moved_ms, StockMove.id)))
