"""Long poll: where sockets are blocked, a call waits for news without holding anything that others need."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec

from server.core.parking import Parking
from shared import wire
from tests.server.device import Device
from tests.server.house import HOME, Console, House, Wire

PATIENCE_S = 10.0
LONG_S = 20.0


class Waiting:
    """A call in a thread of its own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        """Start it."""
        self.value: Any = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        self.value = work()

    def get(self) -> Any:
        """Return what the call brought. Raises TimeoutError when it still waits."""
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            raise TimeoutError
        return self.value


def poll(device: Device, wait_s: float) -> tuple[int, bytes]:
    """Ask for news and wait for them; return status and body."""
    request = wire.SyncRequest(v=1, gen="g1", cursor=device.cursor, wait_s=wait_s)
    line = Wire(device.house.app, device.identity.token)
    reply = line.post("/api/v1/sync", msgspec.json.encode(request), 0)
    return reply.status, reply.body


def until_parked(house: House, count: int = 1) -> None:
    """Return when so many calls wait."""
    pause = threading.Event()
    assert any(len(house.services.parking) >= count or pause.wait(0.01) for _ in range(500))


def test_waiting_call_is_answered_when_a_leak_is_offered(house: House) -> None:
    """Wang's phone waits; Lin reports a leak; the waiting call brings it."""
    wang, desk = Device(house), Console(house.app)
    wang.call()
    desk.sign_in("lin")
    waiting = Waiting(lambda: poll(wang, LONG_S))
    until_parked(house)
    order_id = house.report()
    status, body = waiting.get()
    answer = msgspec.json.decode(body, type=wire.SyncResponse)
    assert (status, {c.work_order_id for c in answer.changes}) == (200, {order_id})
    assert len(house.services.parking) == 0


def test_call_that_waits_in_vain_is_answered_empty(house: House) -> None:
    """Nothing happens: the answer comes when the time is over, with the cursor unchanged."""
    wang = Device(house)
    wang.call()
    status, body = poll(wang, 0.3)
    answer = msgspec.json.decode(body, type=wire.SyncResponse)
    assert (status, answer.changes, answer.cursor) == (200, (), wang.cursor)


def test_phone_that_is_signed_out_while_it_waits_hears_so(house: House) -> None:
    """A stolen phone waits; its token is revoked; the waiting call ends with 401, not with news."""
    wang = Device(house)
    wang.call()
    waiting = Waiting(lambda: poll(wang, LONG_S))
    until_parked(house)
    admin = house.sign_in("admin")
    assert admin.post(f"/api/v1/devices/{wang.identity.device_id}/revoke").status_code < 300
    assert waiting.get()[0] == 401


def test_newer_call_of_a_phone_sends_the_older_one_home() -> None:
    """The older call's line may be dead: it must not wait on for nobody."""
    parking = Parking()
    parking.is_watched = True
    older = Waiting(lambda: parking.wait("wang", 1, LONG_S))
    pause = threading.Event()
    assert any(len(parking) or pause.wait(0.01) for _ in range(500))
    newer = Waiting(lambda: parking.wait("wang", 1, LONG_S))
    assert older.get() is False
    parking.wake({"wang": 1, HOME: 9})
    assert len(parking) == 1
    parking.wake({"wang": 2})
    assert newer.get() is True
    assert len(parking) == 0


def test_fresh_line_is_told_whether_a_marked_call_is_being_worked_on(house: House) -> None:
    """Nothing comes back to Wang's phone: is the line dead, or the server busy? Another line knows."""
    wang = Device(house)
    wang.call()
    request = wire.SyncRequest(v=1, gen="g1", cursor=wang.cursor, wait_s=LONG_S)
    headers = {"Authorization": f"Bearer {wang.identity.token}", wire.CALL_MARK_HEADER: "mark-1"}
    line = house.app.test_client()
    waiting = Waiting(lambda: line.post("/api/v1/sync", data=msgspec.json.encode(request), headers=headers).status_code)
    until_parked(house)

    def is_under_way(mark: str) -> bool:
        answer: Any = house.app.test_client().get(f"/readyz?call={mark}").json
        return bool(answer["is_under_way"])

    assert [is_under_way(mark) for mark in ("mark-1", "mark-2", "")] == [True, False, False]
    house.report()
    assert waiting.get() == 200
    assert not is_under_way("mark-1")
