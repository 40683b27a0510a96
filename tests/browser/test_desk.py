"""Lin's hand on the board: drags that ask first, locks, tables, marks and bulk actions, saved views, clocks."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from deploy.demo_town.roads import CENTER
from tests.browser.company import START_MS, Company
from tests.browser.judging import judge

HOUR_MS = 3_600_000
LATER_MS = START_MS + 4 * HOUR_MS
LINE_IS_CUT_MS = 60_000 if os.environ.get("FULL") else 1_500
ABSENCE = """async ([name, what]) => {
  const { get, post } = await import('/static/js/api.js');
  const who = (await get('/api/v1/board')).technicians.find((row) => row.name === name).id;
  if (what === 'away') return post(`/api/v1/technicians/${who}/absence`, { reason: 'ill' });
  const { items } = await get('/api/v1/absences');
  return post(`/api/v1/absences/${items.find((one) => one.technician_id === who).id}/end`, {});
}"""
VERSION = """async (id) => {
  const { get } = await import('/static/js/api.js');
  return (await get(`/api/v1/work-orders/${id}`)).order.ver;
}"""
CANCEL = """async (id) => {
  const { get, post } = await import('/static/js/api.js');
  const { ver } = (await get(`/api/v1/work-orders/${id}`)).order;
  return post(`/api/v1/work-orders/${id}/cancel`, { ver, reason: 'x' });
}"""
SPOTS = """([id, name, share]) => {
  const bar = document.querySelector(`button.bar[data-bar="${id}"]`);
  bar.scrollIntoView({ block: 'nearest' });
  const line = [...document.querySelectorAll('.tech')].find((one) => one.textContent.includes(name));
  const [from, track] = [bar, line.querySelector('.track')].map((node) => node.getBoundingClientRect());
  return [from.x + 4, from.y + 8, track.x + track.width * share, track.y + track.height / 2];
}"""
SHOWN = """() => ({
  rows: [...document.querySelectorAll('#rows .row')].map((row) => [row.dataset.id, row.children[4].textContent]).sort(),
  bars: [...document.querySelectorAll('#board .bar')].map((bar) => bar.getAttribute('aria-label')).sort(),
})"""
TRIES = 5
PLAN_MS = 60_000  # the planner of a busy machine takes its time
REFERENCES = itertools.count(200)

ARRIVES_MS = 30_000  # a busy machine: how soon is measured by the benchmark


def report(company: Company, fault_kind: str = "heater_fault", **more: object) -> str:
    """Report something for a window later today; return the address."""
    ref = next(REFERENCES)
    place = {"lat": CENTER[0], "lon": CENTER[1], "address": f"桥东街{ref}号", "ref": str(ref), "location": "kitchen"}
    window = {"window_start_ms": LATER_MS, "window_end_ms": LATER_MS + 2 * HOUR_MS}
    company.desk.report({"fault_kind": fault_kind, **place, **window, **more})
    return str(place["address"])


def row_of(page: Page, address: str) -> Locator:
    """Return the queue's row of an address, once it is there."""
    row = page.locator("#rows .row", has_text=address)
    expect(row).to_have_count(1, timeout=ARRIVES_MS)
    return row


def planned_bar(page: Page, address: str) -> Locator:
    """Return the order's bar on the board, once the planner has placed it."""
    row = row_of(page, address)
    expect(row.locator(".state")).to_contain_text("·", timeout=PLAN_MS)
    bar = page.locator(f'button.bar[data-bar="{row.get_attribute("data-id")}"]')
    expect(bar).to_be_visible()
    return bar


def holder_of(page: Page, bar: Locator) -> str:
    """Return the name on whose line a bar stands."""
    return page.locator(".tech", has=bar).locator(".name b").inner_text()


def drag(page: Page, bar: Locator, name: str, share: float) -> None:
    """Drag a bar onto somebody's line, to a share of the track's width; again where a fresh plan moved it away."""
    order_id = bar.get_attribute("data-bar")
    for _ in range(TRIES):
        x, y, target_x, target_y = page.evaluate(SPOTS, [order_id, name, share])
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 16, y + 4, steps=3)
        page.mouse.move(target_x, target_y, steps=6)
        page.mouse.up()
        if page.locator("dialog.move").count():
            return
        page.wait_for_timeout(500)


def test_drag_asks_the_server_first_and_moves_only_when_confirmed(page: Page, company: Company) -> None:
    """The verdict stands before the drop: reverted, nothing moves; confirmed, it is locked there; U takes it back."""
    bar = planned_bar(page, report(company))
    before = holder_of(page, bar)
    other = next(name for name in ("王强", "李敏", "周洋") if name != before)
    drag(page, bar, other, 0.7)
    dialog = page.locator("dialog.move")
    expect(dialog.locator("[data-verdict=yes] [data-fact=cost]")).to_be_visible()
    expect(dialog.locator("select[name=who] option:checked")).to_have_text(other)
    judge(dialog)
    dialog.locator("[data-action=revert]").click()
    assert holder_of(page, bar) == before
    drag(page, bar, other, 0.7)
    dialog.locator("[data-action=confirm]").click()
    expect(page.locator(".tech", has=bar).locator(".name b")).to_have_text(other)
    expect(bar).to_have_attribute("data-kept", "1")
    page.keyboard.press("u")
    expect(page.locator(".tech", has=bar).locator(".name b")).to_have_text(before)
    expect(bar).not_to_have_attribute("data-kept", "1")
    page.evaluate(CANCEL, bar.get_attribute("data-bar"))


def test_queue_names_who_will_come_as_soon_as_the_plan_has_changed(page: Page, company: Company) -> None:
    """The server's message alone tells it: the board is not read again."""
    page.route("**/api/v1/board", lambda route: route.abort())
    row = row_of(page, report(company))
    expect(row.locator(".state")).to_contain_text("已排", timeout=PLAN_MS)
    page.unroute("**/api/v1/board")
    page.evaluate(CANCEL, row.get_attribute("data-id"))


def test_drag_to_somebody_who_cannot_is_refused_with_the_reason(page: Page, company: Company) -> None:
    """Who is away cannot have it: the server's reason stands in the dialog, and there is nothing to confirm."""
    bar = planned_bar(page, report(company))
    before = holder_of(page, bar)
    other = next(name for name in ("王强", "李敏", "周洋") if name != before)
    page.evaluate(ABSENCE, [other, "away"])
    drag(page, bar, other, 0.75)
    dialog = page.locator("dialog.move")
    expect(dialog.locator("[data-verdict=no] .flag")).to_contain_text("不行")
    expect(dialog.locator("[data-action=confirm]")).to_be_disabled()
    page.keyboard.press("Escape")
    assert holder_of(page, bar) != other
    page.evaluate(ABSENCE, [other, "back"])
    page.evaluate(CANCEL, bar.get_attribute("data-bar"))


def test_tables_carry_the_same_commands_as_the_board(page: Page, company: Company) -> None:
    """T shows a table per technician; on a stop M moves, L locks, U takes back; all by key."""
    address = report(company)
    order_id = planned_bar(page, address).get_attribute("data-bar")
    page.keyboard.press("t")
    tables = page.locator("#board .tables")
    expect(tables.locator("table caption")).to_have_count(3)
    judge(tables)
    stop = tables.locator(f'button[data-bar="{order_id}"]')
    stop.focus()
    page.keyboard.press("l")
    line = tables.locator("tr", has=page.locator(f'button[data-bar="{order_id}"]'))
    expect(line).to_have_attribute("data-kept", "1")
    page.keyboard.press("u")
    expect(line).not_to_have_attribute("data-kept", "1")
    stop.focus()
    page.keyboard.press("m")
    dialog = page.locator("dialog.move")
    expect(dialog.locator("[data-verdict=yes]")).to_be_visible()
    dialog.locator("select[name=who]").select_option(index=1)
    expect(dialog.locator("[data-action=confirm]")).to_be_enabled()
    name = dialog.locator("select[name=who] option:checked").inner_text()
    dialog.locator("[data-action=confirm]").press("Enter")
    expect(
        tables.locator("table", has=page.locator(f'button[data-bar="{order_id}"]')).locator("caption")
    ).to_contain_text(name)
    page.keyboard.press("t")
    expect(page.locator(".tech").first).to_be_visible()
    page.evaluate(CANCEL, order_id)


def test_bulk_says_of_each_order_what_became_of_it_when_one_is_refused(page: Page, company: Company) -> None:
    """X and Shift with an arrow mark; a leak among them is refused, stays marked, and everything else is done."""
    ordinary, leak = report(company), report(company, "gas_leak", answers={"smell_strength": "strong"})
    ids = []
    for address in (ordinary, leak):
        row = row_of(page, address)
        row.focus()
        page.keyboard.press("x")
        ids.append(row.get_attribute("data-id"))
    expect(page.locator("#bulk-bar")).to_contain_text("2")
    page.keyboard.press("b")
    dialog = page.locator("dialog.bulk")
    dialog.locator("select[name=command]").select_option("cancel")
    dialog.locator("input[name=reason]").fill("重复")
    judge(dialog)
    dialog.locator("[data-action=run]").press("Enter")
    expect(dialog.locator(f'li[data-id="{ids[0]}"]')).to_have_attribute("data-ok", "1")
    refused = dialog.locator(f'li[data-id="{ids[1]}"]')
    expect(refused).to_have_attribute("data-ok", "0")
    expect(refused.locator("span")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(page.locator("#rows .row", has_text=ordinary)).to_have_count(0)
    expect(row_of(page, leak)).to_have_attribute("data-marked", "")


def test_saved_view_brings_back_filter_search_and_shapes(page: Page) -> None:
    """Kept on the server: there after the page is read again, gone when deleted."""
    page.locator('.shape-filter[data-priority="1"]').click()
    page.locator('[data-filter="leaks"]').click()
    page.fill("#search", "桥东街")
    page.locator('[data-action="save-view"]').click()
    page.fill("dialog.promise input[name=name]", "早班")
    page.keyboard.press("Enter")
    expect(page.locator("#view")).to_have_value("早班")
    page.reload()
    page.locator("#view").select_option("早班")
    expect(page.locator("#search")).to_have_value("桥东街")
    expect(page.locator('[data-filter="leaks"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator('.shape-filter[data-priority="1"]')).to_have_attribute("aria-pressed", "true")
    page.locator('[data-action="forget-view"]').click()
    expect(page.locator("#view option")).to_have_count(1)


def test_figure_opens_how_its_clock_ran(page: Page, company: Company) -> None:
    """A click on the countdown, or C: limit, calendar, profile, history; a changed promise with who told whom."""
    address = report(company)
    row_of(page, address).click()
    page.locator("#drawer [data-action=window]").click()
    form = page.locator("dialog.promise")
    form.locator("input[name=until]").fill("2026-11-21T16:00")
    form.locator("input[name=reason]").fill("客户改期")
    form.locator("button.primary").click()
    expect(form).to_have_count(0)
    expect(page.locator("#drawer .history")).to_contain_text("客户改期")
    row_of(page, address).focus()
    page.keyboard.press("c")
    dialog = page.locator("dialog.clockwork")
    expect(dialog.locator("[data-fact=profile]")).to_have_text("sla-gas-cn 2026")
    expect(dialog.locator("[data-part=history] li").first).to_be_visible()
    expect(dialog.locator("[data-part=changes]")).to_contain_text("客户改期（电话告知，林静")
    judge(dialog)
    page.keyboard.press("Escape")
    row_of(page, address).locator(".count").click()
    expect(page.locator("dialog.clockwork")).to_be_visible()


def test_second_dispatcher_reads_what_the_first_one_did_and_may_redo(
    open_console: Callable[..., Page], company: Company
) -> None:
    """Both look at one order; Lin's hold comes first: the other reads it, and cancels only when told so."""
    first, second = open_console(), open_console(user="admin")
    address = report(company)
    for page in (first, second):
        row_of(page, address).click()
        expect(page.locator("#drawer [data-action=hold]")).to_be_visible()
    seen = second.evaluate(VERSION, row_of(second, address).get_attribute("data-id"))
    second.locator("#drawer [data-action=cancel]").click()
    first.locator("#drawer [data-action=hold]").click()
    first.locator("dialog.reason .primary").click()
    expect(first.locator("#drawer .head .state")).to_contain_text("暂停", timeout=PLAN_MS)
    sent: list[int] = []

    def as_it_was_seen(route: Route) -> None:
        """Send the first attempt on the version that stood on the screen when it was given."""
        sent.append(1)
        body = dict(route.request.post_data_json or {}) | ({"ver": seen} if len(sent) == 1 else {})
        route.continue_(post_data=json.dumps(body))

    second.route("**/work-orders/*/cancel", as_it_was_seen)
    second.locator("dialog.reason .danger").click()
    conflict = second.locator("dialog.conflict")
    expect(conflict.locator("li").first).to_contain_text("林静")
    judge(conflict)
    conflict.locator("[data-action=redo]").click()
    expect(second.locator("#rows .row", has_text=address)).to_have_count(0)
    assert len(sent) == 2


@pytest.mark.webgl
def test_board_is_the_same_as_a_fresh_one_after_the_line_was_cut(
    open_console: Callable[..., Page], company: Company
) -> None:
    """Orders come and go while the line is down; back on it, nothing has drifted from what a fresh page shows."""
    page = open_console()
    gone, stays = report(company), report(company)
    order_id = row_of(page, gone).get_attribute("data-id")
    row_of(page, stays)
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_be_visible(timeout=20_000)
    fresh = open_console()
    fresh.evaluate(CANCEL, order_id)
    report(company)
    page.wait_for_timeout(LINE_IS_CUT_MS)
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden(timeout=20_000)
    expect(page.locator("#rows .row", has_text=gone)).to_have_count(0)
    fresh.reload()
    fresh.wait_for_selector("body[data-ready]")
    expect(fresh.locator("#rows .row", has_text=stays)).to_have_count(1)
    for _ in range(20):
        if page.evaluate(SHOWN) == fresh.evaluate(SHOWN):
            break
        page.wait_for_timeout(250)
    assert page.evaluate(SHOWN) == fresh.evaluate(SHOWN)
