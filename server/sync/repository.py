"""Queries of the sync slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.accounts.models import Device
from server.sync.models import ProcessedEvent, Quarantine


def find_processed(session: orm.Session, device_id: str, event_id: str) -> ProcessedEvent | None:
    """Return the result that an event got, None when it never came."""
    return session.get(ProcessedEvent, (device_id, event_id))


def find_quarantined(session: orm.Session, device_id: str, raw_hash: str) -> Quarantine | None:
    """Return what a device had sent before, to the letter, and could not be filed."""
    query = sa.select(Quarantine).where(Quarantine.device_id == device_id, Quarantine.raw_hash == raw_hash)
    return session.scalars(query.limit(1)).first()


def list_quarantine(session: orm.Session, branch_id: str) -> list[Quarantine]:
    """Return what waits for a person, newest first."""
    query = (
        sa.select(Quarantine).where(Quarantine.branch_id == branch_id).order_by(Quarantine.at_ms.desc(), Quarantine.id)
    )
    return list(session.scalars(query))


def list_processed_ids(session: orm.Session, device_id: str) -> set[str]:
    """Return the ids of all events that a device got results for."""
    return set(session.scalars(sa.select(ProcessedEvent.event_id).where(ProcessedEvent.device_id == device_id)))


def list_processed_before(session: orm.Session, branch_id: str, before_ms: int, limit: int) -> list[ProcessedEvent]:
    """Return results of the branch's devices older than a time (Unix ms)."""
    own = sa.select(Device.id).where(Device.branch_id == branch_id)
    old = sa.select(ProcessedEvent).where(ProcessedEvent.device_id.in_(own), ProcessedEvent.at_ms < before_ms)
    return list(session.scalars(old.limit(limit)))
