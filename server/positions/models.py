"""Tables of the positions slice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class PositionPoint(Base):
    """One point of a technician's trace, on shift, WGS-84; `flags` says why a point is not believed."""

    __tablename__ = "position_point"
    technician_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    at_ms: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    lat: Mapped[float]
    lon: Mapped[float]
    accuracy_m: Mapped[float]
    flags: Mapped[list[str]] = mapped_column(Json)


class PositionView(Base):
    """Somebody looked at a technician's trace; the technician can read it."""

    __tablename__ = "position_view"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    viewer_id: Mapped[str] = mapped_column(sa.String(36))
    viewer_name: Mapped[str] = mapped_column(sa.String(80))
    from_ms: Mapped[int] = mapped_column(sa.BigInteger)
    until_ms: Mapped[int] = mapped_column(sa.BigInteger)
    at_ms: Mapped[int] = mapped_column(sa.BigInteger)
