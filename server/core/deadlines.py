"""Durable duties with a due time: SLA breaches, offers to make, escalations. The worker sweeps what is due."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json
from server.core.unit_of_work import Tx


class Deadline(Base):
    """One duty. It goes away in the transaction that carries it out; `due_ms` is the run's time."""

    __tablename__ = "deadline"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    key: Mapped[str] = mapped_column(sa.String(80), index=True)
    due_ms: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    retry_at_real_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)


def schedule(tx: Tx, kind: str, key: str, due_ms: int, data: dict[str, Any]) -> None:
    """Set the one duty of this kind and key, replacing an earlier one."""
    cancel(tx, kind, key)
    tx.session.add(
        Deadline(id=tx.new_id(), branch_id=tx.branch_id, kind=kind, key=key, due_ms=due_ms, data=data, attempts=0)
    )


def cancel(tx: Tx, kind: str, key: str) -> None:
    """Drop a duty that is no longer owed."""
    tx.session.execute(sa.delete(Deadline).where(Deadline.kind == kind, Deadline.key == key))


def list_due(session: orm.Session, now_ms: int, real_now_ms: int, limit: int, kind: str = "") -> list[Deadline]:
    """Return duties that are due and not waiting for a retry, oldest first; of one kind, or of all."""
    query = sa.select(Deadline).where(Deadline.due_ms <= now_ms, Deadline.retry_at_real_ms <= real_now_ms)
    if kind:
        query = query.where(Deadline.kind == kind)
    return list(session.scalars(query.order_by(Deadline.due_ms, Deadline.id).limit(limit)))


def find_next_due_ms(session: orm.Session) -> int | None:
    """Return when the next duty falls due, None when there is none."""
    return session.scalar(sa.select(sa.func.min(Deadline.due_ms)))


def is_scheduled(tx: Tx, kind: str, key: str) -> bool:
    """Tell whether a duty of this kind and key is owed already."""
    query = sa.select(Deadline.id).where(Deadline.branch_id == tx.branch_id, Deadline.kind == kind, Deadline.key == key)
    return tx.session.scalar(query.limit(1)) is not None
