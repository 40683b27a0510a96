"""Tables of the documents slice. A made file is never made again: its bytes are what somebody holds in his hands."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, deferred, mapped_column

from server.core.db import Base


class Document(Base):
    """One paper of a visit: owed until the worker has made it; `plain_sha256` is of the bytes before certifying."""

    __tablename__ = "document"
    __table_args__ = (sa.UniqueConstraint("work_order_id", "record_id", "form"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    assignment_id: Mapped[str] = mapped_column(sa.String(36), default="")
    record_id: Mapped[str] = mapped_column(sa.String(64), default="")
    form: Mapped[str] = mapped_column(sa.String(32))
    wanted_ms: Mapped[int] = mapped_column(sa.BigInteger)
    made_ms: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    error: Mapped[str] = mapped_column(sa.String(200), default="")
    sha256: Mapped[str] = mapped_column(sa.String(64), default="", index=True)
    plain_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    pdf: Mapped[bytes | None] = deferred(mapped_column(sa.LargeBinary, nullable=True))


class Delivery(Base):
    """How a paper reaches its reader: by link, printed on the spot, or posted later."""

    __tablename__ = "delivery"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    document_id: Mapped[str] = mapped_column(sa.ForeignKey("document.id"), index=True)
    channel: Mapped[str] = mapped_column(sa.String(8))
    state: Mapped[str] = mapped_column(sa.String(12))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    owed_ms: Mapped[int] = mapped_column(sa.BigInteger)
    changed_ms: Mapped[int] = mapped_column(sa.BigInteger)
    changed_by: Mapped[str] = mapped_column(sa.String(36), default="")
