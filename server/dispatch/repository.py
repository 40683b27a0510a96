"""Queries of the dispatch slice; branch scope is applied here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from server.accounts.models import Device
from server.core import held
from server.dispatch.models import Assignment, Lock, PlanBudget, PlannedStop, PlanRun, PlanState, Proof, WaitingPost
from server.work_orders.models import WorkOrder
from shared.assignment import COMMITTED_STATES, LIVE_STATES, AssignmentState
from shared.errors import DomainError

_LIVE = [state.value for state in LIVE_STATES]
_LOCKED: Final = (
    sa.select(Assignment)
    .where(Assignment.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Assignment.id)
    .with_for_update()
)


def find_assignment(session: orm.Session, assignment_id: str) -> Assignment | None:
    """Return an assignment, locked; callers compare branch and technician."""
    return held.get(session, Assignment, assignment_id, with_for_update=True)


def look_for_assignments(session: orm.Session, assignment_ids: Collection[str]) -> None:
    """Lock many assignments at once, where many are about to be asked for one by one."""
    asked = held.list_unknown(session, Assignment, assignment_ids, is_locked=True)
    for row in session.scalars(_LOCKED, {"ids": asked}) if asked else ():
        held.put(session, Assignment, row.id, row, is_locked=True)


def get_assignment(session: orm.Session, branch_id: str, assignment_id: str) -> Assignment:
    """Return an assignment of the branch. Raises DomainError `not_found`."""
    found = find_assignment(session, assignment_id)
    if found is None or found.branch_id != branch_id:
        raise DomainError("not_found", what="assignment")
    return found


def list_untold_tokens(session: orm.Session, work_order_ids: Collection[str]) -> set[str]:
    """Return, as they are stored, the tokens of phones that were not told yet of an offer of one of these orders."""
    query = (
        sa.select(Device.token_hash)
        .join(Assignment, Assignment.technician_id == Device.technician_id)
        .where(
            Assignment.work_order_id.in_(work_order_ids),
            Assignment.state == AssignmentState.OFFERED.value,
            Device.revoked_ms.is_(None),
        )
    )
    return set(session.scalars(query))


def list_of_order(session: orm.Session, work_order_id: str) -> list[Assignment]:
    """Return an order's assignments, oldest first."""
    query = sa.select(Assignment).where(Assignment.work_order_id == work_order_id)
    return list(session.scalars(query.order_by(Assignment.offered_ms, Assignment.id)))


def list_live_of_order(session: orm.Session, work_order_id: str) -> list[Assignment]:
    """Return the assignments of an order that still stand."""
    query = sa.select(Assignment).where(Assignment.work_order_id == work_order_id, Assignment.state.in_(_LIVE))
    return list(session.scalars(query.order_by(Assignment.offered_ms, Assignment.id)))


def list_live(session: orm.Session, branch_id: str) -> list[Assignment]:
    """Return all assignments of the branch that still stand."""
    query = sa.select(Assignment).where(Assignment.branch_id == branch_id, Assignment.state.in_(_LIVE))
    return list(session.scalars(query.order_by(Assignment.offered_ms, Assignment.id)))


def list_committed(session: orm.Session, branch_id: str) -> list[Assignment]:
    """Return the branch's assignments that somebody has accepted and not ended."""
    states = [state.value for state in COMMITTED_STATES]
    query = sa.select(Assignment).where(Assignment.branch_id == branch_id, Assignment.state.in_(states))
    return list(session.scalars(query.order_by(Assignment.offered_ms, Assignment.id)))


def list_held_orders(session: orm.Session, branch_id: str) -> set[str]:
    """Return the ids of the orders that somebody holds or is offered: while a line is dead, out of very many offers."""
    query = sa.select(Assignment.work_order_id).where(Assignment.branch_id == branch_id, Assignment.state.in_(_LIVE))
    return set(session.scalars(query.distinct()))


def list_busy(session: orm.Session, branch_id: str) -> set[str]:
    """Return the ids of the technicians who hold or are offered anything."""
    query = sa.select(Assignment.technician_id).where(Assignment.branch_id == branch_id, Assignment.state.in_(_LIVE))
    return set(session.scalars(query.distinct()))


def list_live_of_technician(session: orm.Session, technician_id: str) -> list[Assignment]:
    """Return a technician's assignments that still stand."""
    query = sa.select(Assignment).where(Assignment.technician_id == technician_id, Assignment.state.in_(_LIVE))
    return list(session.scalars(query.order_by(Assignment.offered_ms, Assignment.id)))


def find_newest_for(session: orm.Session, work_order_id: str, technician_id: str) -> Assignment | None:
    """Return a technician's newest assignment to an order."""
    query = (
        sa.select(Assignment)
        .where(Assignment.work_order_id == work_order_id, Assignment.technician_id == technician_id)
        .order_by(Assignment.epoch.desc(), Assignment.offered_ms.desc(), Assignment.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def list_declined(session: orm.Session, branch_id: str, work_order_ids: Collection[str]) -> dict[str, set[str]]:
    """Return who declined which of some orders, or let the offer run out."""
    query = sa.select(Assignment.work_order_id, Assignment.technician_id).where(
        Assignment.branch_id == branch_id,
        Assignment.state.in_([AssignmentState.DECLINED.value, AssignmentState.EXPIRED.value]),
    )
    found: dict[str, set[str]] = {}
    for work_order_id, technician_id in session.execute(query):
        if work_order_id in work_order_ids:
            found.setdefault(work_order_id, set()).add(technician_id)
    return found


def list_orders_of_technician(session: orm.Session, technician_id: str, since_ms: int) -> list[str]:
    """Return the orders that a technician has or had since a moment, for a phone that starts afresh."""
    query = (
        sa.select(Assignment.work_order_id)
        .where(Assignment.technician_id == technician_id)
        .where(sa.or_(Assignment.state.in_(_LIVE), Assignment.offered_ms >= since_ms))
        .distinct()
    )
    return sorted(session.scalars(query))


def list_planned(session: orm.Session, branch_id: str) -> list[PlannedStop]:
    """Return the plan's stops, by technician and position."""
    query = (
        sa.select(PlannedStop)
        .where(PlannedStop.branch_id == branch_id)
        .order_by(PlannedStop.technician_id, PlannedStop.position)
    )
    return list(session.scalars(query))


def drop_planned(session: orm.Session, branch_id: str, work_order_ids: set[str] | None = None) -> None:
    """Forget planned stops: those of some orders, or the branch's whole plan."""
    statement = sa.delete(PlannedStop).where(PlannedStop.branch_id == branch_id)
    if work_order_ids is not None:
        statement = statement.where(PlannedStop.work_order_id.in_(work_order_ids))
    session.execute(statement.execution_options(synchronize_session="fetch"))


def find_proof(session: orm.Session, work_order_id: str) -> Proof | None:
    """Return the newest certificate of an order."""
    return session.get(Proof, work_order_id)


def get_plan_state(session: orm.Session, branch_id: str) -> PlanState:
    """Return the branch's plan state, locked and made at the first call."""
    state = session.get(PlanState, branch_id, with_for_update=True, populate_existing=True)
    if state is None:
        state = PlanState(
            branch_id=branch_id, revision=0, unserved={}, engines=[], travel_quality="", quality={}, moved={}
        )
        session.add(state)
        session.flush()
    return state


def find_budget(session: orm.Session, branch_id: str, *, is_locked: bool = False) -> PlanBudget | None:
    """Return the branch's own budget of moved stops."""
    return session.get(PlanBudget, branch_id, with_for_update=True if is_locked else None)


def find_plan_run(session: orm.Session, branch_id: str) -> PlanRun | None:
    """Return the branch's wanted or running planning run."""
    return session.get(PlanRun, branch_id, with_for_update=True)


def list_plan_runs(session: orm.Session, real_now_ms: int) -> list[PlanRun]:
    """Return the runs that nobody works on."""
    query = sa.select(PlanRun).where(PlanRun.leased_until_real_ms < real_now_ms).with_for_update(skip_locked=True)
    return list(session.scalars(query))


def count_plan_runs(session: orm.Session) -> int:
    """Return how many planning runs are wanted or under way."""
    return session.scalar(sa.select(sa.func.count()).select_from(PlanRun)) or 0


def find_plan_state(session: orm.Session, branch_id: str) -> PlanState | None:
    """Return the branch's plan state for reading; None before its first plan."""
    return session.get(PlanState, branch_id)


def list_all_plan_runs(session: orm.Session) -> list[PlanRun]:
    """Return every wanted or running planning run."""
    return list(session.scalars(sa.select(PlanRun)))


def list_posts(session: orm.Session, branch_id: str) -> list[WaitingPost]:
    """Return where the branch's idle technicians were advised to wait."""
    query = sa.select(WaitingPost).where(WaitingPost.branch_id == branch_id)
    return list(session.scalars(query.order_by(WaitingPost.technician_id)))


def list_finished(session: orm.Session, branch_id: str, since_ms: int) -> list[tuple[Assignment, WorkOrder]]:
    """Return the visits that ended since a moment, with their orders, oldest first."""
    query = (
        sa.select(Assignment, WorkOrder)
        .join(WorkOrder, WorkOrder.id == Assignment.work_order_id)
        .where(Assignment.branch_id == branch_id, Assignment.finished_ms >= since_ms)
        .where(Assignment.arrived_ms.is_not(None))
        .order_by(Assignment.finished_ms)
    )
    return [(row, order) for row, order in session.execute(query)]


def map_locks(session: orm.Session, branch_id: str, lifted: str = "") -> dict[str, Lock]:
    """Return the branch's locked orders by id, but the lifted one."""
    query = sa.select(Lock).where(Lock.branch_id == branch_id, Lock.work_order_id != lifted)
    return {lock.work_order_id: lock for lock in session.scalars(query)}


def find_lock(session: orm.Session, work_order_id: str) -> Lock | None:
    """Return the lock of an order."""
    return session.get(Lock, work_order_id)
