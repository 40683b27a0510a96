"""Queries of the geocoding slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.geocoding.models import AddressLookup


def find_oldest(session: orm.Session, state: str) -> AddressLookup | None:
    """Return the oldest question in a state."""
    query = sa.select(AddressLookup).where(AddressLookup.state == state)
    return session.scalar(query.order_by(AddressLookup.asked_ms, AddressLookup.id).limit(1))
