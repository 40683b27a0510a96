"""The clock that falls due first, as rows show it: computed once for the same terms, kept until it may differ.

A board of 1,500 orders asks for 1,500 clocks at every change; a clock is a pure function of its order's terms, its
events and the moment, and between two moments nothing of it changes but by falling due (DI-03).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from server.core import texts
from server.work_orders import service as work_orders
from server.work_orders.models import WorkOrder
from shared import sla, triage
from shared.work_order import Priority

_MOST: Final = 20_000
_FOREVER: Final = 2**63


class Terms(NamedTuple):
    """Everything that an order's clocks follow from but the moment; `events` are its clock events as JSON text."""

    profile: str
    priority: int
    is_leak: bool
    fault_kind: str
    opened_ms: int
    window_start_ms: int | None
    window_end_ms: int | None
    events: str


class NextClock(NamedTuple):
    """What a row tells of a clock; `due_ms` is Unix milliseconds."""

    kind: str
    due_ms: int | None
    paused: bool
    breached: bool


class _Known(NamedTuple):
    """A clock, and from when to when (Unix ms, the end included) it stays what it is."""

    from_ms: int
    until_ms: int
    clock: NextClock | None


_known: dict[Terms, _Known] = {}


def terms_of(order: WorkOrder, profile: str) -> Terms:
    """Return the terms of an order's clocks."""
    return Terms(
        profile,
        order.priority,
        order.is_leak,
        order.fault_kind,
        order.opened_ms,
        order.window_start_ms,
        order.window_end_ms,
        msgspec.json.encode(order.clock_events).decode(),
    )


def find_next_clock(terms: Terms, now_ms: int) -> NextClock | None:
    """Return the running clock that falls due first, None when no promise is open."""
    known = _known.get(terms)
    if known is None or not known.from_ms <= now_ms <= known.until_ms:
        known = _compute(terms, now_ms)
        if len(_known) >= _MOST:
            _known.clear()
        _known[terms] = known
    return known.clock


def _compute(terms: Terms, now_ms: int) -> _Known:
    told = msgspec.json.decode(terms.events, type=tuple[sla.ClockEvent, ...])
    states = [sla.clock(spec, told, now_ms) for spec in _specs(terms)]
    running = [state for state in states if work_orders.is_running(state)]
    first = min(running, key=lambda c: (c.paused, c.due_ms or 0), default=None)
    shown = NextClock(first.kind, first.due_ms, first.paused, first.breached) if first else None
    return _Known(now_ms, _until_ms(running, told, now_ms), shown)


def _specs(terms: Terms) -> tuple[sla.ClockSpec, ...]:
    verdict = triage.Triage(
        priority=Priority(terms.priority),
        is_leak=terms.is_leak,
        emergency_class="",
        advice=(),
        skills=(),
        expected_s=0,
        rule="",
    )
    start_ms, end_ms = terms.window_start_ms, terms.window_end_ms
    agreed = (start_ms, end_ms) if start_ms is not None and end_ms is not None else None
    return sla.deadlines_for(texts.sla_profile(terms.profile), verdict, terms.opened_ms, agreed, terms.fault_kind)


def _until_ms(running: list[sla.ClockState], told: tuple[sla.ClockEvent, ...], now_ms: int) -> int:
    """Return up to when the same answer holds: to the next due time; not at all while a clock stands still.

    The due time of a paused clock moves on with every moment, and an event of the future is still to come.
    """
    if any(state.paused for state in running) or any(event.at_ms > now_ms for event in told):
        return now_ms
    due = [state.due_ms for state in running if not state.breached and state.due_ms is not None]
    return max(now_ms, min(due, default=_FOREVER) - 1)
