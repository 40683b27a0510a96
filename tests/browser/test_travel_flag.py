"""Lin sees beside every arrival where its driving time comes from, and a fallback cannot be overlooked."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.company import Company
from tests.browser.test_why import open_why, report_leak

FLAG = """async (quality) => {
  const { provenance } = await import('/static/js/travel.js');
  const flag = provenance(quality);
  return flag && { kind: flag.dataset.kind, text: flag.textContent, tip: flag.title };
}"""


# provenance, kind, words in Chinese, words in English, part of the tip
FLAGS = [
    ("straight", "plain", "直线估算，未校准", "Estimated by straight line, not calibrated", ""),
    (
        "straight 2026-11-21 n=812 ±11%",
        "sound",
        "直线估算，已校准",
        "Estimated by straight line, calibrated",
        "learnt 2026-11-21 from 812 trips, error 11 %",
    ),
    ("roadgraph 2026-11-01 5d6af2", "sound", "道路网 2026-11", "road network 2026-11", ""),
    (
        "roadgraph 2026-11-01 5d6af2 2026-11-21 n=60 ±9%",
        "sound",
        "道路网 2026-11",
        "road network 2026-11",
        "from 60 trips, error 9 %",
    ),
    ("osrm undated", "sound", "OSRM", "OSRM", ""),
    (
        "straight (osrm failed: timeout)",
        "fallback",
        "备用：直线估算，未校准",
        "Fallback: Estimated by straight line, not calibrated",
        "instead of OSRM: no answer in time",
    ),
    (
        "straight (roadgraph failed: place_off_road 37.86100,113.57100)",
        "fallback",
        "备用：直线估算，未校准",
        "Fallback: Estimated by straight line, not calibrated",
        "instead of road network: a place lies off every road",
    ),
    (
        "roadgraph 2026-11-01 5d6af2 (osrm failed: http_503)",
        "fallback",
        "备用：道路网 2026-11",
        "Fallback: road network 2026-11",
        "instead of OSRM: http_503",
    ),
]


def test_flag_stands_at_certificate_and_explanation(page: Page, company: Company) -> None:
    """The card in the drawer and the dialog behind it carry the same flag."""
    address = report_leak(company)
    dialog = open_why(page, address)
    expect(dialog.locator(".provenance")).to_have_text("直线估算，未校准")
    expect(dialog.locator(".provenance")).to_have_attribute("data-kind", "plain")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer .certificate .provenance")).to_have_text("直线估算，未校准")


def test_flag_says_what_a_provenance_means(open_console: Callable[..., Page]) -> None:
    """Kind, words in both languages, and the whole story in the tip."""
    chinese_page, english_page = open_console(), open_console(language="en")
    for quality, kind, chinese, english, tip in FLAGS:
        told = chinese_page.evaluate(FLAG, quality)
        assert (told["kind"], told["text"]) == (kind, chinese), quality
        told = english_page.evaluate(FLAG, quality)
        assert (told["kind"], told["text"]) == (kind, english), quality
        assert tip in told["tip"], quality


def test_no_flag_is_shown_when_nothing_was_planned(page: Page) -> None:
    """An empty provenance is no claim."""
    assert page.evaluate(FLAG, "") is None
