"""The customer's link at the desk: its code, his wish agreed to or refused; guesses that nobody is sent to."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.promises import repository as promises
from shared import events
from tests.server.house import LEAK, STOVE, House
from tests.server.public.test_pages import Visitor

pytestmark = pytest.mark.slow  # plays whole visits


@pytest.fixture
def wished(house: House) -> tuple[str, str]:
    """Return an order for which Zhao wishes another time, and its status page's path."""
    order_id = house.report(STOVE)
    path = house.lin.get(f"/api/v1/work-orders/{order_id}/link").json["path"]
    zhao = Visitor(house)
    slot = re.findall(r'<option value="(\d+-\d+)"', zhao.read(path).text)[3]
    assert zhao.send(f"{path}/wish", {"slot": slot, "words": "上午有会"}, page=path).status_code == 303
    return order_id, slot


def settle(house: House, order_id: str, **body: Any) -> Any:
    """Answer the wish at Lin's desk."""
    body = {"ver": house.order(order_id).ver, **body}
    return house.lin.post(f"/api/v1/work-orders/{order_id}/wish", body)


def test_link_opens_the_customers_page_and_its_code_is_a_picture(house: House) -> None:
    """The desk copies or shows it; stranger Qian gets none."""
    path = f"/api/v1/work-orders/{house.report(STOVE)}/link"
    found = house.lin.get(path).json
    assert Visitor(house).read(found["path"]).status_code == 200
    assert found["qr_svg"].startswith("<svg xmlns=")
    assert (found["opinion"], found["wish"]) == (None, None)
    assert house.sign_in("qian").get(path).status_code == 404


def test_wish_agreed_to_sets_the_window_and_stands_as_a_changed_promise(house: House, wished: tuple[str, str]) -> None:
    """IN-14: old, new, why, how told; the wish is gone from the drawer."""
    order_id, slot = wished
    shown = house.lin.get(f"/api/v1/work-orders/{order_id}/link").json["wish"]
    assert f"{shown['from_ms']}-{shown['to_ms']}" == slot
    assert settle(house, order_id, is_agreed=True, told="phone").status_code == 200
    order = house.order(order_id)
    assert f"{order.window_start_ms}-{order.window_end_ms}" == slot
    (change,) = house.read(lambda s: promises.list_changes(s, order_id))
    assert (change.told, change.reason) == ("phone", "上午有会")
    assert house.lin.get(f"/api/v1/work-orders/{order_id}/link").json["wish"] is None


def test_wish_refused_keeps_the_promise_and_needs_a_reason(house: House, wished: tuple[str, str]) -> None:
    """The customer hears why; what was promised stands."""
    order_id, _ = wished
    assert settle(house, order_id, is_agreed=False).json["code"] == "words_missing"
    assert settle(house, order_id, is_agreed=False, reason="当天已满").status_code == 200
    assert house.order(order_id).window_start_ms is None
    assert events.OTHER_TIME_SETTLED in {event.type for event in house.events(order_id)}
    assert settle(house, order_id, is_agreed=True, told="phone").json["code"] == "wish_none"


def test_wish_is_not_agreed_to_silently_or_on_an_old_version(house: House, wished: tuple[str, str]) -> None:
    """Nobody was told, or somebody else was faster: nothing changes."""
    order_id, _ = wished
    assert settle(house, order_id, is_agreed=True).json["code"] == "promise_changed_silently"
    assert settle(house, order_id, is_agreed=True, told="phone", ver=0).json["code"] == "version_conflict"
    assert house.order(order_id).window_start_ms is None


def test_leak_at_a_guessed_place_is_taken_but_nobody_is_sent_to_the_guess(house: House) -> None:
    """The order waits for a person who places it, and says so."""
    order_id = house.report({**LEAK, "is_place_guessed": True})
    assert house.order(order_id).lat is None
    assert "no_geocode" in house.flags(order_id)
