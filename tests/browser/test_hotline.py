"""Lin's hotline: the class first, answers at hand, times that the plan can keep, duplicates, calls and complaints."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.company import Company

AXE: Final = Path(__file__).resolve().parents[2] / "server" / "static" / "vendor" / "axe-core" / "axe.min.js"
MOST_TABS: Final = 60
# Serious and critical findings alone, as WCAG 2 counts them.
_JUDGE: Final = """async (place) => {
    const found = await axe.run(place, { runOnly: ['wcag2a', 'wcag2aa'] });
    const bad = found.violations.filter((one) => ['serious', 'critical'].includes(one.impact));
    return bad.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 120)}`);
}"""


def list_violations(page: Page, place: str) -> list[str]:
    """Return what axe finds seriously wrong in a part of the page; skips where axe is not installed."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (deploy/assets.sh)")
    page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    return list(page.evaluate(_JUDGE, place))


def open_intake(page: Page, key: str) -> Locator:
    """Press N and the key of a class; return the form."""
    page.keyboard.press("n")
    form = page.locator(".intake")
    expect(form.locator("[name=contact_class]").first).to_be_focused()
    page.keyboard.press(key)
    return form


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there. Raises LookupError when it never comes."""
    for _ in range(MOST_TABS):
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted)", selector):
            return
        page.keyboard.press("Tab")
    raise LookupError(selector)


def choose_zhao(page: Page) -> None:
    """Find customer Zhao by name, with keys alone."""
    tab_to(page, ".intake [name=find]")
    page.keyboard.type("赵敏")
    expect(page.locator("#intake-found button", has_text="赵敏").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#intake-found .chosen")).to_be_visible()


def send(page: Page) -> None:
    """Tick the read-back and send, with keys alone."""
    tab_to(page, ".intake [name=read_back]")
    page.keyboard.press("Space")
    tab_to(page, ".intake button[type=submit]")
    page.keyboard.press("Enter")


def test_repair_is_taken_with_a_window_of_the_plan_when_only_keys_are_used(page: Page) -> None:
    """2 is a repair: the fault, the caller, a time that the plan can keep; the drawer shows it as promised."""
    form = open_intake(page, "2")
    expect(form.locator("[name=fault_kind]")).to_be_focused()
    form.locator("[name=fault_kind]").select_option("heater_fault")
    choose_zhao(page)
    easy = page.locator("#intake-windows .window[data-fit=easy] input").first
    expect(easy).to_be_attached()
    tab_to(page, "#intake-windows input")
    page.keyboard.press("ArrowDown")
    start_ms = page.locator("#intake-windows input:checked").get_attribute("value") or ""
    assert start_ms.isdecimal()
    promised = page.locator("#intake-windows label:has(input:checked) span").inner_text().split("–")[0]
    send(page)
    expect(page.locator("#drawer .facts").first).to_contain_text(promised)
    expect(page.locator("#drawer #link-part button").first).to_be_visible()


def test_alarm_starts_on_its_questions_and_shows_the_home_called_before(page: Page, company: Company) -> None:
    """1 is an alarm: the first question has the focus, the advice stands there, the earlier order is shown."""
    company.desk.report(
        {
            "fault_kind": "gas_odour",
            "location": "kitchen",
            "address": "裕华路7号",
            "lat": 38.1,
            "lon": 114.6,
            "ref": "h7",
        }
    )
    form = open_intake(page, "1")
    expect(form.locator(".questions input").first).to_be_focused()
    page.keyboard.press("Space")
    expect(form.locator("#intake-class")).to_have_attribute("data-priority", "1")
    expect(form.locator("#intake-advice li").first).to_be_visible()
    tab_to(page, ".intake [name=address]")
    page.keyboard.type("裕华路7号")
    tab_to(page, ".intake [name=description]")
    expect(form.locator("#intake-near .same")).to_be_visible()
    expect(form.locator("#intake-windows")).to_have_attribute("data-reason", "goes_now")
    form.locator("#intake-near .same button").click()
    expect(page.locator("#drawer .address")).to_contain_text("裕华路7号")


def test_question_is_answered_from_what_is_at_hand_and_written_down(page: Page) -> None:
    """3 is a question: the caller's words find the answer; the call stands in the list."""
    form = open_intake(page, "3")
    expect(form.locator("[name=faq]")).to_be_focused()
    page.keyboard.type("软管")
    hit = form.locator("#faq-hits details", has_text="软管").first
    hit.locator("summary").click()
    hit.locator("button").click()
    form.locator("[name=rings]").fill("6")
    expect(form.locator(".sorry")).to_be_visible()
    form.locator("button[type=submit]").click()
    expect(form).to_have_count(0)
    page.keyboard.press("k")
    expect(page.locator("dialog.calls .contacts")).to_contain_text("软管")
    expect(page.locator("dialog.calls .kpi")).to_contain_text("0/")


def test_complaint_is_moved_by_the_desk_until_the_customer_is_satisfied(page: Page) -> None:
    """4 is a complaint: kind and unit; it is taken and answered in the list, with words."""
    form = open_intake(page, "4")
    expect(form.locator("[name=content]")).to_be_focused()
    page.keyboard.type("师傅没有戴工作证")
    form.locator("[name=complaint_kind]").select_option("conduct")
    form.locator("button[type=submit]").click()
    expect(form).to_have_count(0)
    page.keyboard.press("k")
    row = page.locator("dialog.calls .complaints li", has_text="师傅没有戴工作证")
    row.locator("button", has_text="受理").click()
    expect(row).to_contain_text("调查中")
    row.locator("[name=words]").fill("已道歉")
    row.locator("button", has_text="答复客户").click()
    row.locator("button", has_text="办结").click()
    expect(row).to_contain_text("已办结")
    assert list_violations(page, "dialog.calls") == []


def test_hotline_has_no_serious_fault_for_assistive_technology(page: Page) -> None:
    """Every class of the form, read by axe."""
    open_intake(page, "4")
    for key in ("3", "2", "1"):
        page.locator(".intake [name=contact_class]:checked").focus()
        assert list_violations(page, ".intake") == []
        page.keyboard.press(key)
    assert list_violations(page, ".intake") == []
    assert "«" not in page.locator(".intake").inner_text()
