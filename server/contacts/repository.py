"""Queries of the contacts slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.contacts.models import Contact


def find_by_source(session: orm.Session, branch_id: str, source_ref: str) -> Contact | None:
    """Return the contact that a page has saved under its own key."""
    return session.scalar(sa.select(Contact).where(Contact.branch_id == branch_id, Contact.source_ref == source_ref))


def list_since(session: orm.Session, branch_id: str, since_ms: int) -> list[Contact]:
    """Return the contacts that began since a moment."""
    return list(
        session.scalars(sa.select(Contact).where(Contact.branch_id == branch_id, Contact.started_ms >= since_ms))
    )


def list_reply_states(session: orm.Session, branch_id: str, states: tuple[str, ...]) -> list[str]:
    """Return the state of every promised answer that is in one of some states."""
    query = sa.select(Contact.reply_state).where(Contact.branch_id == branch_id, Contact.reply_state.in_(states))
    return list(session.scalars(query))


def list_latest(session: orm.Session, branch_id: str, owed_states: tuple[str, ...], limit: int) -> list[Contact]:
    """Return the contacts to whom an answer is owed, the first due first, then the latest others."""
    owed = Contact.reply_state.in_(owed_states)
    ranked = (owed.desc(), sa.case((owed, Contact.reply_due_ms), else_=-Contact.started_ms))
    query = sa.select(Contact).where(Contact.branch_id == branch_id).order_by(*ranked)
    return list(session.scalars(query.limit(limit)))
