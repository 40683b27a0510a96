"""Storm mode at the desk: what it would postpone and whom it would call in; beginning it, ending it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import orm

from routing.happenings import storm as planner
from routing.happenings.aftermath import Act
from routing.happenings.storm import Storm, StormRules
from routing.problem import Place, Problem, Skill, Technician
from server.absences import repository as absences
from server.accounts import repository as accounts
from server.core import deadlines
from server.core.unit_of_work import Tx
from server.dispatch import offers
from server.dispatch.problem import Snapshot, take_snapshot
from server.dispatch.rules import dispatch_rules
from server.storms import models, repository
from server.work_orders import repository as work_orders
from shared import events
from shared.errors import DomainError

STORM: Final = "storm_mode"
OVER: Final = "storm_over"
_HOUR_S: Final = 3600


def advise(session: orm.Session, branch_id: str, now_ms: int, profile: str) -> dict[str, Any]:
    """Return how many crews a storm would need now, who would be kept free, what would wait, whom to call in."""
    snapshot = take_snapshot(session, branch_id, now_ms, profile)
    seen, rules = _storm(session, branch_id, snapshot.problem, now_ms), _rules()
    queue = dispatch_rules().queue_rules
    done = planner.storm_mode(
        snapshot.problem, snapshot.plan, seen, rules=rules, queue=queue, travel=_travel(snapshot, seen)
    )
    running = repository.find_storm(session, branch_id)
    needed = planner.crews_needed(snapshot.problem, seen, rules)
    kept = planner.list_kept_free(done.problem, snapshot.plan, needed)
    by_act = {act: [d for d in done.duties if d.act == act] for act in Act}
    names = accounts.list_names(session, {*kept, *(d.technician_id or "" for d in by_act[Act.CALL_IN])})
    return {
        "until_ms": running.until_ms if running else None,
        "expected_per_h": round(seen.expected_per_h, 2),
        "crews_needed": needed,
        "kept_free": [{"technician_id": one, "technician_name": names.get(one, "")} for one in kept],
        "call_in": [_person(d.technician_id or "", names) for d in by_act[Act.CALL_IN]],
        "postpone": [_order(snapshot, d.job_id) for d in by_act[Act.POSTPONE]],
        "tell": [_order(snapshot, d.job_id) for d in by_act[Act.TELL_CUSTOMER]],
    }


def begin(tx: Tx, profile: str) -> None:
    """Begin storm mode, or look again and prolong it: as many crews as needed take no ordinary work until it ends.

    Here only those are named; the plan follows by the event's reaction.
    """
    snapshot = take_snapshot(tx.session, tx.branch_id, tx.now_ms, profile)
    seen, rules = _storm(tx.session, tx.branch_id, snapshot.problem, tx.now_ms), _rules()
    kept = planner.list_kept_free(snapshot.problem, snapshot.plan, planner.crews_needed(snapshot.problem, seen, rules))
    until_ms = tx.now_ms + rules.horizon_s * 1000
    row = repository.find_storm(tx.session, tx.branch_id, is_locked=True)
    if row is None:
        row = models.Storm(branch_id=tx.branch_id, since_ms=tx.now_ms, until_ms=until_ms, kept_free=kept, begun_by="")
        tx.session.add(row)
    row.until_ms, row.kept_free, row.begun_by = until_ms, kept, tx.actor.id
    tx.session.flush()
    deadlines.schedule(tx, OVER, tx.branch_id, until_ms, {})
    tx.record(events.STORM_BEGUN, {"until_ms": until_ms, "technician_ids": kept})


def end(tx: Tx) -> None:
    """End storm mode; what waited is planned again by the event's reaction. Raises DomainError `no_storm`."""
    row = repository.find_storm(tx.session, tx.branch_id, is_locked=True)
    if row is None:
        raise DomainError("no_storm")
    tx.session.delete(row)
    tx.session.flush()
    deadlines.cancel(tx, OVER, tx.branch_id)
    tx.record(events.STORM_ENDED, {"since_ms": row.since_ms})


def run_out(tx: Tx) -> None:
    """Let storm mode end when its time has come and nobody has prolonged it."""
    if repository.find_storm(tx.session, tx.branch_id) is not None:
        end(tx)


def _rules() -> StormRules:
    settings = dispatch_rules().storm
    return StormRules(horizon_s=settings.horizon_s, bound_s=settings.bound_s)


def _storm(session: orm.Session, branch_id: str, problem: Problem, now_ms: int) -> Storm:
    """Return what is to be expected: as many leaks an hour as lately, and the people who have no shift now."""
    settings = dispatch_rules().storm
    since_ms = now_ms - settings.look_back_s * 1000
    lately = [o for o in work_orders.list_open(session, branch_id) if offers.is_alarming(o) and o.opened_ms >= since_ms]
    there = {technician.id for technician in problem.technicians}
    ready_s = problem.now_s + settings.call_in_s
    off_duty = tuple(
        Technician(
            id=row.id,
            place=Place(lat=row.home_lat, lon=row.home_lon),
            available_s=ready_s,
            shift_start_s=ready_s,
            shift_end_s=ready_s + settings.called_for_s,
            skills=tuple(Skill(name=s["name"], valid_until_s=_seconds(s.get("valid_until_ms"))) for s in row.skills),
        )
        for row in accounts.list_technicians(session, branch_id)
        if row.id not in there and not absences.is_absent(session, branch_id, row.id, now_ms)
    )
    return Storm(expected_per_h=len(lately) * _HOUR_S / settings.look_back_s, off_duty=off_duty)


def _travel(snapshot: Snapshot, seen: Storm) -> Any:
    # The branch's provider was asked about those on duty only: with others in the picture the straight line answers.
    return None if seen.off_duty else snapshot.travel


def _seconds(value_ms: int | None) -> int | None:
    return None if value_ms is None else value_ms // 1000


def _person(technician_id: str, names: dict[str, str]) -> dict[str, str]:
    return {"technician_id": technician_id, "technician_name": names.get(technician_id, "")}


def _order(snapshot: Snapshot, job_id: str | None) -> dict[str, str | None]:
    order = snapshot.orders.get(job_id or "")
    return {"work_order_id": job_id, "number": order.number if order else ""}
