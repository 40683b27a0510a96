"""Tables of the absences slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class Absence(Base):
    """A span in which a technician takes no work; without an end it lasts to the end of his shift.

    ``place`` is where he stands meanwhile, if the desk knows; ``ended_ms`` is when he was reported back, or the
    absence was found to be an error.
    """

    __tablename__ = "absence"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.ForeignKey("technician.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(16))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    from_ms: Mapped[int] = mapped_column(sa.BigInteger)
    until_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    reported_ms: Mapped[int] = mapped_column(sa.BigInteger)
    reported_by: Mapped[str] = mapped_column(sa.String(36))
    ended_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
