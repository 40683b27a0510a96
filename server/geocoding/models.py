"""Tables of the geocoding slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base


class AddressLookup(Base):
    """A question to the remote geocoders; places are WGS-84. `state` is wanted, found, nothing or failed."""

    __tablename__ = "address_lookup"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    query: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(8), index=True)
    provider: Mapped[str] = mapped_column(sa.String(16))
    label: Mapped[str] = mapped_column(sa.String(200))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    failures: Mapped[str] = mapped_column(sa.Text)
    asked_ms: Mapped[int] = mapped_column(sa.BigInteger)
    answered_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
