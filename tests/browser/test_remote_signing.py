"""Zhao writes on the pad of the signing page in a real browser; the page is carried straight into the app."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from server.visits import repository as visits
from tests.browser.test_axe import look
from tests.server.house import House, found_company
from tests.server.test_remote_signing import Browser as Visitor
from tests.server.test_remote_signing import ask

_HOST = "http://house"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Yield a company of its own."""
    url = f"sqlite:///{tmp_path / 'leakfirst.db'}"
    found_company(url, tmp_path)
    house = House(url, tmp_path)
    yield house
    house.close()


def carry_to(zhao: Visitor) -> Callable[[Route], None]:
    """Return what carries the page's calls straight into the app, with Zhao's cookies."""

    def carry(route: Route) -> None:
        asked = route.request
        headers = {"Content-Type": asked.headers.get("content-type", "")}
        address = urlsplit(asked.url)
        answer = zhao.client.open(
            address.path, query_string=address.query, method=asked.method, data=asked.post_data_buffer, headers=headers
        )
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)

    return carry


def write_name(page: Page) -> None:
    """Write two strokes on the pad."""
    pad = page.locator("#pad")
    pad.scroll_into_view_if_needed()
    area = pad.bounding_box()
    assert area is not None
    for start in (0.2, 0.5):
        page.mouse.move(area["x"] + start * area["width"], area["y"] + 0.3 * area["height"])
        page.mouse.down()
        for step in range(1, 5):
            x, y = start + 0.08 * step, 0.3 + 0.12 * (step % 3)
            page.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"])
        page.mouse.up()


def test_customer_writes_on_the_pad_and_the_record_is_signed(browser: Browser, house: House) -> None:
    """Strokes arrive with their times; clearing takes them away; the code of the text is on the page."""
    zhao, _ = ask(house)
    context = browser.new_context(viewport={"width": 390, "height": 800})
    context.route("**/*", carry_to(zhao))
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(_HOST + zhao.path)
    assert len(page.inner_text("#view-code")) == 8
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert look(page) == []
    write_name(page)
    page.click("#clear")
    write_name(page)
    page.check("input[value=family]")
    page.fill("#opinion", "很好")
    page.fill("#code", zhao.code())
    page.click("button.primary")
    page.wait_for_selector("text=谢谢")
    house.drain()
    kept = house.read(lambda s: visits.find_record(s, zhao.order_id))
    assert kept is not None
    assert (kept.signer_relation, kept.opinion, len(kept.strokes)) == ("remote_family", "很好", 2)
    times = [point[2] for point in kept.strokes[0]["points"]]
    assert times == sorted(times)
    assert errors == []
    context.close()
