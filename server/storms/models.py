"""Tables of the storms slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Storm(Base):
    """A branch's storm: until when, and the technicians who take no ordinary work meanwhile. No row: no storm."""

    __tablename__ = "storm"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    since_ms: Mapped[int] = mapped_column(sa.BigInteger)
    until_ms: Mapped[int] = mapped_column(sa.BigInteger)
    kept_free: Mapped[list[str]] = mapped_column(Json)
    begun_by: Mapped[str] = mapped_column(sa.String(36))
