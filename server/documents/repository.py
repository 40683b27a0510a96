"""Queries of the documents slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.documents.models import Delivery, Document
from shared.errors import DomainError


def find_document(session: orm.Session, work_order_id: str, record_id: str, form: str) -> Document | None:
    """Return a paper by what it is about."""
    query = sa.select(Document).where(
        Document.work_order_id == work_order_id, Document.record_id == record_id, Document.form == form
    )
    return session.scalar(query)


def get_document(session: orm.Session, branch_id: str, document_id: str) -> Document:
    """Return a paper of the branch. Raises DomainError `not_found`."""
    found = session.get(Document, document_id)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="document")
    return found


def list_documents(session: orm.Session, branch_id: str, work_order_id: str) -> list[Document]:
    """Return an order's papers in the order in which they were wanted."""
    query = sa.select(Document).where(Document.branch_id == branch_id, Document.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(Document.wanted_ms, Document.id)))


def list_owed(session: orm.Session, most_attempts: int, limit: int) -> list[Document]:
    """Return papers that wait for being made, those that failed less often first."""
    query = sa.select(Document).where(Document.made_ms.is_(None), Document.attempts < most_attempts)
    return list(session.scalars(query.order_by(Document.attempts, Document.wanted_ms, Document.id).limit(limit)))


def find_copy(session: orm.Session, work_order_id: str, form: str) -> Document | None:
    """Return the newest made paper of a form."""
    query = sa.select(Document).where(
        Document.work_order_id == work_order_id, Document.form == form, Document.made_ms.is_not(None)
    )
    return session.scalars(query.order_by(Document.made_ms.desc()).limit(1)).first()


def list_files(session: orm.Session, branch_id: str) -> list[str]:
    """Return the SHA-256 of every file that the branch has issued."""
    query = sa.select(Document.sha256).where(Document.branch_id == branch_id, Document.made_ms.is_not(None))
    return sorted(session.scalars(query))


def find_by_file(session: orm.Session, sha256: str) -> Document | None:
    """Return the paper whose bytes have a hash."""
    return session.scalars(sa.select(Document).where(Document.sha256 == sha256).limit(1)).first()


def list_deliveries(session: orm.Session, document_ids: list[str]) -> list[Delivery]:
    """Return how some papers reach their readers."""
    query = sa.select(Delivery).where(Delivery.document_id.in_(document_ids))
    return list(session.scalars(query.order_by(Delivery.owed_ms, Delivery.id)))


def find_delivery(session: orm.Session, document_id: str, channel: str) -> Delivery | None:
    """Return a paper's delivery on one way."""
    query = sa.select(Delivery).where(Delivery.document_id == document_id, Delivery.channel == channel)
    return session.scalars(query.limit(1)).first()
