"""The doorbell only rings: rings out of order, doubled or unreadable change nothing but how soon a job is seen."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import socketio
from werkzeug.serving import make_server

from mobile import service
from shared import wire
from shared.assignment import AssignmentState
from tests.mobile.office import TOKEN, Office, change, job
from tests.mobile.phones import HandClock, open_phone, start_shift

PATIENCE_S = 10.0


def ring(*changes: wire.Change) -> wire.Doorbell:
    """Return a ring with changes riding along."""
    return wire.Doorbell(seq=changes[-1].seq, priority=1, changes=changes)


def wait_until(is_true: Callable[[], bool]) -> bool:
    """Wait for a thread to get there; False when it does not within the test's patience."""
    pause = threading.Event()
    return any(is_true() or pause.wait(0.02) for _ in range(int(PATIENCE_S / 0.02)))


class Tower:
    """A socket server of the outside world: it rings, and it counts what phones send up."""

    def __init__(self, port: int = 0) -> None:
        """Listen on a port, a free one when none is named."""
        self.tokens: list[str] = []
        self.positions: list[dict[str, Any]] = []
        self.sockets: Any = socketio.Server(async_mode="threading", transports=["websocket"])
        self.sockets.on("connect", self._connect)
        self.sockets.on(wire.POSITIONS, self._note)
        self.server = make_server("127.0.0.1", port, socketio.WSGIApp(self.sockets), threaded=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _connect(self, _sid: str, _environ: dict[str, Any], auth: dict[str, str]) -> None:
        self.tokens.append(auth["token"])

    def _note(self, _sid: str, data: list[dict[str, Any]]) -> None:
        self.positions.extend(data)


@pytest.fixture
def tower() -> Iterator[Tower]:
    """Yield a running socket server."""
    running = Tower()
    yield running
    running.server.shutdown()


def test_change_on_the_ring_is_shown_without_a_call(office: Office, phone: service.Phone) -> None:
    """The job rides along: Wang sees it at once; the next call confirms it."""
    office.send(job(1))
    phone.sync_once()
    calls = len(office.requests)
    office.send(job(2, priority=1, is_leak=True))
    phone.ring(ring(office.feed[-1]))
    assert phone.get_job("order-2").assignment.state is AssignmentState.DELIVERED
    assert len(office.requests) == calls
    assert not phone.is_quiet()
    phone.sync_once()
    assert office.kept_types().count("assignment_delivered") == 2
    assert phone.audit().doubled_change_ids == ()


def test_rings_out_of_order_wait_for_the_call(office: Office, phone: service.Phone) -> None:
    """Number 3 before number 2: nothing is applied past the hole, the call brings both in order."""
    office.send(job(1))
    phone.sync_once()
    office.send(job(2))
    office.send(job(3))
    phone.ring(ring(office.feed[2]))
    assert phone.find_job("order-3") is None
    assert not phone.is_quiet()
    phone.ring(ring(office.feed[1]))
    assert phone.find_job("order-2") is not None
    phone.sync_once()
    assert {item.work_order_id for item in phone.jobs()} == {"order-1", "order-2", "order-3"}
    assert (phone.audit().gaps, phone.audit().doubled_change_ids) == (0, ())


def test_late_ring_does_not_bring_old_state_back(office: Office, phone: service.Phone) -> None:
    """A ring that was overtaken by a call is only counted."""
    office.send(job(1))
    office.send(job(1), job=None, gone=True)
    phone.sync_once()
    phone.ring(ring(office.feed[0]))
    assert phone.jobs() == ()
    assert phone.audit().doubled_change_ids == ()


def test_ring_before_the_first_call_or_without_content_only_asks_for_a_call(
    office: Office, clock: HandClock, tmp_path: Path
) -> None:
    """A new phone reads from the start whatever rings."""
    service.enrol(office.url, "GOOD-CODE", tmp_path / "new")
    fresh = open_phone(tmp_path / "new", clock)
    office.send(job(1))
    office.send(job(2))
    fresh.ring(ring(change(2, job(2))))
    fresh.ring(None)
    assert not fresh.is_quiet()
    fresh.sync_once()
    assert len(fresh.jobs()) == 2
    fresh.close()


def test_absurd_ring_is_refused_whole(office: Office, phone: service.Phone) -> None:
    """A number beyond what the store can hold leaves the cursor where it was."""
    office.send(job(1))
    phone.sync_once()
    phone.ring(wire.Doorbell(seq=2, priority=1, changes=(change(2, job(2), at_ms=2**70),)))
    phone.ring(wire.Doorbell(seq=2**70, priority=1))
    assert phone.sync_once().is_caught_up


def test_phone_in_the_background_hears_rings_and_sends_commands(
    office: Office, tower: Tower, clock: HandClock, tmp_path: Path
) -> None:
    """Over a real websocket: the token is shown, the ring brings the job, an accept is sent without being asked."""
    service.enrol(office.url, "GOOD-CODE", tmp_path / "wang")
    phone = open_phone(tmp_path / "wang", clock)
    phone.start_background(doorbell_url=f"http://127.0.0.1:{tower.server.server_port}")
    assert wait_until(lambda: phone.line().has_doorbell)
    assert tower.tokens == [TOKEN]
    office.send(job())
    tower.sockets.emit(wire.DOORBELL, msgspec.to_builtins(ring(*office.feed)))
    assert wait_until(lambda: "assignment_delivered" in office.kept_types())
    phone.act("accept_assignment", "order-1")
    assert wait_until(lambda: "assignment_accepted" in office.kept_types())
    start_shift(phone)
    phone.report_position(wire.Position(at_ms=1, lat=37.8, lon=113.5))
    assert wait_until(lambda: len(tower.positions) == 1)
    phone.close()


def test_phone_without_a_doorbell_still_hears_of_jobs(office: Office, clock: HandClock, tmp_path: Path) -> None:
    """All sockets are lost: jobs come by the calls, and the screen is told of the change."""
    service.enrol(office.url, "GOOD-CODE", tmp_path / "wang")
    phone = open_phone(tmp_path / "wang", clock)
    changed = threading.Event()
    phone.subscribe(changed.set)
    phone.start_background()
    office.send(job())
    assert wait_until(lambda: "assignment_delivered" in office.kept_types())
    assert changed.is_set()
    phone.close()
