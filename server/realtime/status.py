"""What a demo's runner must know before it moves the clock on (decision 18): is everything quiet, what is due next."""

from __future__ import annotations

from typing import Any

from sqlalchemy import orm

from server.core import deadlines, journal, relay
from server.dispatch import repository as dispatch


def run_status(session: orm.Session, now_ms: int) -> dict[str, Any]:
    """Return waiting events, wanted planning runs, the next due duty (Unix ms) and every reader's newest number."""
    next_due_ms = deadlines.find_next_due_ms(session)
    waiting, planning = relay.count_waiting(session), dispatch.count_plan_runs(session)
    return {
        "now_ms": now_ms,
        "waiting": waiting,
        "planning": planning,
        "next_due_ms": next_due_ms,
        "heads": journal.list_heads(session),
        "is_quiet": waiting == 0 and planning == 0 and (next_due_ms is None or next_due_ms > now_ms),
    }
