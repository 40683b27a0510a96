"""The console's states: the live page with its map, queue, board and drawer, and what opens over it."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from typing import Any, Final

from playwright.sync_api import Page, Route, expect

from deploy.tour.stage import Stage
from deploy.tour.stops import LARGE, SMALL, Reach, Stop
from server.core import texts

_READY_MS: Final = 60_000
_FIRST_MS: Final = 2_500
_AT_MS: Final = 1_795_230_000_000  # 2026-11-21 11:00 in China, of the day that is played
_MAP_MS: Final = 1_200
_QUICK_MS: Final = 500
_CLEAR: Final = """() => {
  const search = document.querySelector('#search');
  search.value = '';
  search.dispatchEvent(new Event('input'));
  search.blur();  // keys are for the order now
}"""
_BACK: Final = """() => {
  const press = (where) => document.querySelector(where)?.click();
  for (const dialog of document.querySelectorAll('dialog')) { dialog.close(); dialog.remove(); }
  for (const menu of document.querySelectorAll('.office-menu[open]')) menu.open = false;
  for (const where of ['.intake header button.icon', '#drawer:not([hidden]) .head button.icon', '[data-action=unmark]',
    '#tool-coverage[aria-pressed=true]', '#tool-measure[aria-pressed=true]', '#tool-area[aria-pressed=true]',
    '[data-filter=all]', '#fit']) press(where);
  for (const [where, event] of [['#view', 'change'], ['#search', 'input']]) {
    const field = document.querySelector(where);
    field.value = '';
    field.dispatchEvent(new Event(event));
  }
  document.querySelector('#toasts').replaceChildren();
  if (document.querySelector('#board table')) document.dispatchEvent(new KeyboardEvent('keydown', { key: 't' }));
  document.activeElement?.blur();
}"""
_REFUSED: Final = ("Failed to load resource",)
_LOST: Final = ("Failed to load resource", "WebSocket", "ERR_INTERNET_DISCONNECTED", "Failed to fetch", "NetworkError")


def open_console(page: Page, stage: Stage) -> None:
    """Open the console, or put the open one back to its start: nothing selected, no dialog, no filter."""
    if page.url.rstrip("/") == stage.url:
        page.unroute_all()
        page.evaluate(_BACK)
        for _ in range(2):
            page.keyboard.press("Escape")
        return
    page.goto(f"{stage.url}/")
    page.wait_for_selector("body[data-ready]", timeout=_READY_MS)
    expect(page.locator("#line")).to_have_attribute("data-state", "up", timeout=_READY_MS)
    page.wait_for_timeout(_FIRST_MS)


def open_order(page: Page, stage: Stage, place: str) -> None:
    """Find an order and open it in the drawer; wait for its customer's link, the last of the drawer's parts."""
    work_order_id = stage.places[place]
    page.fill("#search", stage.desk.get(f"/api/v1/work-orders/{work_order_id}")["order"]["number"])
    page.locator(f"#row-{work_order_id}").click()
    page.evaluate(_CLEAR)
    expect(page.locator("#drawer .head h2")).to_be_visible()
    expect(page.locator("#link-part button").first).to_be_visible()
    page.wait_for_timeout(_MAP_MS)


def console(*steps: Callable[[Page, Stage], None]) -> Reach:
    """Return a way that begins at the open console."""

    def reach(page: Page, stage: Stage) -> None:
        open_console(page, stage)
        for step in steps:
            step(page, stage)
        page.wait_for_timeout(_QUICK_MS)

    return reach


def order(place: str) -> Callable[[Page, Stage], None]:
    """Return the step that opens an order of the stage."""
    return lambda page, stage: open_order(page, stage, place)


def press(*keys: str) -> Callable[[Page, Stage], None]:
    """Return the step that presses keys, one after another."""

    def step(page: Page, _stage: Stage) -> None:
        for key in keys:
            page.keyboard.press(key)

    return step


def click(selector: str) -> Callable[[Page, Stage], None]:
    """Return the step that clicks the first thing that fits."""
    return lambda page, _stage: page.locator(selector).first.click()


def fill(selector: str, text: str) -> Callable[[Page, Stage], None]:
    """Return the step that fills a field."""
    return lambda page, _stage: page.locator(selector).first.fill(text)


def choose(selector: str, value: str) -> Callable[[Page, Stage], None]:
    """Return the step that chooses in a list."""

    def step(page: Page, _stage: Stage) -> None:
        page.locator(selector).select_option(value)

    return step


def see(selector: str) -> Callable[[Page, Stage], None]:
    """Return the step that waits until something is there and whole, and brings it into view."""

    def step(page: Page, _stage: Stage) -> None:
        expect(page.locator(selector).first).to_be_visible(timeout=20_000)
        page.locator(selector).first.scroll_into_view_if_needed()
        expect(page.locator("dialog .skeleton, dialog [aria-busy]")).to_have_count(0, timeout=20_000)

    return step


def answered(pattern: str, change: Callable[[Any], Any]) -> Callable[[Page, Stage], None]:
    """Return the step that changes what the server answers from now on: states that a healthy morning does not have."""

    def carry(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=change(answer.json()))

    def step(page: Page, _stage: Stage) -> None:
        page.route(pattern, carry)

    return step


def failing(pattern: str) -> Callable[[Page, Stage], None]:
    """Return the step after which the server answers with the words of a fault of its own."""
    both = texts.catalog().both("error.internal")
    fault = {"code": "internal", "text": both, "data": {}}

    def step(page: Page, _stage: Stage) -> None:
        page.route(pattern, lambda route: route.fulfill(status=500, json=fault))

    return step


def before_loading(step: Callable[[Page, Stage], None], *more: Callable[[Page, Stage], None]) -> Reach:
    """Return a way on which something is arranged before the console opens."""

    def reach(page: Page, stage: Stage) -> None:
        step(page, stage)
        open_console(page, stage)
        for one in more:
            one(page, stage)
        page.wait_for_timeout(_QUICK_MS)

    return reach


def loading(page: Page, stage: Stage) -> None:
    """The page before the board has come."""
    page.route("**/api/v1/board", lambda _route: None)
    page.goto(f"{stage.url}/")
    page.wait_for_selector("#rows .skeleton")
    page.wait_for_timeout(_MAP_MS)


def alarm(page: Page, stage: Stage) -> None:
    """A leak that nobody has taken; two wait."""
    open_console(page, stage)
    stage.leak("青石街18号2单元301室", description="楼道里也能闻到")
    page.wait_for_selector("#alarm:not([hidden])")
    page.wait_for_timeout(_MAP_MS)


def lost(page: Page, _stage: Stage) -> None:
    """Cut the line."""
    page.context.set_offline(True)
    page.wait_for_selector("#lost:not([hidden])", timeout=30_000)


def conflict(page: Page, _stage: Stage) -> None:
    """Somebody else was faster: the command goes out on the version before."""

    def carry(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        route.continue_(post_data=json.dumps({**body, "ver": body["ver"] - 1}))

    page.route("**/api/v1/work-orders/*/hold", carry)
    page.locator('[data-action="hold"]').click()
    page.locator("dialog.reason .primary").click()
    page.wait_for_selector("dialog.conflict")


def mark_three(page: Page, _stage: Stage) -> None:
    """Mark three orders for a bulk action."""
    for row in page.locator("#rows .row").all()[-3:]:
        row.click(modifiers=["Control"])


def measure_distance(page: Page, _stage: Stage) -> None:
    """Click three places while measuring."""
    page.keyboard.press("d")
    for x, y in ((0.3, 0.35), (0.5, 0.5), (0.65, 0.4)):
        click_map(page, x, y)


def draw_area(page: Page, _stage: Stage) -> None:
    """Draw a triangle; its dialog asks for name and kind."""
    page.locator("#tool-area").click()
    page.wait_for_timeout(_QUICK_MS)
    for x, y in ((0.3, 0.4), (0.5, 0.4), (0.4, 0.6)):
        click_map(page, x, y)
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.area")


def click_map(page: Page, x: float, y: float) -> None:
    """Click at a share of the map's width and height. Raises LookupError when there is no map."""
    box = page.locator("#map").bounding_box()
    if box is None:
        raise LookupError("there is no map")
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    page.wait_for_timeout(150)


def caller(page: Page, stage: Stage) -> None:
    """Find the caller by his name in the intake."""
    page.fill("[name=find]", stage.places["customer"])
    page.locator("#intake-found button").first.click()


def smell(page: Page, _stage: Stage) -> None:
    """Answer that it smells strongly and that gas is heard."""
    page.locator("[name=q-smell_strength][value=strong]").check(force=True)
    page.locator("[name=q-hissing_sound][value=true]").check(force=True)


def near(page: Page, _stage: Stage) -> None:
    """Type an address from which somebody has called already."""
    page.fill(".intake [name=address]", "环城路8号")
    page.locator(".intake [name=description]").click()
    expect(page.locator("#intake-near")).not_to_be_empty()


def _empty(board: Any) -> Any:
    technicians = [{**one, "route": [], "done": []} for one in board["technicians"]]
    return {**board, "orders": [], "technicians": technicians}


def _in_trouble(watch: Any) -> Any:
    silent = {"kind": "worker", "name": "worker-0", "is_silent": True, "is_missing": True, "beat_ms": _AT_MS}
    unsent = [{"channel": "sms", "error": "timeout", "count": 2}]
    return {**watch, "processes": [silent], "unsent": unsent, "missed_pushes": [{"name": "王强"}]}


def _reason(name: str, place: str) -> Stop:
    steps = (order(place), click(f'[data-action="{name}"]'), see("dialog.reason"))
    return Stop(f"dialog-{name}", console(*steps))


_intake = functools.partial(console, press("n"), see(".intake"))
_LIVE: Final = (
    Stop("console", console()),
    Stop("console-leak", console(order("leak"))),
    Stop("console-1280", console(order("leak")), size=SMALL),
    Stop("console-1920", console(order("leak_there")), size=LARGE),
    Stop("console-agent", console(order("leak")), user="chen"),
    Stop("console-admin", console(), user="admin"),
    Stop("menu", console(click(".office-menu summary"))),
    Stop("drawer-planned", console(order("planned"))),
    Stop("drawer-tomorrow", console(order("heater_fault"))),
    Stop("drawer-history", console(order("leak_there"), see("#drawer .history"))),
    Stop("queue-leaks", console(click('[data-filter="leaks"]'))),
    Stop("queue-late", console(click('[data-filter="late"]'))),
    Stop("queue-unassigned", console(click('[data-filter="unassigned"]'))),
    Stop("queue-view", console(choose("#view", "漏气与紧急"))),
    Stop("queue-nothing-found", console(fill("#search", "没有这条街"), see("#queue-empty"))),
    Stop("queue-marked", console(mark_three)),
    Stop("board-tables", console(press("t"), see("#board table"))),
    Stop("map-coverage", console(press("v"), see("#map-legend li"))),
    Stop("map-measure", console(measure_distance)),
    Stop("dialog-area", console(draw_area)),
    Stop("dialog-candidates", console(order("heater_fault"), press("a"), see(".candidate"))),
    Stop("dialog-why", console(order("leak"), press("w"), see("dialog.why table"))),
    Stop("dialog-what-if", console(order("planned"), press("w"), see("dialog.why table"),
        click("dialog.why tbody button >> nth=1"), see("dialog.why .what-if"))),
    Stop("dialog-move", console(order("planned"), press("m"), see("dialog.move [data-verdict]"))),
    Stop("dialog-clock", console(order("leak_there"), press("c"), see("dialog.clockwork"))),
    _reason("hold", "planned"),
    _reason("cancel", "planned"),
    _reason("recall", "there"),
    Stop("dialog-conflict", console(order("heater_fault"), conflict), expects=_REFUSED),
    Stop("dialog-window", console(order("planned"), click('[data-action="window"]'), see("dialog.promise"))),
    Stop("dialog-reply", console(order("planned"), click('[data-action="reply"]'), see("dialog.promise"))),
    Stop("dialog-bulk", console(mark_three, press("b"), see("dialog.bulk"))),
    Stop("dialog-bulk-window", console(mark_three, press("b"), choose("dialog.bulk [name=command]", "window"))),
    Stop("dialog-bulk-result", console(mark_three, press("b"), choose("dialog.bulk [name=command]", "unlock"),
        click("[data-action=run]"), see("dialog .outcome"))),
    Stop("dialog-plan", console(click('[data-plan="detail"]'), see("dialog.plan .budget"))),
    Stop("dialog-notices", console(click('[data-plan="tell"]'), see("dialog.notices"))),
    Stop("dialog-crew", console(click('[data-plan="crew"]'), see("dialog.crew [data-storm]"))),
    Stop("dialog-storm", console(answered("**/api/v1/storm", lambda advice: {**advice, "until_ms": _AT_MS}),
        click('[data-plan="crew"]'), see('dialog.crew [data-storm="on"]'))),
    Stop("dialog-phones", console(click("#open-phones"), see("dialog.phones .acts"))),
    Stop("dialog-phone-code", console(click("#open-phones"), see("dialog.phones .acts"),
        click("dialog.phones .primary"), see("dialog.phones .code svg"))),
    Stop("dialog-wipe", console(click("#open-phones"), see("dialog.phones .acts"), click("[data-do=wipe]"),
        see("dialog.wipe"))),
    Stop("dialog-calls", console(press("k"), see("dialog.calls .complaints"))),
    Stop("dialog-save-view", console(click('[data-action="save-view"]'), see("dialog.promise"))),
    Stop("dialog-help", console(press("?"), see("dialog.help"))),
    Stop("intake-alarm", _intake(press("1"), choose(".intake [name=location]", "kitchen"),
        smell, see("#intake-advice li"))),
    Stop("intake-near", _intake(press("1"), near)),
    Stop("intake-repair", _intake(press("2"), choose(".intake [name=fault_kind]", "heater_fault"), caller,
        see("#intake-windows .window"))),
    Stop("intake-question", _intake(press("3"), fill(".intake [name=faq]", "软管"), see("#faq-hits details"))),
    Stop("intake-complaint", _intake(press("4"), see(".intake [name=complaint_kind]"))),
    Stop("intake-scripts", _intake(click(".intake .scripts summary"))),
    Stop("intake-1280", _intake(press("2")), size=SMALL),
    Stop("error", console(failing("**/candidates"), order("heater_fault"), press("a"), see(".toast.error")),
        expects=_REFUSED),
    Stop("alarm", alarm),
)  # fmt: skip
STOPS: Final = (
    *(dataclasses.replace(stop, is_live=True) for stop in _LIVE),
    Stop("watch", before_loading(answered("**/api/v1/watch", _in_trouble), see("#watch li"))),
    Stop("empty", before_loading(answered("**/api/v1/board", _empty), see("#queue-empty"))),
    Stop("loading", loading),
    Stop("connection-lost", console(order("leak"), lost), expects=_LOST),
)  # fmt: skip
