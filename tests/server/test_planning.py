"""The planning process: a run that is cancelled or dies leaves the last plan in force, and the next run works."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from server.core.calls import Services
from server.dispatch import repository as dispatch_rows
from server.dispatch import service as dispatch
from server.dispatch.rules import dispatch_rules
from server.processes import Planning
from tests.server.house import HOME, STOVE, House

pytestmark = pytest.mark.slow  # waits for solving processes

_WAIT_S = 60.0


@pytest.fixture
def planning(house: House) -> Iterator[Planning]:
    """Return planning that would search for a long time, with two orders in the plan that stands."""
    for _ in range(2):
        house.report(STOVE)
    slow = replace(house.settings, solver_seconds=50.0, plan_iterations=0)
    under_way = Planning(Services(slow, house.uow))
    yield under_way
    under_way.close()


def stops(house: House) -> list[tuple[str, str, int]]:
    """Return the plan in force: who goes where, and when."""
    rows = house.read(lambda s: dispatch_rows.list_planned(s, HOME))
    return sorted((row.work_order_id, row.technician_id, row.start_ms) for row in rows)


def started(planning: Planning) -> threading.Thread:
    """Start a run and return its thread once the solving process is at work."""
    run = threading.Thread(target=planning.run_once)
    run.start()
    deadline = time.monotonic() + _WAIT_S
    while not (planning._pool and planning._pool._processes):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(1.0)
    return run


def request(house: House) -> None:
    """Ask for a planning run."""
    house.write(lambda tx: dispatch.request_replan(tx, "test"))


def test_last_plan_stays_in_force_when_a_run_is_cancelled(house: House, planning: Planning) -> None:
    """Ends the solving process in the middle of a run: the stops are those from before, nobody waits for the run."""
    before = stops(house)
    request(house)
    run = started(planning)
    assert stops(house) == before
    planning.close()
    run.join(_WAIT_S)
    assert not run.is_alive()
    assert stops(house) == before != []
    assert house.read(dispatch.count_runs) == 0


def test_next_run_plans_when_the_one_before_was_killed(house: House, planning: Planning) -> None:
    """Kills the solving process from outside, as a machine short of memory would, and plans again in a new one."""
    request(house)
    run = started(planning)
    assert planning._pool is not None
    for process in list(planning._pool._processes.values()):
        process.kill()
    run.join(_WAIT_S)
    kept = stops(house)
    again = Planning(Services(replace(house.settings, plan_iterations=5), house.uow))
    request(house)
    try:
        assert again.run_once()
    finally:
        again.close()
    assert {order for order, _, _ in stops(house)} == {order for order, _, _ in kept}
    assert house.read(dispatch.count_runs) == 0


def test_many_orders_that_come_at_once_are_placed_by_one_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an import the worker places but the last few one by one; the run that it asks for places them all."""
    rules = msgspec.structs.replace(dispatch_rules(), most_placed_singly=2)
    monkeypatch.setattr(dispatch, "dispatch_rules", lambda: rules)
    for _ in range(6):
        house.lin.post("/api/v1/intake/reports", STOVE)
    house.drain()
    singly = len({order for order, _, _ in stops(house)})
    assert singly < 6
    run = Planning(Services(replace(house.settings, plan_iterations=5), house.uow))
    try:
        assert run.run_once()
    finally:
        run.close()
    given = {row.work_order_id for row in house.read(lambda s: dispatch_rows.list_live(s, HOME))}
    assert len(given | {order for order, _, _ in stops(house)}) == 6
