"""Garbage at the sockets of a real gateway: a nack in both languages, and the gateway lives on."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
import requests
import socketio

from deploy.demo.children import Children
from shared import wire
from tests.server import garbage
from tests.server.device import Device
from tests.server.house import LEAK, PASSWORD, House

pytestmark = pytest.mark.slow  # starts a real gateway

GOOD: Final = {"at_ms": 1_790_042_400_000, "lat": 37.86, "lon": 113.57}
VIEW: Final = {"south": 37.8, "west": 113.5, "north": 37.9, "east": 113.6}
WAIT_S: Final = 20.0
BAD: Final[tuple[Any, ...]] = (None, "x", [], {}, 10**30, 1e308)
WRONG: Final[tuple[Any, ...]] = (
    *({**GOOD, key: value} for key in GOOD for value in BAD),
    {**GOOD, "more": 1},
    {},
    None,
    7,
    "x" * 9000,
    [[[]]],
)
WRONG_VIEWS: Final[tuple[Any, ...]] = (
    *({**VIEW, key: value} for key in VIEW for value in BAD),
    {**VIEW, "south": 38.0},
    {**VIEW, "west": 114.0},
    {**VIEW, "more": 1},
    {},
    None,
    "x" * 9000,
    [VIEW],
)


class Line:
    """One socket to the gateway that remembers what it hears."""

    def __init__(self, url: str, auth: Any = None, headers: dict[str, str] | None = None) -> None:
        """Connect, or raise socketio's ConnectionError."""
        self.heard: list[tuple[str, Any]] = []
        self._news = threading.Condition()
        self.client: Any = socketio.Client(reconnection=False)
        for event in (wire.NACK, wire.DOORBELL, "pong_server"):
            self.client.on(event, lambda data, event=event: self._hear(event, data))
        self.client.connect(url, headers or {}, transports=["websocket"], auth=auth, wait_timeout=WAIT_S)

    def _hear(self, event: str, data: Any) -> None:
        with self._news:
            self.heard.append((event, data))
            self._news.notify_all()

    def ask(self, event: str, *data: Any) -> list[tuple[str, Any]]:
        """Send one message and return everything heard until the answer to a ping behind it."""
        with self._news:
            self.heard.clear()
            self.client.emit(event, data if len(data) != 1 else data[0])
            self.client.emit(wire.PING)
            assert self._news.wait_for(lambda: any(e == "pong_server" for e, _ in self.heard), WAIT_S)
            return [(e, d) for e, d in self.heard if e != "pong_server"]


@contextmanager
def running_gateway(house: House) -> Iterator[str]:
    """Run a real gateway process over the house's database; yield its address."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
    environ = {
        "LEAKFIRST_DATA_DIR": str(house.folder),
        "LEAKFIRST_DATABASE_URL": house.settings.database_url,
        "LEAKFIRST_PORT": str(port),
    }
    children = Children(environ, house.folder)
    children.start("gateway")
    try:
        children.wait_until_ready()
        yield children.url
    finally:
        children.stop()


@pytest.fixture(scope="module")
def gateway(shared_house: House) -> Iterator[str]:
    """Yield the address of one gateway for all tests."""
    with running_gateway(shared_house) as url:
        yield url


def test_garbage_at_the_sockets_gets_a_nack_and_the_gateway_lives_on(shared_house: House, gateway: str) -> None:
    """Wrong positions, unknown events, broken frames: an answer each time; a good phone still hears its leak."""
    wang = Device(shared_house)
    line = Line(gateway, {"token": wang.identity.token})
    assert line.ask(wire.POSITIONS, [GOOD]) == []
    for wrong in WRONG:
        answers = line.ask(wire.POSITIONS, [wrong] if isinstance(wrong, dict) else wrong)
        assert [event for event, _ in answers] == [wire.NACK], wrong
        assert all(answers[0][1]["text"][lang] for lang in ("zh_CN", "en"))
    for name in ("no_such_event", "doorbell", "connect_error", "x" * 500):
        assert [data["code"] for _, data in line.ask(name, GOOD)] == ["event_unknown"]
    line.client.eio.send("2garbage")
    line.client.eio.send("451-[not json")
    Line(gateway, {"token": wang.identity.token}).client.disconnect()
    shared_house.report(LEAK)
    second = Line(gateway, {"token": wang.identity.token})
    assert second.ask(wire.POSITIONS, [GOOD]) in ([], [(wire.DOORBELL, second.heard[0][1])])
    assert requests.get(f"{gateway}/readyz", timeout=WAIT_S).json()["ok"]
    second.client.disconnect()


def test_garbage_about_a_view_gets_a_nack_and_the_next_box_is_taken(shared_house: House, gateway: str) -> None:
    """A console's wrong boxes are refused one by one; a phone has no view to tell."""
    desk = Line(gateway, headers={"Cookie": sign_in(gateway)})
    for wrong in WRONG_VIEWS:
        answers = desk.ask(wire.VIEW, wrong)
        assert [event for event, _ in answers] == [wire.NACK], wrong
    assert desk.ask(wire.VIEW, VIEW) == []
    phone = Line(gateway, {"token": Device(shared_house).identity.token})
    assert [data["code"] for _, data in phone.ask(wire.VIEW, VIEW)] == ["forbidden"]
    desk.client.disconnect()
    phone.client.disconnect()


def sign_in(url: str) -> str:
    """Return the cookies of dispatcher Lin's session."""
    session = requests.Session()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', session.get(f"{url}/sign-in", timeout=WAIT_S).text)
    form = {"user_name": "lin", "password": PASSWORD, "csrf_token": found[1] if found else ""}
    session.post(f"{url}/sign-in", data=form, timeout=WAIT_S).raise_for_status()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)


@pytest.mark.parametrize(
    "auth", [None, {}, {"token": ""}, {"token": "guessed"}, {"token": 7}, {"token": "\0"}, [], "x"]
)
def test_stranger_gets_no_socket(gateway: str, auth: Any) -> None:
    """Without a device's token or a console's session nobody is admitted."""
    with pytest.raises(socketio.exceptions.ConnectionError):
        Line(gateway, auth)


def test_revoked_phone_is_told_and_hung_up(shared_house: House, gateway: str) -> None:
    """A stolen phone's open socket ends with its next message, at the latest a second later."""
    wang = Device(shared_house)
    line = Line(gateway, {"token": wang.identity.token})
    shared_house.lin.post(f"/api/v1/devices/{wang.identity.device_id}/revoke")
    with line._news:
        line.client.emit(wire.POSITIONS, [GOOD])
        assert line._news.wait_for(lambda: any(e == wire.NACK for e, _ in line.heard), WAIT_S)
    assert line.heard[-1][1]["code"] == "device_revoked"


def test_every_nasty_value_is_json_that_a_socket_can_carry() -> None:
    """The list of garbage is no shorter than it looks."""
    assert len({garbage.encode(wrong) for wrong in WRONG}) == len(WRONG)
