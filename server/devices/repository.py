"""Queries of the devices slice; branch scope is applied here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.devices.models import DeviceOrder, PushTest, SealedEvidence


def find_order(session: orm.Session, device_id: str) -> DeviceOrder | None:
    """Return what is demanded of a phone."""
    return session.get(DeviceOrder, device_id)


def list_orders(session: orm.Session, branch_id: str) -> dict[str, DeviceOrder]:
    """Return what is demanded of the branch's phones, by device."""
    query = sa.select(DeviceOrder).where(DeviceOrder.branch_id == branch_id)
    return {row.device_id: row for row in session.scalars(query)}


def find_evidence(session: orm.Session, sha256: str) -> SealedEvidence | None:
    """Return a sealed file that was opened before."""
    return session.get(SealedEvidence, sha256)


def find_push(session: orm.Session, push_id: str) -> PushTest | None:
    """Return a test alarm; callers compare the technician."""
    return session.get(PushTest, push_id, with_for_update=True)


def find_newest_push(session: orm.Session, technician_id: str) -> PushTest | None:
    """Return a technician's newest test alarm."""
    query = sa.select(PushTest).where(PushTest.technician_id == technician_id)
    return session.scalar(query.order_by(PushTest.sent_ms.desc(), PushTest.id.desc()).limit(1))


def list_pushes(session: orm.Session, branch_id: str, since_ms: int) -> list[PushTest]:
    """Return the branch's test alarms since a moment, oldest first."""
    query = sa.select(PushTest).where(PushTest.branch_id == branch_id, PushTest.sent_ms >= since_ms)
    return list(session.scalars(query.order_by(PushTest.sent_ms, PushTest.id)))
