"""From the call to the signed record: once with the mouse, once with nothing but keys; the phones are the company's."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.company import Company

LONG_MS = 60_000  # planner and relay of a busy machine take their time
MOST_TABS = 120


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on a part of the page. Raises AssertionError when it cannot be reached."""
    for _ in range(MOST_TABS):
        if page.evaluate("(what) => document.activeElement.matches(what)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def see_it_closed(page: Page, company: Company, order_id: str) -> None:
    """Let the phones work, and see the order leave the queue and its record signed."""
    company.serve(order_id)
    expect(page.locator(f'#rows .row[data-id="{order_id}"]')).to_have_count(0, timeout=LONG_MS)
    page.goto(f"{company.url}/records/{order_id}")
    expect(page.locator("svg path").first).to_be_attached()


@pytest.mark.webgl
def test_order_goes_from_the_call_to_the_signed_record_by_mouse(page: Page, company: Company) -> None:
    """Lin clicks through intake, opens the order, gives it to the best, and finds it signed."""
    page.locator("#new-report").click()
    page.locator("[name=fault_kind]").select_option("stove_fault")
    page.locator("[name=find]").click()
    page.keyboard.type("赵敏")
    page.locator("#intake-found button", has_text="赵敏").first.click()
    page.locator("[name=read_back]").check()
    page.locator(".intake button[type=submit]").click()
    row = page.locator("#rows .row", has_text="灶具")
    expect(row).to_have_count(1, timeout=LONG_MS)
    row.click()
    order_id = row.get_attribute("data-id") or ""
    page.locator('#drawer [data-action="assign"]').click()
    best = page.locator(".candidate:not([disabled])").first
    name = best.locator("b").inner_text()
    best.click()
    expect(row.locator(".state")).to_contain_text(name, timeout=LONG_MS)
    see_it_closed(page, company, order_id)


def test_order_goes_from_the_call_to_the_signed_record_by_keys_alone(page: Page, company: Company) -> None:
    """N opens the intake; Tab, arrows, typing and Enter do the rest; A and Enter give it; nothing is clicked."""
    heaters = page.locator("#rows .row", has_text="热水器")
    before = {one.get_attribute("data-id") for one in heaters.all()}
    page.keyboard.press("n")
    tab_to(page, "[name=fault_kind]")
    for _ in range(MOST_TABS):
        if page.locator("[name=fault_kind]").input_value() == "heater_fault":
            break
        page.keyboard.press("ArrowDown")
    tab_to(page, "[name=find]")
    page.keyboard.type("钱云")
    expect(page.locator("#intake-found button", has_text="钱云").first).to_be_visible()
    tab_to(page, "#intake-found button")
    page.keyboard.press("Enter")
    tab_to(page, "[name=read_back]")
    page.keyboard.press("Space")
    tab_to(page, ".intake button[type=submit]")
    page.keyboard.press("Enter")
    expect(heaters).to_have_count(len(before) + 1, timeout=LONG_MS)
    [order_id] = [found for one in heaters.all() if (found := one.get_attribute("data-id") or "") not in before]
    row = page.locator(f'#rows .row[data-id="{order_id}"]')
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("q")
    for _ in range(MOST_TABS):
        if page.evaluate("document.activeElement.dataset.id") == order_id:
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator('#drawer [data-action="assign"]')).to_be_visible()
    page.keyboard.press("a")
    best = page.locator(".candidate:not([disabled])").first
    expect(best).to_be_focused(timeout=LONG_MS)
    name = best.locator("b").inner_text()
    page.keyboard.press("Enter")
    expect(row.locator(".state")).to_contain_text(name, timeout=LONG_MS)
    see_it_closed(page, company, order_id)
