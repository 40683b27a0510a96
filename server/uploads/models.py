"""Tables of the uploads slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Upload(Base):
    """A file that a phone announced. How much has come is the length of its part on disk, not a column."""

    __tablename__ = "upload"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    device_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    mime: Mapped[str] = mapped_column(sa.String(80))
    started_ms: Mapped[int] = mapped_column(sa.BigInteger)
    completed_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class FileReference(Base):
    """A fact that speaks of a file: an order is closed only when all of them have come (decision 7)."""

    __tablename__ = "file_reference"
    event_id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)


class Picture(Base):
    """What was found in a picture, and others that look the same. The file itself stays as it came.

    `state` is owed, shown or refused; `likeness` are 64 bits in hexadecimal that near-identical pictures share.
    """

    __tablename__ = "picture"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    state: Mapped[str] = mapped_column(sa.String(8), index=True)
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    width: Mapped[int] = mapped_column(sa.Integer, default=0)
    height: Mapped[int] = mapped_column(sa.Integer, default=0)
    likeness: Mapped[str] = mapped_column(sa.String(16), default="")
    twins: Mapped[list[str]] = mapped_column(Json)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    looked_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
