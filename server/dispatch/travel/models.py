"""Tables of travel times: trips as they were driven, what they have taught, and a branch's choice of provider."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Trip(Base):
    """One drive of a technician to a work order, from departure to arrival; a place that nobody knew is null."""

    __tablename__ = "trip"
    assignment_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    departed_ms: Mapped[int] = mapped_column(sa.BigInteger)
    arrived_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    from_lat: Mapped[float | None]
    from_lon: Mapped[float | None]
    to_lat: Mapped[float | None]
    to_lon: Mapped[float | None]


class TravelCalibration(Base):
    """What a branch's trips had taught on a day about one provider; the newest row is in force, older ones stay."""

    __tablename__ = "travel_calibration"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    provider: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    made_ms: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    trips: Mapped[int]
    error: Mapped[float | None]
    calibration: Mapped[dict[str, Any]] = mapped_column(Json)


class TravelChoice(Base):
    """A branch's own provider of travel times, where it differs from the operator's setting."""

    __tablename__ = "travel_choice"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    provider: Mapped[str] = mapped_column(sa.String(16))
    source: Mapped[str] = mapped_column(sa.String(400), default="")
