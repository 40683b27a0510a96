"""Dispatcher Lin asks why: the sentence, everybody who was looked at, the other choice, and whom to tell."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from deploy.demo_town.roads import CENTER
from tests.browser.company import START_MS, Company
from tests.browser.judging import LOOKS, judge

HOUR_MS = 3_600_000
REFERENCES = itertools.count(70)


def report_leak(company: Company) -> str:
    """Report a strong smell near the crews; return the address."""
    address = f"和平路{next(REFERENCES)}号"
    place = {"lat": CENTER[0], "lon": CENTER[1], "answers": {"smell_strength": "strong"}}
    company.desk.report({"fault_kind": "gas_leak", "location": "kitchen", "address": address, "ref": address, **place})
    return address


def open_why(page: Page, address: str) -> Locator:
    """Open an order's explanation with nothing but keys; return the dialog."""
    row = page.locator("#rows .row", has_text=address)
    expect(row).to_have_count(1)
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator('#drawer [data-action="why"]')).to_be_visible()
    page.keyboard.press("w")
    dialog = page.locator("dialog.why")
    expect(dialog.locator("table.candidates")).to_be_visible()
    return dialog


def test_leak_is_explained_tried_and_given_when_only_keys_are_used(page: Page, company: Company) -> None:
    """W opens the sentence; the arrows choose another name, Enter asks what if, and the button gives it."""
    address = report_leak(company)
    dialog = open_why(page, address)
    expect(dialog.locator(".sentence")).to_have_text(re.compile(r".+ \d+ 分钟后到；.*不可能快于 \d+ 分钟；.+。"))
    expect(dialog.locator("tr[data-holder]")).to_have_count(1)
    other = dialog.locator("tr[data-technician]:not([data-holder]):not([data-out])").first
    name = other.locator("button").inner_text()
    expect(dialog.locator("tbody button:focus")).to_have_count(1)
    page.keyboard.press("Home")
    for _ in range(4):
        if other.locator("button").evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("ArrowDown")
    expect(other.locator("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.locator(".what-if [data-fact=arrival]")).to_have_text(re.compile(r"\d\d:\d\d"))
    expect(dialog.locator(".what-if [data-fact=cost]")).to_have_text(re.compile(r"[+-]?\d+ 分钟"))
    expect(other.locator("button")).to_have_attribute("aria-pressed", "true")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.action") == "give":
            break
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#rows .row", has_text=address).locator(".state")).to_contain_text(name)


def test_appointment_of_another_day_says_why_nobody_goes_yet(page: Page, company: Company) -> None:
    """Nobody works then: the reason stands where the technician would."""
    late_ms = START_MS + 9 * 24 * HOUR_MS
    window = {"window_start_ms": late_ms, "window_end_ms": late_ms + HOUR_MS}
    place = {"lat": 38.03, "lon": 114.5, "address": "和平路60号", "ref": "60"}
    company.desk.report({"fault_kind": "heater_fault", "location": "kitchen", **place, **window})
    dialog = open_why(page, "和平路60号")
    expect(dialog.locator(".undone .flag")).to_contain_text("无人可去")


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_explanation_is_whole_readable_and_named_in_both_languages_and_themes(
    open_console: Callable[..., Page], company: Company, language: str, theme: str
) -> None:
    """Nothing sticks out, text has contrast 4.5, every control has a name, no text is missing."""
    page = open_console(language=language, theme=theme)
    dialog = open_why(page, report_leak(company))
    dialog.locator("tbody button").first.click()
    expect(dialog.locator(".what-if dl")).to_be_visible()
    judge(dialog)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_plan_line_and_its_dialogs_are_whole_in_both_languages_and_themes(
    open_console: Callable[..., Page], company: Company, language: str, theme: str
) -> None:
    """G, P goes to the plan's line; Enter opens quality and budget; the last button opens whom to tell."""
    report_leak(company)
    page = open_console(language=language, theme=theme)
    line = page.locator("#plan-line")
    expect(line.locator('[data-plan="moved"]')).to_be_visible()
    judge(line)
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(line.locator('[data-plan="detail"]')).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.plan")
    expect(dialog.locator(".budget input")).to_be_visible()
    judge(dialog)
    page.keyboard.press("Escape")
    line.locator('[data-plan="tell"]').click()
    expect(page.locator("dialog.notices")).to_be_visible()
    expect(page.locator("dialog.notices .skeleton")).to_have_count(0)
    judge(page.locator("dialog.notices"))


def test_budget_is_set_in_the_dialog_and_seen_on_the_line(page: Page) -> None:
    """Lin allows one stop; the line says so at once, and the dialog by whom."""
    moved = page.locator('#plan-line [data-plan="moved"]')
    moved.click()
    page.locator("dialog.plan .budget input").fill("1")
    page.locator("dialog.plan .budget .primary").click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(moved).to_contain_text("/ 1")
    moved.click()
    expect(page.locator("dialog.plan .budget .muted")).to_contain_text("设定")


def test_bound_of_nothing_is_not_shown_as_a_saving(page: Page, company: Company) -> None:
    """A plan whose bound is 0 could not be saved whole: the line says that no bound is known."""
    report_leak(company)

    def without_bound(route: Route) -> None:
        answer = route.fetch()
        board = answer.json()
        board["plan"]["quality"] = {"cost": 900.0, "bound": 0.0, "gap": 1.0, "bound_reason": "assignment"}
        route.fulfill(response=answer, json=board)

    page.route("**/api/v1/board", without_bound)
    page.reload()
    expect(page.locator("#plan-line .gap")).to_have_text("尚无下限")
