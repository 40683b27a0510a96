"""A phone that is online obeys the desk at once: rung over a real socket, or by long poll where those are blocked."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator

import pytest

from mobile import service as phones
from mobile.service import Phone
from server.devices import service as devices
from tests.server.house import HOME, House, Wire
from tests.server.test_socket_garbage import running_gateway

pytestmark = pytest.mark.slow  # starts a real gateway

# Well below the half minute after which a phone beside a doorbell calls by itself.
PATIENCE_S = 12.0
NOBODY = "http://127.0.0.1:9"


def wait_until(is_true: Callable[[], bool]) -> bool:
    """Wait for the phone to get there; False when it does not within the test's patience."""
    pause = threading.Event()
    return any(is_true() or pause.wait(0.05) for _ in range(int(PATIENCE_S / 0.05)))


@pytest.fixture(scope="module")
def gateway(shared_house: House) -> Iterator[str]:
    """Yield the address of one gateway for all tests."""
    with running_gateway(shared_house) as url:
        yield url


@pytest.fixture(params=["socket", "long poll"])
def wang(request: pytest.FixtureRequest, shared_house: House, gateway: str) -> Iterator[Phone]:
    """Yield Wang's phone as it is online and has nothing to say."""
    folder = shared_house.folder / "phones" / str(request.param)
    phones.enrol(gateway, shared_house.enrol_code("wang"), folder, transport=Wire(shared_house.app))
    phone = Phone(folder)
    phone.start_background("" if request.param == "socket" else NOBODY)
    message = {"text": "在吗"}  # a long poll counts as heard once it has brought something
    wait_until(phone.is_quiet)
    assert shared_house.lin.post("/api/v1/technicians/wang/messages", message).status_code < 300
    assert wait_until(lambda: phone.line().has_doorbell or phone.line().is_listening)
    assert wait_until(phone.is_quiet)
    yield phone
    phone.close()


def is_in(phone: Phone, state: str) -> bool:
    """Tell whether a phone is open, locked or wiped."""
    return phone.guard().state == state


def is_done(house: House, device_id: str) -> bool:
    """Tell whether the phone has said that it carried out what is demanded of it."""
    return house.read(lambda s: devices.list_orders(s, HOME))[device_id]["order_done_ms"] is not None


def test_lock_unlock_and_wipe_are_obeyed_without_waiting_for_the_next_look(shared_house: House, wang: Phone) -> None:
    """Each is carried out while the phone would have rested, and the wipe is reported back."""
    identity = wang.find_identity()
    assert identity is not None
    path = f"/api/v1/devices/{identity.device_id}"
    for kind, state in (("lock", "locked"), ("unlock", "open"), ("wipe", "wiped")):
        assert shared_house.lin.post(f"{path}/{kind}").status_code == 200
        assert wait_until(functools.partial(is_in, wang, state)), kind
    assert wait_until(lambda: is_done(shared_house, identity.device_id))
