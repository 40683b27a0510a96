"""Queries of the seals slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from server.seals.models import CounterHead, CounterSeal, KeyCertificate

BRANCH = "branch"
DEVICE = "device"


def list_certificates(session: orm.Session, branch_id: str, subject: str, subject_id: str) -> list[KeyCertificate]:
    """Return a subject's certificates, the oldest first; the last one is in use."""
    query = sa.select(KeyCertificate).where(
        KeyCertificate.branch_id == branch_id,
        KeyCertificate.subject == subject,
        KeyCertificate.subject_id == subject_id,
    )
    return list(session.scalars(query.order_by(KeyCertificate.issued_ms, KeyCertificate.key_id)))


def find_certificate(
    session: orm.Session, branch_id: str, subject: str, subject_id: str, key_id: str
) -> KeyCertificate | None:
    """Return the certificate of one key."""
    return session.get(KeyCertificate, (branch_id, subject, subject_id, key_id))


def find_certified(session: orm.Session, device_id: str, key_id: str) -> KeyCertificate | None:
    """Return the certificate of a device's key, of whatever branch."""
    query = sa.select(KeyCertificate).where(
        KeyCertificate.subject == DEVICE, KeyCertificate.subject_id == device_id, KeyCertificate.key_id == key_id
    )
    return session.scalars(query).first()


def find_counter_seal(session: orm.Session, record_id: str) -> CounterSeal | None:
    """Return what the branch said about a record."""
    return session.get(CounterSeal, record_id)


def list_counter_seals(session: orm.Session, branch_id: str) -> list[CounterSeal]:
    """Return a branch's counter-seals in the order of their chain."""
    query = sa.select(CounterSeal).where(CounterSeal.branch_id == branch_id).order_by(CounterSeal.chain_seq)
    return list(session.scalars(query))


def find_counter_head(session: orm.Session, branch_id: str) -> CounterHead | None:
    """Return the newest link of a branch's counter-seals."""
    return session.get(CounterHead, branch_id)


def lock_counter_head(session: orm.Session, branch_id: str) -> CounterHead | None:
    """Return the newest link and keep it from other transactions until this one ends."""
    return session.get(CounterHead, branch_id, with_for_update=True, populate_existing=True)
