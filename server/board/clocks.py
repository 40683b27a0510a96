"""An order's clocks with everything that explains them (beyond.md 8): rule, calendar, profile, pauses."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import orm

from server.accounts import repository as accounts
from server.board.rows import Row
from server.core import texts
from server.promises import repository as promise_rows
from server.promises import service as promises
from server.work_orders import service as work_orders
from server.work_orders.models import WorkOrder
from shared import sla


def list_rows(session: orm.Session, order: WorkOrder, profile: str, now_ms: int) -> list[Row]:
    """Return the order's clocks and the answers promised on it, each with its history and its terms."""
    told = [msgspec.convert(e, sla.ClockEvent) for e in order.clock_events]
    specs = work_orders.list_specs(order, profile)
    replies = promises.list_clocks(session, order, now_ms)
    states = [sla.clock(spec, told, now_ms) for spec in specs]
    people = {e.by for state in (*states, *(state for _, state in replies)) for e in state.history}
    names = accounts.list_names(session, people)
    edition = texts.sla_profile(profile)
    named = {"profile": edition.id, "edition": edition.edition}
    own = [{**_row(state, names), **_terms(spec), **named} for spec, state in zip(specs, states, strict=True)]
    given = [
        {
            **_row(state, names),
            **_terms(sla.promise_spec(state.kind, row.made_ms, row.due_ms)),
            "profile": "",
            "edition": "",
            "promise_id": row.id,
            "subject": row.subject,
        }
        for row, state in replies
    ]
    return own + given


def list_changes(session: orm.Session, work_order_id: str) -> list[Row]:
    """Return every change of the order's promises with the names of who told the customer."""
    changes = promise_rows.list_changes(session, work_order_id)
    names = accounts.list_names(session, {change.told_by for change in changes})
    return [promises.change_row(change, names) for change in changes]


def _row(state: sla.ClockState, names: dict[str, str]) -> Row:
    value: Row = msgspec.to_builtins(state)
    value["history"] = [{**e, "by": names.get(e["by"], e["by"])} for e in value["history"]]
    return value


def _terms(spec: sla.ClockSpec) -> dict[str, Any]:
    calendar = spec.calendar
    hours = f"{calendar.opens:%H:%M}–{calendar.closes:%H:%M}" if calendar else ""
    return {
        "limit_s": spec.limit_s,
        "source": spec.rule.source,
        "calendar": {"id": calendar.id, "hours": hours, "weekdays": list(calendar.weekdays)} if calendar else None,
    }
