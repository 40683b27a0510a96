"""The relay: reactions happen once, failures are tried again and hold nobody up, deadlines fire once."""

import pytest

from server.core import deadlines, relay
from server.core.journal import Event
from server.core.relay import Handler, Relay
from server.core.unit_of_work import Tx
from server.work_orders import repository as work_orders
from server.work_orders import service as work_order_service
from shared import events, facts
from tests.server.device import Device
from tests.server.house import HOUR_MS, LEAK, STOVE, House


class Stubborn:
    """A handler that fails a number of times before it works."""

    def __init__(self, failures: int) -> None:
        """Fail so often."""
        self.failures, self.done = failures, 0

    def __call__(self, tx: Tx, event: Event) -> None:
        """Leave a mark, then fail or not: the mark of a failure must not stay."""
        tx.record(events.SHIFT_CHANGED, {"event": event.event_id})
        if self.failures:
            self.failures -= 1
            raise LookupError("planted")
        self.done += 1


def relay_with(house: House, stubborn: Stubborn) -> Relay:
    """Return a relay in which one reaction is the stubborn one."""
    on: dict[str, tuple[Handler, ...]] = {**house.reactions, events.WORK_ORDER_TRIAGED: (stubborn,)}
    return Relay(house.uow, on, house.duties, "worker-0")


def count_of(house: House, kind: str) -> int:
    """Count events of a type in the branch's journal."""
    rows = house.lin.get("/api/v1/board/changes?after=0").json["changes"]
    return sum(row["type"] == kind for row in rows)


def test_failing_handler_is_tried_again_and_others_go_on(house: House) -> None:
    """A reaction that fails keeps its row; the other events are handled in the same round."""
    stubborn = Stubborn(failures=1)
    house.relay = relay_with(house, stubborn)
    house.report(LEAK)
    Device(house)
    assert (stubborn.done, house.read(relay.count_waiting)) == (0, 1)
    house.relay.release_own_claims()
    house.drain()
    assert (stubborn.done, house.read(relay.count_waiting)) == (1, 0)
    assert count_of(house, events.SHIFT_CHANGED) == 1


def test_event_claimed_by_a_killed_worker_is_handled_by_the_next(house: House) -> None:
    """The claim of a worker that died is given back when it starts again."""
    dead = relay_with(house, Stubborn(failures=0))
    house.relay = dead
    house.lin.post("/api/v1/intake/reports", LEAK)
    house.database.write(dead._claim)
    assert house.relay.run_once() == 0
    heir = Stubborn(failures=0)
    house.relay = relay_with(house, heir)
    house.relay.release_own_claims()
    house.drain()
    assert heir.done == 1


def test_event_is_handled_once_by_two_workers(house: House) -> None:
    """Both look; one carries it out."""
    first, second = Stubborn(failures=0), Stubborn(failures=0)
    ours, theirs = relay_with(house, first), relay_with(house, second)
    house.lin.post("/api/v1/intake/reports", LEAK)
    for _ in range(3):
        ours.run_once()
        theirs.run_once()
    assert (first.done, second.done) == (1, 0)


def test_leak_is_handled_ahead_of_the_import_that_came_before_it(house: House) -> None:
    """Fifty ordinary orders wait for the worker when the leak is reported: its events are the first."""
    seen: list[str] = []
    on = {**house.reactions, events.WORK_ORDER_TRIAGED: (lambda _tx, event: seen.append(event.work_order_id),)}
    worker = Relay(house.uow, on, house.duties, "worker-0", list_pressing=work_orders.list_pressing_ids)
    for _ in range(50):
        house.lin.post("/api/v1/intake/reports", STOVE)
    leak = house.lin.post("/api/v1/intake/reports", LEAK).json["work_order_id"]
    worker.run_once()
    assert seen[0] == leak
    assert 1 < len(seen) < 51


def test_leak_is_handled_between_two_events_of_a_batch_that_takes_long(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leak is reported while the worker is at the first of many that it has claimed: it is the second."""
    seen: list[str] = []

    def see(_tx: Tx, event: Event) -> None:
        seen.append(event.work_order_id)

    on = {**house.reactions, events.WORK_ORDER_TRIAGED: (see,)}
    worker = Relay(house.uow, on, house.duties, "worker-0", list_pressing=work_orders.list_pressing_ids)
    for _ in range(5):
        house.lin.post("/api/v1/intake/reports", STOVE)
    handle, calls = worker._handle, iter([lambda: house.lin.post("/api/v1/intake/reports", LEAK)])

    def handle_and_report(journal_id: int) -> None:
        handle(journal_id)
        next(calls, lambda: None)()

    monkeypatch.setattr(worker, "_handle", handle_and_report)
    monkeypatch.setattr(relay, "_LOOK_EVERY_S", 0.0)
    worker.run_once()
    leaks = set(house.read(work_orders.list_pressing_ids))
    assert [place for place, order in enumerate(seen) if order in leaks][:1] == [1]


def test_back_off_doubles_and_has_an_end() -> None:
    """A broken reaction does not keep the worker busy."""
    waits = [relay.back_off_ms(attempts) for attempts in range(1, 12)]
    assert waits[1] == 2 * waits[0]
    assert waits[-1] == waits[-2] == 60_000


def test_deadline_fires_once_when_its_time_comes(house: House) -> None:
    """Not before, not twice."""
    fired: list[str] = []
    house.duties["planted"] = lambda _tx, data: fired.append(data["name"])
    house.write(lambda tx: deadlines.schedule(tx, "planted", "k", tx.now_ms + HOUR_MS, {"name": "first"}))
    house.write(lambda tx: deadlines.schedule(tx, "planted", "k", tx.now_ms + HOUR_MS, {"name": "second"}))
    house.pass_ms(HOUR_MS - 1)
    assert fired == []
    house.pass_ms(1)
    house.pass_ms(HOUR_MS)
    assert fired == ["second"]


def test_cancelled_deadline_never_fires(house: House) -> None:
    """What is no longer owed is not done."""
    fired: list[str] = []
    house.duties["planted"] = lambda _tx, data: fired.append(data["name"])
    house.write(lambda tx: deadlines.schedule(tx, "planted", "k", tx.now_ms + 1, {"name": "first"}))
    house.write(lambda tx: deadlines.cancel(tx, "planted", "k"))
    house.pass_ms(HOUR_MS)
    assert fired == []


def test_failing_duty_is_kept_for_a_retry(house: House) -> None:
    """A duty whose function fails is still owed, and the others of the sweep are done."""
    fired: list[str] = []

    def fail(_tx: Tx, _data: dict[str, object]) -> None:
        raise LookupError("planted")

    house.duties["bad"], house.duties["good"] = fail, lambda _tx, _data: fired.append("good")
    house.write(lambda tx: deadlines.schedule(tx, "bad", "k", tx.now_ms, {}))
    house.write(lambda tx: deadlines.schedule(tx, "good", "k", tx.now_ms + 1, {}))
    house.pass_ms(1)
    assert fired == ["good"]
    assert house.write(lambda tx: deadlines.is_scheduled(tx, "bad", "k"))


def test_missed_promise_is_journalled_once(house: House) -> None:
    """The leak was not reached in time: one breach per clock, however often the sweep comes by."""
    order_id = house.report(LEAK)
    for _ in range(4):
        house.pass_ms(HOUR_MS)
    kinds = [e.data["kind"] for e in house.events(order_id) if e.type == events.CLOCK_BREACHED]
    assert "arrive_by" in kinds
    assert len(kinds) == len(set(kinds))


def test_accepted_leak_does_not_climb(house: House) -> None:
    """Wang took it in time: the ladder is gone."""
    wang = Device(house)
    order_id = house.report(LEAK)
    wang.tell(order_id, facts.AssignmentAccepted(), "event-1")
    house.pass_ms(120_000)
    assert [e for e in house.events(order_id) if e.type == events.LEAK_UNACCEPTED] == []


def test_clock_on_hold_does_not_run_out(house: House) -> None:
    """The customer asked to wait: the promise is paused with its reason."""
    order_id = house.report({**LEAK, "fault_kind": "stove_fault", "answers": {}})
    order = house.order(order_id)
    body = {"ver": order.ver, "reason": "customer away"}
    assert house.lin.post(f"/api/v1/work-orders/{order_id}/hold", body).status_code == 200
    house.drain()
    house.pass_ms(30 * HOUR_MS)
    profile, now_ms = house.settings.sla_profile, house.clock.now_ms()
    clocks = work_order_service.list_clocks(house.order(order_id), profile, now_ms)
    assert [c.kind for c in clocks if c.paused]
    assert not [c.kind for c in clocks if c.paused and c.breached]
