"""Table of the slice: a record that a customer may sign in his browser."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class RemoteSigning(Base):
    """A record as it was sent for signing: `state` is open, given, signed, void or locked.

    `evidence_hash` is of the visit when it was sent: a later change makes the signing void. The code is used once.
    """

    __tablename__ = "remote_signing"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    assignment_id: Mapped[str] = mapped_column(sa.String(36))
    technician_id: Mapped[str] = mapped_column(sa.String(36))
    record_json: Mapped[str] = mapped_column(sa.Text)
    evidence_hash: Mapped[str] = mapped_column(sa.String(64))
    code: Mapped[str] = mapped_column(sa.String(6))
    tries: Mapped[int] = mapped_column(default=0)
    made_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int] = mapped_column(sa.BigInteger)
    state: Mapped[str] = mapped_column(sa.String(8))
    given_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    strokes: Mapped[list[Any]] = mapped_column(Json)
    relation: Mapped[str] = mapped_column(sa.String(24), default="")
    opinion: Mapped[str] = mapped_column(sa.Text, default="")
    record_id: Mapped[str] = mapped_column(sa.String(64), default="")
