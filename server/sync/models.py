"""Tables of the sync slice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class ProcessedEvent(Base):
    """The durable idempotency row of a phone's event, written in the transaction of its effect (decision 6)."""

    __tablename__ = "processed_event"
    device_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(sa.String(64))
    result: Mapped[dict[str, Any]] = mapped_column(Json)
    at_ms: Mapped[int] = mapped_column(sa.BigInteger)


class SigningLease(Base):
    """A customer holds the phone to sign: until then the desk is asked once more before it interrupts (3.5)."""

    __tablename__ = "signing_lease"
    work_order_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36))
    device_id: Mapped[str] = mapped_column(sa.String(36))
    until_ms: Mapped[int] = mapped_column(sa.BigInteger)


class Quarantine(Base):
    """What could not be read or filed, as it came; a person looks at it (decision 2)."""

    __tablename__ = "quarantine"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    device_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    raw: Mapped[str] = mapped_column(sa.Text)
    raw_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    reason: Mapped[str] = mapped_column(sa.Text)
    at_ms: Mapped[int] = mapped_column(sa.BigInteger)
