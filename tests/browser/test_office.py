"""The money page in a browser: Lin approves what a technician asks for, and counts the cash that he brings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mobile import service as phones
from mobile.service import Phone
from tests.browser.company import Company
from tests.browser.judging import LOOKS, judge, look_at
from tests.browser.test_axe import look
from tests.mobile.phones import HandClock

CREW = "crew-3"
TRIES = 150
PAUSE_S = 0.2
PAGES = ("/money", "/stock", "/hazards", "/messages")


@pytest.fixture
def at_the_stove(company: Company, tmp_path: Path) -> Iterator[tuple[Phone, str]]:
    """Yield a real phone of crew 3 at a stove, and the order; afterwards the order is taken back."""
    report = {"fault_kind": "stove_fault", "location": "kitchen", "address": "收款路1号", "lat": 38.03, "lon": 114.5}
    order_id = str(company.desk.report(report)["work_order_id"])
    clock = HandClock(int(company.desk.get("/api/v1/board")["at_ms"]))
    phones.enrol(company.url, company.desk.issue_code(CREW), tmp_path)
    phone = Phone(tmp_path, company.url, clock)
    _give(company, order_id)
    _wait(phone, lambda: phone.find_job(order_id) is not None)
    for command in ("accept_assignment", "depart", "arrive"):
        phone.act(command, order_id)
    _wait(phone, lambda: phone.pending() == ())
    yield phone, order_id
    _command(company, order_id, "cancel", reason="customer_asked")
    identity = phone.find_identity()
    assert identity is not None
    company.desk.post(f"/api/v1/devices/{identity.device_id}/revoke", {})  # else it is the newest that takes his jobs
    phone.close()


def _give(company: Company, order_id: str) -> None:
    for _ in range(TRIES):
        if company.desk.get(f"/api/v1/work-orders/{order_id}")["order"]["state"] != "new":
            break
        time.sleep(PAUSE_S)
    _command(company, order_id, "assign", technician_id=CREW)


def _command(company: Company, order_id: str, name: str, **body: str) -> None:
    path = f"/api/v1/work-orders/{order_id}"
    for _ in range(TRIES):
        try:
            company.desk.post(f"{path}/{name}", {"ver": company.desk.get(path)["order"]["ver"], **body})
        except RuntimeError as refused:  # the planner moved the order meanwhile: its newer version is asked for again
            if "version_conflict" not in str(refused):
                raise
        else:
            return
    raise TimeoutError(name)


def _wait(phone: Phone, is_there: Callable[[], bool]) -> None:
    for _ in range(TRIES):
        phone.sync_once()
        if is_there():
            return
        time.sleep(PAUSE_S)
    raise TimeoutError


def test_overcharge_is_approved_and_the_cash_for_it_counted(
    page: Page, company: Company, at_the_stove: tuple[Phone, str]
) -> None:
    """From the console's menu: 39 yuan more than the list, approved; paid; counted too little, then right."""
    phone, order_id = at_the_stove
    phone.act("ask_price_approval", order_id, amounts={"stove_repair": 9900}, reason="嵌入式")
    _wait(phone, lambda: bool(phone.get_job(order_id).approvals))
    page.locator(".office-menu summary").press("Enter")
    page.locator('.office-menu a[href="/money"]').click()
    asked = page.locator("[data-approval]", has_text="嵌入式")
    expect(asked).to_contain_text("¥39.00")
    judge(page.locator("main"))
    asked.locator("button[value=yes]").press("Enter")
    expect(page.locator("main [role=status]")).to_be_visible()
    expect(asked).to_have_count(0)
    approval = phone.get_job(order_id).approvals[0].id
    _wait(phone, lambda: phone.get_job(order_id).approvals[0].state == "approved")
    phone.act("show_price", order_id, is_agreed=True, approval=approval)
    phone.act("take_payment", order_id, amount_cents=9900, method="cash", receipt="B-77")
    _wait(phone, lambda: phone.pending() == ())
    page.goto(f"{company.url}/money")
    held = page.locator(f'[data-cash="{CREW}"]')
    held.locator("[name=counted]").fill("90")
    held.locator("button").click()
    expect(page.locator("main [role=alert]")).to_be_visible()
    judge(page.locator("main"))
    held.locator("[name=counted]").fill("99.00")
    held.locator("button").click()
    expect(held).to_have_count(0)
    expect(page.locator('[data-receipt="B-77"]')).to_contain_text("✓")


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_office_pages_have_no_serious_fault_for_assistive_technology(
    open_console: Callable[..., Page], company: Company, language: str, theme: str
) -> None:
    """Every page of the office and the papers of the finished order: readable, named, whole, and inside the window."""
    page = open_console(language=language, theme=theme)
    page.set_viewport_size({"width": 1280, "height": 800})
    found: dict[str, object] = {}
    for path in (*PAGES, f"/work-orders/{company.finished_id}/papers"):
        page.goto(f"{company.url}{path}")
        seen = look_at(page.locator("body"))
        found[path] = [*look(page), *(f"{name}: {what}" for name, what in seen.items() if what)]
    assert {path: faults for path, faults in found.items() if faults} == {}
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light" if theme == "dark" else "dark")


def test_drawer_lists_forms_and_issues_one(page: Page, company: Company) -> None:
    """The order's drawer: what fits can be issued there, and all the rest is one link away."""
    report = {"fault_kind": "heater_fault", "location": "kitchen", "address": "表单路2号", "lat": 38.03, "lon": 114.5}
    order_id = str(company.desk.report(report)["work_order_id"])
    page.locator(f'#rows .row[data-id="{order_id}"]').click()
    part = page.locator("#papers-part")
    part.locator("select[name=form]").select_option("task_slip")
    part.locator('[data-action="issue"]').click()
    expect(part.locator('[data-form="task_slip"]')).to_be_visible()
    expect(part.locator('[data-action="papers"]')).to_have_attribute("href", f"/work-orders/{order_id}/papers")
