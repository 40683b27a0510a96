"""Turns the branch's feed into board changes: the same rows as the board, one per change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.board import figures, plan, rows
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


def _change(scene: Scene, seq: int, event: Event, *, is_last: bool) -> Row:
    order = None
    if event.work_order_id and is_last:
        order = work_orders.find_order(scene.session, scene.branch_id, event.work_order_id)
    named = next((t for t in event.technician_ids if t in scene.technicians), None)
    technician = scene.technicians[named] if named else None
    return {
        "seq": seq,
        "type": event.type,
        "at_ms": event.at_ms,
        "work_order_id": event.work_order_id,
        "order": rows.order_row(scene, order) if order else None,
        "technician": rows.technician_row(scene, technician) if technician else None,
        "data": _hint(event),
    }


def _hint(event: Event) -> dict[str, Any]:
    keep = ("command", "step", "reason", "flag", "kind", "technician_id")
    return {key: event.data[key] for key in keep if key in event.data}


def _touched(feed: list[tuple[int, Event]]) -> set[str]:
    """Return the technicians whose rows may have changed: those named, and those with changed routes."""
    return {t for _, e in feed for t in (*e.technician_ids, *e.data.get("technician_ids", ()))}
