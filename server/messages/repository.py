"""Queries of the messages slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.messages.models import Message


def find_message(session: orm.Session, branch_id: str, message_id: str) -> Message | None:
    """Return a message of the branch, None when there is none."""
    row = session.get(Message, message_id)
    return row if row is not None and row.branch_id == branch_id else None


def list_undelivered(session: orm.Session, technician_id: str, limit: int) -> list[Message]:
    """Return what the centre wrote to a technician and no phone of his has confirmed, oldest first."""
    query = sa.select(Message).where(
        Message.technician_id == technician_id, Message.is_from_desk.is_(True), Message.delivered_ms.is_(None)
    )
    return list(session.scalars(query.order_by(Message.at_ms, Message.id).limit(limit)))


def list_with(session: orm.Session, branch_id: str, technician_id: str, limit: int) -> list[Message]:
    """Return the newest messages between the centre and a technician, newest first."""
    query = sa.select(Message).where(Message.branch_id == branch_id, Message.technician_id == technician_id)
    return list(session.scalars(query.order_by(Message.at_ms.desc(), Message.id.desc()).limit(limit)))
