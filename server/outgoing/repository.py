"""Queries of the outgoing slice."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from server.outgoing.models import OutgoingMessage
from shared.errors import DomainError

_SHOWN: Final = 20
SENT: Final = "sent"
FAILED: Final = "failed"
WAITING: Final = "waiting"
STATES: Final = (FAILED, WAITING, SENT)
_IS_STATE: Final = {
    SENT: OutgoingMessage.sent_real_ms.is_not(None),
    FAILED: OutgoingMessage.failed_real_ms.is_not(None),
    WAITING: sa.and_(OutgoingMessage.sent_real_ms.is_(None), OutgoingMessage.failed_real_ms.is_(None)),
}


def _waiting(latest_ms: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        OutgoingMessage.sent_real_ms.is_(None),
        OutgoingMessage.failed_real_ms.is_(None),
        OutgoingMessage.due_real_ms <= latest_ms,
    )


def count_waiting(session: orm.Session, latest_ms: int) -> int:
    """Return how many messages are due by a time (Unix ms)."""
    return session.scalar(sa.select(sa.func.count()).select_from(OutgoingMessage).where(_waiting(latest_ms))) or 0


def lock_waiting(session: orm.Session, latest_ms: int, limit: int) -> list[OutgoingMessage]:
    """Return messages that are due, locked, the longest due first; those that another has locked are left out."""
    query = sa.select(OutgoingMessage).where(_waiting(latest_ms)).order_by(OutgoingMessage.due_real_ms)
    return list(session.scalars(query.limit(limit).with_for_update(skip_locked=True)))


def list_troubled(session: orm.Session, branch_id: str, since_ms: int) -> list[OutgoingMessage]:
    """Return the branch's messages made since that could not be sent yet or were given up, newest first."""
    query = (
        sa.select(OutgoingMessage)
        .where(OutgoingMessage.branch_id == branch_id, OutgoingMessage.made_real_ms >= since_ms)
        .where(OutgoingMessage.error != "", OutgoingMessage.sent_real_ms.is_(None))
        .order_by(OutgoingMessage.made_real_ms.desc(), OutgoingMessage.id)
        .limit(_SHOWN)
    )
    return list(session.scalars(query))


def list_of_order(session: orm.Session, work_order_id: str, audience: str) -> list[OutgoingMessage]:
    """Return the messages about an order to one audience, newest first."""
    query = sa.select(OutgoingMessage).where(
        OutgoingMessage.work_order_id == work_order_id, OutgoingMessage.audience == audience
    )
    return list(session.scalars(query.order_by(OutgoingMessage.made_real_ms.desc(), OutgoingMessage.id).limit(_SHOWN)))


def list_latest(session: orm.Session, branch_id: str, state: str, limit: int) -> list[OutgoingMessage]:
    """Return the branch's newest messages, of one state or of all."""
    query = sa.select(OutgoingMessage).where(OutgoingMessage.branch_id == branch_id)
    if state:
        query = query.where(_IS_STATE[state])
    return list(session.scalars(query.order_by(OutgoingMessage.made_real_ms.desc(), OutgoingMessage.id).limit(limit)))


def count_by_state(session: orm.Session, branch_id: str) -> dict[str, int]:
    """Return how many messages of the branch are in each state."""
    count = sa.select(sa.func.count()).select_from(OutgoingMessage).where(OutgoingMessage.branch_id == branch_id)
    return {state: session.scalar(count.where(_IS_STATE[state])) or 0 for state in STATES}


def lock_message(session: orm.Session, branch_id: str, message_id: str) -> OutgoingMessage:
    """Return a message of the branch, kept from senders meanwhile. Raises DomainError `not_found`."""
    found = session.get(OutgoingMessage, message_id, with_for_update=True)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="message")
    return found
