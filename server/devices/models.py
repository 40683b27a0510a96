"""Tables of the devices slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class DeviceOrder(Base):
    """What the desk demands of a phone: `lock`, or `wipe`, which is final (threat C8). Obeyed at its next contact."""

    __tablename__ = "device_order"
    device_id: Mapped[str] = mapped_column(sa.ForeignKey("device.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    asked_ms: Mapped[int] = mapped_column(sa.BigInteger)
    asked_by: Mapped[str] = mapped_column(sa.String(36))
    done_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class SealedEvidence(Base):
    """One sealed file of a wiped phone that was opened here; the same file again changes nothing."""

    __tablename__ = "sealed_evidence"
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    device_id: Mapped[str] = mapped_column(sa.String(36), default="")
    events: Mapped[int] = mapped_column(sa.Integer, default=0)
    photo: Mapped[str] = mapped_column(sa.String(64), default="")
    at_ms: Mapped[int] = mapped_column(sa.BigInteger)


class PushTest(Base):
    """One test alarm to a technician's phone, at the start of his shift or on demand."""

    __tablename__ = "push_test"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.ForeignKey("technician.id"), index=True)
    sent_ms: Mapped[int] = mapped_column(sa.BigInteger)
    seen_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    missed_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
