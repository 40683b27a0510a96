"""Tables of the seals slice: certificates are added, never changed but for the day on which a key retires."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class KeyCertificate(Base):
    """A key of a branch or a device as its issuer certified it; old ones stay, so that old records still verify."""

    __tablename__ = "key_certificate"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    subject_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    key_id: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    alg: Mapped[str] = mapped_column(sa.String(12))
    public_key: Mapped[str] = mapped_column(sa.String(130))
    note: Mapped[dict[str, Any]] = mapped_column(Json)
    issued_ms: Mapped[int] = mapped_column(sa.BigInteger)
    retired_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class CounterHead(Base):
    """The newest counter-seal of a branch; locked before the journal's rows."""

    __tablename__ = "counter_head"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.String(64))


class CounterSeal(Base):
    """What the branch said about one record when it arrived, in the branch's own chain (decision 4)."""

    __tablename__ = "counter_seal"
    __table_args__ = (sa.UniqueConstraint("branch_id", "chain_seq"),)
    record_id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    chain_seq: Mapped[int] = mapped_column(sa.BigInteger)
    note: Mapped[dict[str, Any]] = mapped_column(Json)
