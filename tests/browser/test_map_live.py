"""What lives on the map is seen, found and chosen where it stands: above the streets, and where there are none."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy.demo_town.roads import CENTER
from tests.browser.company import Company

BEYOND = 0.3  # degrees north of everything else, about 33 km

# The first point from above where the map offers something, as the mouse finds it: by the pointer's shape.
HIGHEST = """() => {
  const box = document.querySelector('#map-plain') ?? document.querySelector('canvas.maplibregl-canvas');
  const { x, y, width, height } = box.getBoundingClientRect();
  for (let down = 60; down < height - 60; down += 4) {
    for (let right = 60; right < width - 60; right += 4) {
      const at = { clientX: x + right, clientY: y + down, bubbles: true };
      box.dispatchEvent(new PointerEvent('pointermove', at));
      box.dispatchEvent(new MouseEvent('mousemove', at));
      if (box.style.cursor === 'pointer') return [x + right + 2, y + down + 2];
    }
  }
  return null;
}"""

PICTURES = """async () => {
  const { LiveLayer } = await import('/static/js/map_live.js');
  const { PlainView } = await import('/static/js/map_plain.js');
  const box = document.createElement('div');
  Object.assign(box.style, { position: 'fixed', inset: '0 auto auto 0', width: '800px', height: '600px' });
  document.body.append(box);
  const view = new PlainView(box, [114, 38]);
  const live = new LiveLayer(view, box);
  const at = (lon, lat) => ({ lon, lat });
  const item = (id, place, more = {}) => ({ id, place, icon: '', rank: 1, label: '', ...more });
  live.showOrders([item('leak', at(114.05, 38), { label: 'Leak 29:59' })]);
  live.showCrew([item('wang', at(114, 38)), item('li', at(114.05, 38.0001))]);
  live.showCalm([item('a', at(113.95, 38)), item('b', at(113.9501, 38)), item('alone', at(113.95, 38.05))]);
  live.draw();
  const place = (lon, lat, dx = 0) => { const p = view.project([lon, lat]); return { x: p.x + dx, y: p.y }; };
  const found = {
    middle: live.hit({ x: 400, y: 300 }), leak: live.hit(place(114.05, 38)), label: live.hit(place(114.05, 38, 40)),
    nothing: live.hit(place(114.02, 38.02)), heap: live.hit(place(113.95, 38)), alone: live.hit(place(113.95, 38.05)),
  };
  const there = place(114.05, 38);
  view.zoomBy(2, there);
  found.kept = [Math.abs(place(114.05, 38).x - there.x), Math.abs(place(114.05, 38).y - there.y)];
  view.fitBounds([[113, 37], [115, 39]], { padding: { top: 50, right: 50, bottom: 50, left: 50 }, maxZoom: 15 });
  found.corners = [place(113, 39), place(115, 37)];
  view.fitBounds([[114, 38], [114, 38]], { padding: { top: 50, right: 50, bottom: 50, left: 50 }, maxZoom: 15 });
  found.zoom = view.getZoom();
  box.remove();
  return found;
}"""


def report_beyond(company: Company, step: int) -> str:
    """Report a leak north of everything else; return its address."""
    address = f"北山路{step}号"
    place = {"lat": CENTER[0] + BEYOND * step, "lon": CENTER[1], "answers": {"smell_strength": "strong"}}
    company.desk.report({"fault_kind": "gas_leak", "location": "kitchen", "address": address, "ref": address, **place})
    return address


def choose_highest(page: Page, address: str) -> None:
    """See the report come in, show everything, and click on what stands highest on the map."""
    expect(page.locator("#rows .row", has_text=address)).to_have_count(1)
    page.locator("#fit").click()
    page.wait_for_timeout(1_000)  # the camera has come to rest, and the alarm's bar is there
    x, y = page.evaluate(HIGHEST)
    page.mouse.click(x, y)
    expect(page.locator("#drawer .address")).to_have_text(address)


def test_leak_is_chosen_on_the_map_when_the_browser_cannot_draw_streets(page: Page, company: Company) -> None:
    """People and orders stand where they are, and what needs the streets says that it is not there."""
    expect(page.locator("#map-empty")).to_contain_text("画不出街道")
    expect(page.locator("#tool-area")).to_be_disabled()
    choose_highest(page, report_beyond(company, 1))
    box = page.locator("#map-plain").bounding_box()
    assert box is not None
    before = page.evaluate(HIGHEST)
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0], middle[1] + 40, steps=4)
    page.mouse.up()
    after = page.evaluate(HIGHEST)
    assert after[1] - before[1] == pytest.approx(40, abs=4)
    page.locator("#map-plain").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(HIGHEST)[1] < after[1]


@pytest.mark.webgl
def test_leak_is_chosen_on_the_map_when_the_streets_have_come(page: Page, company: Company) -> None:
    """The same above MapLibre's picture; where everybody is was shown before it."""
    page.wait_for_function("() => performance.getEntriesByName('map-drawn').length")
    marks: dict[str, Any] = page.evaluate(
        "() => Object.fromEntries(performance.getEntriesByType('mark').map((m) => [m.name, m.startTime]))"
    )
    assert marks["map-shown"] < marks["map-drawn"]
    choose_highest(page, report_beyond(company, 2))


def test_picture_label_and_heap_are_found_where_they_are_painted(page: Page) -> None:
    """The leak lies above who stands beside it; a label is its order's; orders that stand together open by zooming."""
    found: dict[str, Any] = page.evaluate(PICTURES)
    assert found["middle"] == {"id": "wang", "layer": "technicians"}
    assert found["leak"] == {"id": "leak", "layer": "orders"}
    assert found["label"] == {"id": "leak", "layer": "orders"}
    assert found["nothing"] is None
    assert found["alone"] == {"id": "alone", "layer": "orders"}
    assert (found["heap"]["layer"], found["heap"]["zoom"] > 12) == ("cluster", True)
    assert max(found["kept"]) < 1
    [left, right] = found["corners"]
    assert (left["y"], right["y"]) == (pytest.approx(50, abs=1), pytest.approx(550, abs=1))
    assert 50 <= left["x"] < right["x"] <= 750
    assert found["zoom"] == 15
