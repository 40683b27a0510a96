"""Tables of the dispatch slice."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Json


class Assignment(Base):
    """One technician's assignment to one work order; `epoch` is the offering round (decision 5)."""

    __tablename__ = "assignment"
    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    technician_id: Mapped[str] = mapped_column(sa.ForeignKey("technician.id"), index=True)
    epoch: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(16), index=True)
    offered_ms: Mapped[int] = mapped_column(sa.BigInteger)
    accepted_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    departed_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    arrived_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    finished_ms: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    planned_arrival_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    needs_consent: Mapped[bool] = mapped_column(default=False)
    is_manual: Mapped[bool] = mapped_column(default=False)
    remaining_s: Mapped[int | None]
    remaining_told_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class Proof(Base):
    """The planner's newest certificate for a work order: who, when, next best, lower bound, what moved."""

    __tablename__ = "proof"
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    at_ms: Mapped[int] = mapped_column(sa.BigInteger)
    certificate: Mapped[dict[str, Any]] = mapped_column(Json)


class PlannedStop(Base):
    """One stop of the current plan that is not offered yet."""

    __tablename__ = "planned_stop"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    technician_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    position: Mapped[int]
    arrival_ms: Mapped[int] = mapped_column(sa.BigInteger)
    start_ms: Mapped[int] = mapped_column(sa.BigInteger)
    end_ms: Mapped[int] = mapped_column(sa.BigInteger)


class WaitingPost(Base):
    """Where an idle technician was advised to wait, in words and on the map; no row: no advice."""

    __tablename__ = "waiting_post"
    technician_id: Mapped[str] = mapped_column(sa.ForeignKey("technician.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    lat: Mapped[float]
    lon: Mapped[float]
    words: Mapped[str] = mapped_column(sa.Text)
    drive_s: Mapped[int]
    at_ms: Mapped[int] = mapped_column(sa.BigInteger)


class PlanState(Base):
    """The branch's plan: its revision, what it left undone and why, its quality, and what its last change moved.

    ``planned_ms`` is when a whole planning run last took effect; ``quality`` are the figures of that run. Up to the
    journal's ``leaks_seen_seq`` everything had happened that the last look at the leaks that wait could see.
    """

    __tablename__ = "plan_state"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
    unserved: Mapped[dict[str, str]] = mapped_column(Json)
    engines: Mapped[list[str]] = mapped_column(Json)
    travel_quality: Mapped[str] = mapped_column(sa.String(200), default="")
    planned_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    quality: Mapped[dict[str, Any]] = mapped_column(Json)
    moved: Mapped[dict[str, Any]] = mapped_column(Json)
    leaks_seen_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")


class PlanBudget(Base):
    """How many stops one re-plan of the branch may move; without a row the catalog's default holds."""

    __tablename__ = "plan_budget"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    max_moved: Mapped[int]
    ver: Mapped[int] = mapped_column(default=0)
    changed_ms: Mapped[int] = mapped_column(sa.BigInteger)
    changed_by: Mapped[str] = mapped_column(sa.String(36), default="")


class PlanRun(Base):
    """A wanted or running planning run: a row with a lease, so that a killed run is taken up again."""

    __tablename__ = "plan_run"
    branch_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    requested_ms: Mapped[int] = mapped_column(sa.BigInteger)
    reason: Mapped[str] = mapped_column(sa.String(40))
    leased_until_real_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    attempts: Mapped[int] = mapped_column(default=0)


class Lock(Base):
    """The desk's word on who does a waiting order, and from when: the planner keeps to it until it is taken back.

    ``start_ms`` is when the stop may begin at the earliest; None leaves the time to the planner.
    """

    __tablename__ = "stop_lock"
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    technician_id: Mapped[str] = mapped_column(sa.ForeignKey("technician.id"))
    start_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    locked_by: Mapped[str] = mapped_column(sa.String(36))
    locked_ms: Mapped[int] = mapped_column(sa.BigInteger)
