"""What the gateway tells each browser about places: once a second, together, nothing lost on one that stalls."""

from __future__ import annotations

import queue
import types
from typing import Any

import engineio
import pytest
import socketio

from server.accounts import repository as accounts
from server.accounts.models import Device as DeviceRow
from server.accounts.models import Technician
from server.core import clock
from server.realtime.gateway import Gateway
from server.realtime.peers import Peer
from shared import wire
from tests.server.device import Device
from tests.server.house import ELSEWHERE, HOME, MORNING_MS, House

LONG_S = 3600.0


class Stand:
    """A gateway whose frames are kept instead of sent, and one stalled line that can be made to read again."""

    def __init__(self, house: House) -> None:
        """Bind a gateway to the house."""
        self.gateway = Gateway(house.app, house.services)
        self.sent: list[tuple[str, list[Any]]] = []
        self.gateway.socketio.server.emit = self._keep
        self.line: queue.Queue[int] = queue.Queue()
        # The library finds no transport for a socket of the test: the one without a name is the stalled line.
        self.gateway.socketio.server.eio.sockets[None] = types.SimpleNamespace(queue=self.line)

    def _keep(self, _event: str, data: Any, to: str) -> None:
        self.sent.append((to, [item[0] for item in data["items"]]))

    def join(self, sid: str, branch_id: str = HOME) -> Peer:
        """Let a browser join that was asked about just now."""
        peer = Peer(sid=sid, branch_id=branch_id, sign_in_id=sid, checked_s=clock.mono_s() + LONG_S)
        self.gateway.peers[sid] = peer
        return peer

    def move(self, technician_id: str, branch_id: str = HOME, lat: float = 37.86) -> None:
        """Let somebody's phone tell where it is."""
        self.gateway.latest[technician_id] = (branch_id, wire.Position(at_ms=MORNING_MS, lat=lat, lon=113.57))
        self.gateway._moved.add(technician_id)


@pytest.fixture
def stand(house: House, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Return a gateway whose frames are kept; the library's JSON, which it sets for the whole process, is put back."""
    for kind in (socketio.packet.Packet, engineio.packet.Packet):
        monkeypatch.setattr(kind, "json", kind.json)
    return Stand(house)


def test_many_moves_of_one_second_make_one_frame_for_each_board_of_the_region(stand: Stand) -> None:
    """Two positions of one technician are one item; another region hears nothing of it."""
    stand.join("lin")
    stand.join("qian", ELSEWHERE)
    for technician_id in ("wang", "sun", "wang"):
        stand.move(technician_id)
    stand.gateway.send_positions()
    assert stand.sent == [("lin", ["sun", "wang"])]
    stand.gateway.send_positions()
    assert len(stand.sent) == 1


def test_browser_that_stalled_gets_every_newest_place_in_one_frame_when_it_reads_again(stand: Stand) -> None:
    """Frames are skipped while its line is full, never the places in them."""
    stand.join("lin")
    for number in range(20):
        stand.line.put(number)
    for technician_id in ("wang", "sun"):
        stand.move(technician_id)
        stand.gateway.send_positions()
    assert stand.sent == []
    while not stand.line.empty():
        stand.line.get()
    stand.gateway.send_positions()
    assert stand.sent == [("lin", ["sun", "wang"])]


def test_browser_hears_at_once_who_moves_in_its_view_and_of_the_others_now_and_then(stand: Stand) -> None:
    """Outside the map's view places come together every ten seconds, and at once when the view moves there."""
    lin = stand.join("lin")
    lin.far_s = clock.mono_s()
    stand.gateway.on_view("lin", {"south": 37.85, "west": 113.5, "north": 37.87, "east": 113.6})
    stand.move("wang")
    stand.move("sun", lat=38.5)
    stand.gateway.send_positions()
    assert stand.sent == [("lin", ["wang"])]
    stand.gateway.on_view("lin", {"south": 38.4, "west": 113.5, "north": 38.6, "east": 113.6})
    assert stand.sent[1:] == [("lin", ["sun"])]
    stand.move("wang")
    stand.gateway.send_positions()
    assert len(stand.sent) == 2
    lin.far_s -= LONG_S
    stand.gateway.send_positions()
    assert stand.sent[2:] == [("lin", ["wang"])]


def test_shifts_are_read_once_however_many_phones_speak_while_they_are_read(house: House, stand: Stand) -> None:
    """Sun's phone speaks while the shifts are read for Wang's: no second reading; both are on duty after it."""
    readings: list[int] = []
    plain = stand.gateway._read_duty

    def read() -> None:
        readings.append(1)
        stand.gateway._is_on_duty("sun", MORNING_MS)
        plain()

    stand.gateway._read_duty = read  # type: ignore[method-assign]  # a reading during which another phone speaks
    assert stand.gateway._is_on_duty("wang", MORNING_MS)
    assert stand.gateway._is_on_duty("sun", MORNING_MS)
    assert readings == [1]


def test_flush_writes_down_who_was_heard_of_and_where_everybody_is(house: House, stand: Stand) -> None:
    """Wang's phone and his newest place stand in the database; an older moment changes nothing."""
    Device(house)
    now_ms = house.clock.now_ms()
    device_id = house.read(lambda s: accounts.list_devices(s, HOME))[0].id
    for at_ms in (now_ms + 5_000, now_ms - 5_000):
        house.services.parking.note_seen(device_id, at_ms)
        stand.gateway._unsaved = {"wang": [wire.Position(at_ms=now_ms - 1_000, lat=37.8655, lon=113.57)]}
        stand.gateway.flush()
    device, technician = house.read(lambda s: (s.get_one(DeviceRow, device_id), s.get_one(Technician, "wang")))
    assert (device.last_seen_ms, technician.lat) == (now_ms + 5_000, 37.8655)
