"""The board's kept clocks: at every moment the answer that a fresh computation gives."""

from __future__ import annotations

import msgspec
import pytest

from server.board import next_clock
from server.board.next_clock import NextClock, Terms
from server.work_orders import service as work_orders
from server.work_orders.models import WorkOrder
from tests.server.house import HOUR_MS, MORNING_MS

PROFILE = "sla-gas-cn-2026"
MINUTE_MS = 60_000
HELD = ({"at_ms": MORNING_MS + HOUR_MS, "name": "hold"}, {"at_ms": MORNING_MS + 3 * HOUR_MS, "name": "release"})
ARRIVED = ({"at_ms": MORNING_MS + 2 * HOUR_MS, "name": "arrive"},)
WINDOW = (MORNING_MS + 2 * HOUR_MS, MORNING_MS + 4 * HOUR_MS)


def fresh(terms: Terms, now_ms: int) -> NextClock | None:
    """Return the clock as the work orders compute it."""
    order = WorkOrder(
        priority=terms.priority,
        is_leak=terms.is_leak,
        fault_kind=terms.fault_kind,
        opened_ms=terms.opened_ms,
        window_start_ms=terms.window_start_ms,
        window_end_ms=terms.window_end_ms,
        clock_events=msgspec.json.decode(terms.events),
        emergency_class="none",
        triage_rule="",
        expected_s=1800,
    )
    found = work_orders.find_next_clock(order, PROFILE, now_ms)
    return NextClock(found.kind, found.due_ms, found.paused, found.breached) if found else None


@pytest.mark.parametrize("events", [(), HELD, ARRIVED, HELD + ARRIVED])
@pytest.mark.parametrize("window", [(None, None), WINDOW])
@pytest.mark.parametrize(("priority", "is_leak"), [(1, True), (2, True), (2, False), (3, False), (4, False)])
def test_kept_clock_equals_a_fresh_one_at_every_moment(
    priority: int, window: tuple[int | None, int | None], events: tuple[dict[str, object], ...], *, is_leak: bool
) -> None:
    """Before and after every due time, while paused, and when the board's clock is asked for an earlier moment."""
    told = msgspec.json.encode(events).decode()
    terms = Terms(PROFILE, priority, is_leak, "no_gas", MORNING_MS, *window, told)
    dues = {MORNING_MS + step * 30 * MINUTE_MS for step in range(60)}
    clocks = [fresh(terms, moment) for moment in sorted(dues)]
    for due_ms in [clock.due_ms or 0 for clock in clocks if clock]:
        dues |= {due_ms - 1, due_ms, due_ms + 1}
    for now_ms in [*sorted(dues), MORNING_MS, max(dues)]:
        if now_ms >= MORNING_MS:
            assert next_clock.find_next_clock(terms, now_ms) == fresh(terms, now_ms), now_ms
