"""Dispatcher Lin at her desk: the journeys of the console."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.company import START_MS, Company

TOMORROW_MS = START_MS + 86_400_000
HOUR_MS = 3_600_000


def report_heater(company: Company, ref: str) -> str:
    """Take a report for tomorrow, so that nobody is sent by himself; return the order's number."""
    answer = company.desk.report(
        {
            "fault_kind": "heater_fault",
            "location": "kitchen",
            "address": f"学院路{ref}号",
            "lat": 38.03,
            "lon": 114.5,
            "window_start_ms": TOMORROW_MS,
            "window_end_ms": TOMORROW_MS + 2 * HOUR_MS,
            "ref": ref,
        }
    )
    return str(answer["number"])


def row_of(page: Page, address: str) -> Any:
    """Return the queue's row of an address."""
    return page.locator("#rows .row", has_text=address)


def count_orders_on_map(page: Page) -> int:
    """Return how many orders the map has drawn."""
    return int(page.locator("#map").get_attribute("data-orders") or "0")


def test_wrong_password_is_refused_in_words(browser: Browser, company: Company) -> None:
    """Stranger Qian stays outside, and reads why."""
    page = browser.new_page()
    page.goto(f"{company.url}/")
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.fill("#user_name", "qian")
    page.fill("#password", "guess")
    page.press("#password", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("密码")
    page.close()


@pytest.mark.webgl
def test_report_appears_on_queue_and_map_when_intake_is_sent(page: Page) -> None:
    """Lin asks the safety questions, finds Zhao, reads back, and the order stands in the queue and on the map."""
    before = count_orders_on_map(page)
    page.keyboard.press("n")
    page.locator("[name=fault_kind]").select_option("gas_odour")
    page.locator("[name=q-smell_strength][value=strong]").check(force=True)
    expect(page.locator("#intake-class")).to_have_attribute("data-priority", "1")
    expect(page.locator("#intake-advice li").first).to_be_visible()
    page.fill("[name=find]", "赵敏")
    page.locator("#intake-found button", has_text="赵敏").first.click()
    expect(page.locator("#intake-pin")).to_contain_text("定位")
    page.locator("[name=read_back]").check()
    page.locator(".intake button[type=submit]").click()
    expect(page.locator("#rows .row[data-priority='1']")).to_have_count(1)
    expect(page.locator("#drawer .certificate")).to_be_visible()
    expect(page.locator("#map")).to_have_attribute("data-orders", str(before + 1))


def test_report_is_kept_back_until_it_was_read_back(page: Page) -> None:
    """Without the tick nothing is sent, and Lin is told what is missing."""
    page.keyboard.press("n")
    page.fill("[name=address]", "学院路9号")
    page.locator(".intake button[type=submit]").click()
    expect(page.locator(".toast.error")).to_contain_text("复述")
    expect(row_of(page, "学院路9号")).to_have_count(0)


def test_order_of_another_desk_appears_without_reload(page: Page, company: Company) -> None:
    """What colleague Chen takes in is pushed."""
    report_heater(company, "31")
    expect(row_of(page, "学院路31号")).to_have_count(1)


def test_order_is_assigned_and_recalled_when_only_keys_are_used(page: Page, company: Company) -> None:
    """A, Enter gives it to the best; R, Enter takes it back with a reason."""
    report_heater(company, "32")
    row = row_of(page, "学院路32号")
    expect(row).to_have_count(1)
    row.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("a")
    best = page.locator(".candidate:not([disabled])").first
    expect(best).to_be_focused()
    name = best.locator("b").inner_text()
    page.keyboard.press("Enter")
    expect(row.locator(".state")).to_contain_text(name)
    expect(page.locator('#drawer [data-action="recall"]')).to_be_visible()
    row.focus()
    page.keyboard.press("r")
    page.locator("dialog .primary").press("Enter")
    expect(page.locator("#drawer .history")).to_contain_text("已撤回")


def test_candidates_name_the_reason_when_somebody_cannot_go(page: Page, company: Company) -> None:
    """Everybody of the company is listed with arrival or reason."""
    report_heater(company, "33")
    row_of(page, "学院路33号").click()
    page.locator('[data-action="assign"]').click()
    expect(page.locator(".candidate")).to_have_count(3)


@pytest.mark.webgl
def test_language_and_theme_stay_when_they_are_switched(page: Page) -> None:
    """English and dark, also after the page is read again."""
    page.locator("#language").click()
    expect(page.locator("#new-report")).to_contain_text("New report")
    expect(page.locator("body")).to_have_attribute("data-ready", "1")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_banner_stands_while_the_line_is_lost_and_goes_when_it_is_back(page: Page) -> None:
    """Never a silently frozen picture."""
    expect(page.locator("#line")).to_have_attribute("data-state", "up")
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_be_visible(timeout=20_000)
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden(timeout=20_000)


def test_record_opens_with_signature_when_a_visit_is_signed(page: Page, company: Company) -> None:
    """Customer Zhao's signature is drawn on the page."""
    page.goto(f"{company.url}/records/{company.finished_id}")
    expect(page.locator("svg path").first).to_be_attached()
    expect(page.locator("body")).to_contain_text("赵敏")


def test_keys_are_heard_when_the_page_is_less_than_a_second_old(page: Page) -> None:
    """The page's own clock stands at its first moments: nothing is taken for the second half of a pair of keys."""
    page.add_init_script("performance.now = () => 300")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()


def test_keys_are_explained_when_a_question_mark_is_typed(page: Page) -> None:
    """The sheet opens and Esc closes it."""
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def test_no_text_is_missing_in_either_language(open_console: Callable[..., Page], company: Company) -> None:
    """A missing text would stand in angle quotes."""
    report_heater(company, "35")
    for language in ("zh_CN", "en"):
        page = open_console(language=language)
        row_of(page, "学院路35号").click()
        expect(page.locator("#drawer .facts").first).to_be_visible()
        page.keyboard.press("n")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        assert "«" not in page.locator("body").inner_text()


@pytest.mark.webgl
def test_alarm_stays_until_a_person_takes_the_leak(page: Page, company: Company) -> None:
    """The space bar takes one leak after the other; the last one taken is open in the drawer."""
    place = {"address": "学院路66号", "lat": 38.04, "lon": 114.51, "answers": {"smell_strength": "strong"}}
    company.desk.report({"fault_kind": "gas_leak", "location": "kitchen", "ref": "66", **place})
    alarm = page.locator("#alarm")
    expect(alarm).to_be_visible()
    expect(row_of(page, "学院路66号")).to_have_count(1)
    waiting = page.locator("#rows .row[data-priority='1']").count()
    for _ in range(waiting):
        expect(alarm).to_be_visible()
        page.keyboard.press("Space")
    expect(alarm).to_be_hidden()
    expect(page.locator("#drawer .chip.priority")).to_have_attribute("data-priority", "1")


def test_clock_follows_the_server_when_its_time_runs_sixty_times_faster(page: Page) -> None:
    """Between two messages the observed rate carries on; an early message never turns it back."""
    shown = page.evaluate(
        """async () => {
            const { ServerClock } = await import('/static/js/server_clock.js');
            let local = 0;
            const clock = new ServerClock(() => local);
            for (; local <= 10_000; local += 2_000) clock.observe(1_000_000_000 + local * 60);
            const carried = (local = 11_000, clock.now());
            clock.observe(1_000_000_000);
            return [carried, clock.now(), clock.rate()];
        }"""
    )
    assert shown[0] == 1_000_000_000 + 11_000 * 60
    assert shown[1] >= shown[0]
    assert shown[2] == 60


def test_board_shows_who_has_what_when_the_mouse_is_not_used(page: Page, company: Company) -> None:
    """G, B goes to the board; the arrows walk over technicians and visits."""
    report_heater(company, "34")
    expect(row_of(page, "学院路34号")).to_have_count(1)
    page.keyboard.press("g")
    page.keyboard.press("b")
    focused = page.locator(".board button:focus")
    expect(focused).to_have_count(1)
    first = focused.get_attribute("data-bar")
    page.keyboard.press("ArrowDown")
    expect(focused).not_to_have_attribute("data-bar", first or "")


def test_board_is_read_again_when_a_change_was_missed(page: Page) -> None:
    """A gap in the sequence is never patched over: the cursor comes from the server, not from the message."""
    cursors = page.evaluate(
        """async () => {
            const { Store } = await import('/static/js/store.js');
            const store = new Store();
            await store.reload();
            const before = store.cursor;
            const change = { seq: before + 5, type: 'work_order_moved', order: null, technician: null };
            const message = { gen: store.gen, cursor: before + 5, at_ms: 0, technicians: [], summary: null };
            store.apply({ ...message, changes: [change] });
            const isReading = store.reading !== null;
            await store.reading;
            return [before, store.cursor, isReading];
        }"""
    )
    assert cursors == [cursors[0], cursors[0], True]


def test_open_order_is_read_again_when_only_the_plan_has_changed(page: Page) -> None:
    """A plan tells routes, not orders: who looks at one order learns of its technician and the reasons at once."""
    told = page.evaluate(
        """async () => {
            const { Store } = await import('/static/js/store.js');
            const store = new Store();
            await store.reload();
            const row = [...store.technicians.values()][0];
            const order = { id: "waits", technician_id: null, technician_name: "", assignment_state: "" };
            store.orders.set(order.id, order);
            store.flush();
            let count = 0;
            store.addEventListener('detail', () => { count += 1; });
            const hear = (arrival_ms) => {
                store.takeRoutes([{ ...row, route: [{ work_order_id: order.id, arrival_ms, locked: false }] }]);
                store.flush();
                return count;
            };
            const unseen = hear(1000);
            store.select(order.id);
            const same = hear(1000);
            const moved = hear(2000);
            store.takeRoutes([{ ...row, route: [] }]);
            store.flush();
            return [unseen, same, moved, count, store.orders.get('waits').technician_id];
        }"""
    )
    assert told == [0, 0, 1, 2, None]


def test_empty_marks_are_no_attributes(page: Page) -> None:
    """Nothing is styled as a leak, stale or breached because a mark without value was written as the word null."""
    page.wait_for_selector("button.bar, [data-state]")
    marked = page.evaluate(
        "() => [...document.querySelectorAll('*')].filter(n => Object.values(n.dataset ?? {}).includes('null')).length"
    )
    assert marked == 0
