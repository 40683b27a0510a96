"""Tables of the contacts slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Contact(Base):
    """One contact (IN-01, IN-10, AR-03): times are Unix ms, `waited_s` is how long it rang before somebody answered."""

    __tablename__ = "contact"
    __table_args__ = (sa.UniqueConstraint("branch_id", "source_ref"),)
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    source_ref: Mapped[str] = mapped_column(sa.String(120))
    contact_class: Mapped[str] = mapped_column(sa.String(16))
    channel: Mapped[str] = mapped_column(sa.String(16))
    rings: Mapped[int | None]
    waited_s: Mapped[int | None]
    started_ms: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    ended_ms: Mapped[int] = mapped_column(sa.BigInteger)
    caller_name: Mapped[str] = mapped_column(sa.String(80))
    caller_phone: Mapped[str] = mapped_column(sa.String(32))
    customer_id: Mapped[str | None] = mapped_column(sa.String(36))
    content: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.String(16))
    answer_id: Mapped[str] = mapped_column(sa.String(40))
    agent_id: Mapped[str] = mapped_column(sa.String(36))
    outcome: Mapped[str] = mapped_column(sa.String(16))
    work_order_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    complaint_id: Mapped[str | None] = mapped_column(sa.String(36))
    transferred_to: Mapped[str] = mapped_column(sa.String(80))
    transfer_note: Mapped[str] = mapped_column(sa.Text)
    reply_due_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    reply_state: Mapped[str] = mapped_column(sa.String(8), index=True)
    replied_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    replied_by: Mapped[str] = mapped_column(sa.String(36))
