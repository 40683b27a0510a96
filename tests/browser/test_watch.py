"""What must be heard when the server itself is in trouble, and whom to call when nobody accepts a leak."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, Route, expect

NOTHING = {"has_channel": True, "unsent": [], "device_orders": {}, "missed_pushes": []}
TEXT = ("customer_name", "technician_name", "assignment_state")
EMPTY = ("window_start_ms", "window_end_ms", "technician_id", "planned_arrival_ms", "clock")
LEAK: dict[str, Any] = {
    "id": "leak-1",
    "number": "LF-1",
    "ver": 1,
    "state": "triaged",
    "priority": 1,
    "fault_kind": "gas_leak",
    "is_leak": True,
    "location": "kitchen",
    "address": "桃北中街218号",
    "lat": 37.861,
    "lon": 113.571,
    "opened_ms": 1,
    "flags": [],
    "is_kept": False,
    "is_open": True,
    **dict.fromkeys(TEXT, ""),
    **dict.fromkeys(EMPTY),
}
WANG = {"kind": "technician", "id": "a", "name": "王强", "name_en": "", "telephone": "138 0000 0001", "away_m": 900}
CALLS = [
    {**WANG, "is_on_duty": True, "is_busy": False},
    {**WANG, "id": "b", "name": "李敏", "telephone": "", "away_m": 4_100, "is_on_duty": False, "is_busy": False},
    {"kind": "supervisor", "id": "", "name": "赵主管", "name_en": "", "telephone": "139"},
]
CANCEL = """(order) => {
  import('/static/js/commands.js').then(({ Commands }) =>
    new Commands({ orders: new Map(), touch() {} }).send(order, 'cancel', { reason: 'x' }));
}"""
LOOKS_MS = 15_000  # the page asks every five seconds
TWICE = re.compile(r"^\d{2,}$")  # a siren has five tones
COUNT_TONES = """() => {
  document.body.dataset.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    document.body.dataset.tones = Number(document.body.dataset.tones) + 1;
    return start.apply(this, when);
  };
}"""


def test_list_of_voice_calls_stands_under_the_alarm_once_the_ladder_has_come_to_it(page: Page) -> None:
    """Nobody accepts for a minute: names, numbers that can be dialled, who is nearest; before that there is no list."""
    alarm = {"step": 4, "is_climbing": True, "siren_ms": 1, "taken_ms": None, "must_call": False}
    leak = {**LEAK, "alarm": alarm}
    board = page.evaluate("async () => (await (await import('/static/js/api.js')).get('/api/v1/board'))")
    page.route("**/api/v1/board", lambda route: route.fulfill(json={**board, "orders": [leak]}))
    page.route("**/voice-calls", lambda route: route.fulfill(json={"items": CALLS}))
    page.reload()
    expect(page.locator("#alarm")).to_contain_text("LF-1")
    expect(page.locator("#voice")).to_be_hidden()
    alarm.update(step=5, must_call=True)
    page.reload()
    expect(page.locator("#voice li")).to_contain_text(["LF-1", "王强", "李敏", "赵主管"])
    expect(page.locator("#voice li").nth(1)).to_contain_text("最近")
    expect(page.locator("#voice li").nth(2)).to_contain_text("下班")
    expect(page.locator("#voice a").first).to_have_attribute("href", "tel:13800000001")


def leave_alone(page: Page) -> None:
    """Open the page without orders and without news: no leak that another test left rings on it."""
    board = page.evaluate("async () => (await (await import('/static/js/api.js')).get('/api/v1/board'))")
    page.route("**/api/v1/board", lambda route: route.fulfill(json={**board, "orders": []}))
    page.route_web_socket("**/socket.io/**", lambda _line: None)
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-ready", "1")


def test_missing_auditor_sounds_the_siren_once_sound_is_allowed_until_somebody_heard_it(page: Page) -> None:
    """It never beat: a line says so and, as for a leak, the page sounds after its first click; Lin's word ends it."""
    seen: dict[str, Any] = {"processes": [{"kind": "auditor", "beat_ms": None, "is_silent": True, "is_missing": True}]}
    leave_alone(page)
    page.evaluate(COUNT_TONES)
    page.route("**/api/v1/watch", lambda route: route.fulfill(json={**NOTHING, **seen}))
    body, strip = page.locator("body"), page.locator("#watch")
    expect(strip).to_contain_text("监督进程", timeout=LOOKS_MS)
    expect(body).to_have_attribute("data-tones", "0")
    page.locator("#clock").click()
    expect(body).to_have_attribute("data-tones", TWICE, timeout=LOOKS_MS)
    strip.locator("#hush").click()
    sounded = body.get_attribute("data-tones") or ""
    page.wait_for_timeout(3_000)
    expect(body).to_have_attribute("data-tones", sounded)
    expect(strip).to_contain_text("监督进程")
    seen["processes"] = [{"kind": "auditor", "beat_ms": 1, "is_silent": False, "is_missing": False}]
    expect(strip).not_to_contain_text("监督进程", timeout=LOOKS_MS)


def test_command_waits_for_a_second_word_while_the_customer_signs(page: Page) -> None:
    """The server says that Zhao is just signing: nothing is done until Lin says it again; the safe answer has focus."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        refused = {"code": "customer_signing", "text": {"zh_CN": "x", "en": "x"}}
        is_sure = route.request.url.endswith("?sure=1")
        route.fulfill(
            status=200 if is_sure else 409, json={"order": {**LEAK, "is_open": False}} if is_sure else refused
        )

    page.route("**/work-orders/leak-1/cancel*", answer)
    page.evaluate(CANCEL, LEAK)
    dialog = page.locator("dialog.signing")
    expect(dialog).to_contain_text("LF-1 正在签字")
    expect(dialog.locator("[data-action=leave]")).to_be_focused()
    assert len(asked) == 1
    dialog.locator("[data-action=redo]").click()
    expect(dialog).to_have_count(0)
    assert [url.rpartition("/")[2] for url in asked] == ["cancel", "cancel?sure=1"]
