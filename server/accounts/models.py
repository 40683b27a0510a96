"""Tables of the accounts slice. Every row belongs to a branch (DI-13)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Branch(Base):
    """A tenant: a gas company's branch with its place on the map."""

    __tablename__ = "branch"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    center_lat: Mapped[float]
    center_lon: Mapped[float]
    generation: Mapped[str] = mapped_column(sa.String(36))


class Account(Base):
    """Somebody who signs in to the console."""

    __tablename__ = "account"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    user_name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    role: Mapped[str] = mapped_column(sa.String(16))
    password_hash: Mapped[str] = mapped_column(sa.String(255))
    language: Mapped[str] = mapped_column(sa.String(8), default="zh_CN")
    failures: Mapped[int] = mapped_column(default=0)
    locked_until_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class SignIn(Base):
    """A console session; deleting the row ends it everywhere (decision 13)."""

    __tablename__ = "sign_in"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), index=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36))
    started_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int] = mapped_column(sa.BigInteger)


class Technician(Base):
    """A technician: skills with expiry (TR-01), instruments with calibration dates (PA-04), home and last position."""

    __tablename__ = "technician"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(80), default="")
    skills: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    instruments: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    home_lat: Mapped[float]
    home_lon: Mapped[float]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    heading_deg: Mapped[float | None]
    position_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    location_paused_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    telephone: Mapped[str] = mapped_column(sa.String(24), default="", server_default="")


class Shift(Base):
    """When a technician is on duty."""

    __tablename__ = "shift"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.ForeignKey("technician.id"), index=True)
    start_ms: Mapped[int] = mapped_column(sa.BigInteger)
    end_ms: Mapped[int] = mapped_column(sa.BigInteger)


class Device(Base):
    """An enrolled phone: the token is stored as SHA-256 only (threat C4).

    `given_dseq` is the number of the last event that it has told to have made, `unsent` how many of them the server did
    not have when it last called (reliability 3.2), `boots` when its latest boots began (Unix ms by boot id).
    """

    __tablename__ = "device"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    technician_id: Mapped[str] = mapped_column(sa.ForeignKey("technician.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    public_key: Mapped[str] = mapped_column(sa.String(130))
    label: Mapped[str] = mapped_column(sa.String(80), default="")
    enrolled_ms: Mapped[int] = mapped_column(sa.BigInteger)
    revoked_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    last_seen_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    given_dseq: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    unsent: Mapped[int] = mapped_column(default=0, server_default="0")
    boots: Mapped[dict[str, int]] = mapped_column(Json, default=dict, server_default="{}")


class DeviceKey(Base):
    """Every key that a device has had: a record is judged with the key that sealed it."""

    __tablename__ = "device_key"
    device_id: Mapped[str] = mapped_column(sa.ForeignKey("device.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    alg: Mapped[str] = mapped_column(sa.String(12))
    public_key: Mapped[str] = mapped_column(sa.String(130))
    since_ms: Mapped[int] = mapped_column(sa.BigInteger)


class EnrolCode(Base):
    """A one-time code for one technician: ten minutes, one use, stored as SHA-256 (threat C8)."""

    __tablename__ = "enrol_code"
    code_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36))
    technician_id: Mapped[str] = mapped_column(sa.ForeignKey("technician.id"))
    expires_ms: Mapped[int] = mapped_column(sa.BigInteger)
    used_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
