"""A big company's console: few rows stand in the page, and a batch of places touches only who has moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

pytestmark = pytest.mark.slow

ORDERS: Final = 1500
TECHNICIANS: Final = 200
MOST_ROWS: Final = 120
MOST_LINES: Final = 60
MOST_NODES: Final = 4000
MOVED: Final = 5
FAR: Final = 0.02  # degrees: two kilometres are seen also where the map shows a whole province
READY: Final = "body[data-ready]"
COUNT: Final = """([all, lines]) => [document.querySelectorAll('#rows .row').length,
  document.querySelectorAll(lines).length, document.querySelectorAll(all).length]"""
MAP_PARTS: Final = {f"/static/vendor/maplibre-gl/maplibre-gl-{name}.mjs" for name in ("worker", "shared")}
SCRIPTS: Final = {"/static/js/menu.js", "/static/vendor/pmtiles/pmtiles.js"}
HREFS: Final = "(links) => links.map((link) => link.getAttribute('href'))"
LIVE: Final = "() => document.querySelector('canvas.live').toDataURL()"
SPY: Final = """async () => {
  const { GeoJSONSource } = await import('/static/vendor/maplibre-gl/maplibre-gl.mjs');
  window.told = [];
  for (const name of ['setData', 'updateData']) {
    const plain = GeoJSONSource.prototype[name];
    GeoJSONSource.prototype[name] = function (data, ...more) {
      window.told.push([name, this.id, (data.add ?? data.features).length]);
      return plain.call(this, data, ...more);
    };
  }
}"""


@pytest.fixture
def big(open_console: Callable[..., Page]) -> tuple[Page, list[WebSocketRoute]]:
    """Return the console over a board that was made big on its way, and the line on which a server can speak."""
    page, lines = open_console(), list[WebSocketRoute]()

    def listen(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    page.route_web_socket("**/socket.io/**", listen)
    page.route("**/api/v1/board", grow)
    page.reload()
    page.wait_for_selector(READY)
    return page, lines


def grow(route: Route) -> None:
    """Answer with the company's board, its rows repeated to the size of a big company's."""
    board = route.fetch().json()
    board["orders"] = repeat(board["orders"] or [sample(board)], ORDERS)
    board["technicians"] = [{**row, "state": "available"} for row in repeat(board["technicians"], TECHNICIANS)]
    route.fulfill(json=board)


def repeat(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return so many rows, each with an id of its own and beside its pattern."""
    found = [rows[i % len(rows)] for i in range(count)]
    return [{**row, "id": f"{row['id']}-{i}", "lat": row["lat"] + i * 1e-5} for i, row in enumerate(found)]


def sample(board: dict[str, Any]) -> dict[str, Any]:
    """Return an order's row for a board that has none."""
    told = dict.fromkeys(("window_start_ms", "window_end_ms", "technician_id", "planned_arrival_ms", "alarm"))
    words = dict.fromkeys(("location", "address", "customer_name", "technician_name", "assignment_state"), "")
    place = {key: board["technicians"][0][key] for key in ("lat", "lon")}
    clock = {"kind": "handle_by", "due_ms": board["at_ms"] + 7_200_000, "paused": False, "breached": False}
    state = {"state": "triaged", "priority": 3, "fault_kind": "stove_fault", "is_leak": False, "is_open": True}
    row = {"id": "sample", "number": "WO-1", "ver": 1, "opened_ms": board["at_ms"], "flags": [], "clock": clock}
    return told | words | place | state | row


def test_long_queue_keeps_few_rows_in_the_page_and_is_walked_by_keys_to_its_end(
    big: tuple[Page, list[WebSocketRoute]],
) -> None:
    """With 1,500 orders and 200 technicians the page holds what can be seen; End still reaches the last order."""
    page, _ = big
    expect(page.locator('[data-filter="all"] b')).to_have_text(str(ORDERS))
    rows, lines, nodes = page.evaluate(COUNT, ["*", "#board .tech"])
    assert 0 < rows <= MOST_ROWS
    assert 0 < lines <= MOST_LINES
    assert nodes <= MOST_NODES
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.keyboard.press("End")
    last = page.locator("#rows .row:focus")
    expect(last).to_have_attribute("aria-posinset", str(ORDERS))
    expect(last).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#rows .row:focus")).to_have_attribute("aria-posinset", str(ORDERS - 1))
    page.keyboard.press("Home")
    expect(page.locator("#rows .row:focus")).to_have_attribute("aria-posinset", "1")
    assert page.evaluate(COUNT, ["*", "#board .tech"])[0] <= MOST_ROWS


def test_board_of_many_technicians_is_walked_by_keys_beyond_what_is_in_the_page(
    big: tuple[Page, list[WebSocketRoute]],
) -> None:
    """Going down line by line brings new lines into the page, and the focus stays on a line."""
    page, _ = big
    page.keyboard.press("g")
    page.keyboard.press("b")
    seen = set()
    for _ in range(MOST_LINES):
        page.keyboard.press("ArrowDown")
        seen.add(page.evaluate("() => document.activeElement.closest('.tech')?.dataset.id ?? ''"))
    assert len(seen - {""}) == MOST_LINES
    assert page.evaluate(COUNT, ["*", "#board .tech"])[1] <= MOST_LINES


@pytest.mark.webgl
def test_batch_of_places_moves_technicians_and_leaves_the_maps_own_picture_alone(
    big: tuple[Page, list[WebSocketRoute]],
) -> None:
    """Five of two hundred move: what lives on the map is drawn anew, no source of the map is touched."""
    page, lines = big
    expect(page.locator("#map")).to_have_attribute("data-technicians", str(TECHNICIANS))
    page.evaluate(SPY)
    before = page.evaluate(LIVE)
    board = page.evaluate("async () => (await fetch('/api/v1/board')).json()")
    items = [[row["id"], row["lat"] + FAR, row["lon"], 90.0, board["at_ms"]] for row in board["technicians"][:MOVED]]
    lines[-1].send("42" + json.dumps(["positions", {"at_ms": board["at_ms"], "items": items}]))
    page.wait_for_function(f"(before) => ({LIVE})() !== before", arg=before)
    assert page.evaluate("() => window.told") == []


def test_leak_told_ahead_of_its_turn_stands_first_in_the_queue_and_rings(
    big: tuple[Page, list[WebSocketRoute]],
) -> None:
    """A message with nothing but a leak, whose number is still to come, shows row and alarm."""
    page, lines = big
    board = page.evaluate("async () => (await fetch('/api/v1/board')).json()")
    late = {"kind": "accept_by", "due_ms": 0, "paused": False, "breached": True}
    state = {"priority": 1, "is_leak": True, "state": "triaged", "assignment_state": "", "opened_ms": 0, "clock": late}
    state |= {
        "technician_id": None,
        "technician_name": "",
        "alarm": None,
    }  # of the pattern: who holds it
    leak = {**board["orders"][0], **state, "id": "leak-1", "ver": 2}
    empty: dict[str, Any] = {"changes": [], "technicians": [], "summary": None, "plan": None}
    told = {"gen": board["gen"], "cursor": board["cursor"], "at_ms": board["at_ms"], "leaks": [leak], **empty}
    lines[-1].send("42" + json.dumps(["board", told]))
    expect(page.locator("#rows .row").first).to_have_attribute("data-id", "leak-1")
    expect(page.locator("#alarm")).to_be_visible()


def test_all_that_the_page_imports_is_asked_for_at_once(open_console: Callable[..., Page]) -> None:
    """The page names every module behind it; the figures that it asks for first are asked for once."""
    asked: list[str] = []
    page = open_console()
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.reload()
    page.wait_for_selector(READY)
    named = set(page.locator("link[rel=modulepreload]").evaluate_all(HREFS))
    modules = {path for path in asked if path.startswith("/static/") and path.endswith((".js", ".mjs"))}
    assert modules - named <= SCRIPTS | MAP_PARTS
    assert all(asked.count(path) == 1 for path in ("/api/v1/me", "/api/v1/board", "/api/v1/basemap"))
