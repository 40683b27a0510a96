"""Turns the branch's feed into board changes: the same rows as the board, one per change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.board import figures, plan, repository, rows
from server.board.rows import Row, Scene
from server.core import journal
from server.core.journal import Event
from server.work_orders import repository as work_orders

_LIMIT = 200


def list_changes(session: orm.Session, branch_id: str, after: int, now_ms: int, profile: str) -> Row:
    """Return the board's changes after a sequence number; a row that changed twice is carried by its last change."""
    feed = journal.list_feed(session, journal.console_reader(branch_id), after, _LIMIT)
    told: Row = {
        "gen": accounts.get_branch(session, branch_id).generation,
        "cursor": feed[-1][0] if feed else after,
        "at_ms": now_ms,
    }
    if not feed:
        return {**told, "changes": [], "technicians": [], "summary": None, "plan": None}
    # Only what the changes touch is read: a leak must not wait until a thousand other rows are made.
    about = {e.work_order_id for _, e in feed} - {""}, _touched(feed)
    scene = Scene(session, branch_id, now_ms, profile, about)
    last, people = {event.work_order_id: seq for seq, event in feed}, sorted(about[1] & {*scene.technicians})
    return {
        **told,
        "changes": [_change(scene, seq, event, is_last=last[event.work_order_id] == seq) for seq, event in feed],
        "technicians": [rows.technician_row(scene, scene.technicians[t]) for t in people],
        "summary": figures.summary(session, branch_id, now_ms, profile),
        "plan": plan.plan_line(session, branch_id),
    }


def list_new_leaks(session: orm.Session, branch_id: str, after: int, now_ms: int, profile: str) -> Row | None:
    """Return a message with the leaks that were reported after a number, None when there are none.

    It moves no cursor: the same rows come again in their turn, among everything else that has changed (issue 6: a new
    leak is on the screen half a second after its intake, whatever else a board has to be told).
    """
    leaks = repository.list_new_leaks(session, branch_id, after)
    if not leaks:
        return None
    scene = Scene(session, branch_id, now_ms, profile, ({order.id for order in leaks}, ()))
    return {
        "gen": accounts.get_branch(session, branch_id).generation,
        "cursor": after,
        "at_ms": now_ms,
        "leaks": [rows.order_row(scene, order) for order in leaks],
        "changes": [],
        "technicians": [],
        "summary": None,
        "plan": None,
    }


def _change(scene: Scene, seq: int, event: Event, *, is_last: bool) -> Row:
    order = None
    if event.work_order_id and is_last:
        order = work_orders.find_order(scene.session, scene.branch_id, event.work_order_id)
    return {
        "seq": seq,
        "type": event.type,
        "at_ms": event.at_ms,
        "work_order_id": event.work_order_id,
        "order": rows.order_row(scene, order) if order else None,
        "data": _hint(event),
    }


def _hint(event: Event) -> dict[str, Any]:
    keep = ("command", "step", "reason", "flag", "kind", "technician_id")
    return {key: event.data[key] for key in keep if key in event.data}


def _touched(feed: list[tuple[int, Event]]) -> set[str]:
    """Return the technicians whose rows may have changed: those named, and those with changed routes."""
    return {t for _, e in feed for t in (*e.technician_ids, *e.data.get("technician_ids", ()))}
