"""Our places meet the picture of a base map that is drawn in another coordinate system (GCJ-02), and come back."""

from __future__ import annotations

import math

import prcoords
from playwright.sync_api import Page

YANGQUAN = (37.857, 113.580)
METRES_A_DEGREE = 111_195.0
CONVERT = """async ([lon, lat]) => {
  const bases = await import('/static/js/bases.js');
  bases.useBase({ crs: 'gcj02' });
  const there = bases.toPicture(lon, lat);
  const back = bases.fromPicture(...there);
  bases.useBase(null);
  return { there, back, plain: bases.toPicture(lon, lat) };
}"""


def apart_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the metres between two places given as (latitude, longitude)."""
    north = (a[0] - b[0]) * METRES_A_DEGREE
    return math.hypot(north, (a[1] - b[1]) * METRES_A_DEGREE * math.cos(math.radians(a[0])))


def test_place_in_yangquan_lies_within_a_metre_on_a_shifted_base_map(page: Page) -> None:
    """The reference is another library's transform; there and back loses less than a metre."""
    got = page.evaluate(CONVERT, [YANGQUAN[1], YANGQUAN[0]])
    shown, back = (tuple(reversed(got[name])) for name in ("there", "back"))
    reference = prcoords.wgs_gcj(prcoords.Coords(*YANGQUAN), check_china=True)
    assert apart_m(shown, (reference.lat, reference.lon)) < 1.0
    assert apart_m(YANGQUAN, shown) > 300.0
    assert apart_m(YANGQUAN, back) < 1.0
    assert got["plain"] == [YANGQUAN[1], YANGQUAN[0]]
