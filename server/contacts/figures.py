"""How soon contacts were answered today, by channel (IN-04 to IN-06, IN-22), and which answers are owed (IN-13)."""

from __future__ import annotations

import collections
import datetime as dt
import zoneinfo
from typing import Any

from sqlalchemy import orm

from server.accounts import duty
from server.contacts import repository
from server.contacts.models import Contact
from server.contacts.rules import CLASSES, ContactRules, contact_rules
from server.contacts.service import LATE, OWED, SOON


def figures(session: orm.Session, branch_id: str, now_ms: int, time_zone: str) -> dict[str, Any]:
    """Return today's counts; `timed` are contacts whose waiting was measured, `within` those answered in time."""
    rules = contact_rules()
    today = repository.list_since(session, branch_id, _midnight(now_ms, time_zone))
    counts = collections.Counter(repository.list_reply_states(session, branch_id, OWED))
    return {
        "at_ms": now_ms,
        "classes": {name: sum(row.contact_class == name for row in today) for name in CLASSES},
        "channels": [
            _channel(rules, name, [r for r in today if r.channel == name])
            for name in rules.channels
            if any(r.channel == name for r in today) or name == rules.channels[0]
        ],
        "apologies_owed": sum((row.rings or 0) >= rules.rings_apology for row in today),
        "duty_gap": _next_gap(session, branch_id, now_ms),
        "replies_owed": counts.total(),
        "replies_soon": counts[SOON],
        "replies_late": counts[LATE],
    }


def _next_gap(session: orm.Session, branch_id: str, now_ms: int) -> dict[str, int] | None:
    """Return the first hours of the next day at which nobody is on duty (IN-07, IN-08)."""
    gaps = duty.list_gaps(session, branch_id, now_ms, days=1)
    return {"from_ms": gaps[0][0], "to_ms": gaps[0][1]} if gaps else None


def _channel(rules: ContactRules, name: str, rows: list[Contact]) -> dict[str, Any]:
    within_s = rules.answer_within_s.get(name)
    timed = [row for row in rows if is_timed(row) and within_s is not None]
    return {
        "channel": name,
        "count": len(rows),
        "timed": len(timed),
        "within": sum(is_within(rules, row) for row in timed),
        "within_s": within_s,
        "rings_target": rules.rings_target if name == "phone" else None,
    }


def is_timed(row: Contact) -> bool:
    """Tell whether anybody measured how long a contact waited."""
    return row.waited_s is not None or row.rings is not None


def is_within(rules: ContactRules, row: Contact) -> bool:
    """Tell whether a contact was answered in time: by seconds where they are known, else by rings."""
    if row.waited_s is not None:
        return row.waited_s <= rules.answer_within_s.get(row.channel, row.waited_s)
    return row.rings is not None and row.rings <= rules.rings_target


def _midnight(now_ms: int, time_zone: str) -> int:
    zone = zoneinfo.ZoneInfo(time_zone)
    day = dt.datetime.fromtimestamp(now_ms / 1000, zone).date()
    return round(dt.datetime.combine(day, dt.time(), zone).timestamp() * 1000)
