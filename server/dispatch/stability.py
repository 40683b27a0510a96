"""How much a re-plan may move: the branch's budget, and what the last one did move."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import orm

from routing.moved import list_moved
from routing.plan import Plan
from routing.problem import Problem
from server.core.unit_of_work import Tx
from server.dispatch import repository
from server.dispatch.judged import Judged
from server.dispatch.models import PlanBudget
from server.dispatch.rules import dispatch_rules
from shared import events
from shared.errors import DomainError

_MOST = 1000


class BudgetRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many stops one re-plan may give to another technician, set on a version of the budget."""

    ver: int
    max_moved: int


def get_max_moved(session: orm.Session, branch_id: str) -> int:
    """Return how many stops a re-plan of the branch may move."""
    row = repository.find_budget(session, branch_id)
    return dispatch_rules().max_moved_stops if row is None else row.max_moved


def set_budget(tx: Tx, request: BudgetRequest) -> None:
    """Set the branch's budget. Raises DomainError `version_conflict`, `budget_invalid`."""
    if not 0 <= request.max_moved <= _MOST:
        raise DomainError("budget_invalid", most=_MOST)
    row = repository.find_budget(tx.session, tx.branch_id, is_locked=True)
    was = dispatch_rules().max_moved_stops if row is None else row.max_moved
    if request.ver != (0 if row is None else row.ver):
        raise DomainError("version_conflict", max_moved=was)
    if row is None:
        row = PlanBudget(branch_id=tx.branch_id, ver=0, max_moved=was, changed_ms=tx.now_ms, changed_by="")
        tx.session.add(row)
    row.max_moved, row.ver = request.max_moved, request.ver + 1
    row.changed_ms, row.changed_by = tx.now_ms, tx.actor.id
    tx.record(events.PLAN_BUDGET_SET, {"before": was, "max_moved": row.max_moved})


def note_moved(tx: Tx, problem: Problem, before: Plan, after: Plan, cause: str) -> None:
    """Keep what a change of the plan moved to another technician, or to nobody, beside the plan."""
    moved = [one for one in list_moved(problem, before, after) if one.technician_after != one.technician_before]
    state = repository.get_plan_state(tx.session, tx.branch_id)
    state.moved = {"cause": cause, "at_ms": tx.now_ms, "stops": [msgspec.to_builtins(one) for one in moved]}


def note_quality(tx: Tx, run: Judged) -> None:
    """Keep what a planning run is worth, and when it took effect."""
    state = repository.get_plan_state(tx.session, tx.branch_id)
    state.planned_ms = tx.now_ms
    state.quality = {
        **run.quality,
        "is_budget_bound": run.is_budget_bound,
        "engines": run.plan.engines,
    }


def last_moved(moved: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the stops that the last re-plan moved."""
    stops: list[dict[str, Any]] = moved.get("stops", [])
    return stops
