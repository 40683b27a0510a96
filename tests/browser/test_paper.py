"""The server is off: Lin opens the board from the disk, in a browser without a network, and prints it."""

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from server.board import paper_files
from tests.browser.test_axe import look
from tests.server.house import HOME, LEAK, STOVE, House, found_company

STOVES = 12


def test_board_is_read_and_printed_from_the_disk_when_the_server_is_off(browser: Browser, tmp_path: Path) -> None:
    """The leak is the first row, nothing is asked for elsewhere, and paper has more than one page with all orders."""
    url = f"sqlite:///{tmp_path / 'leakfirst.db'}"
    found_company(url, tmp_path)
    house = House(url, tmp_path)
    for number in range(STOVES):
        house.report({**STOVE, "address": f"桃南路{number}号"})
    leak = house.order(house.report(LEAK)).number
    paper_files.write_all(house.services)
    house.close()
    context = browser.new_context(viewport={"width": 1123, "height": 794}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(paper_files.path_of(tmp_path, HOME, "zh_CN").as_uri())
    expect(page.locator("tbody tr").first).to_contain_text(leak)
    expect(page.locator(".asof b")).to_have_text("10:00:00")
    assert all(one.startswith(("file://", "data:")) for one in asked)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert look(page) == []
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2
    context.close()
