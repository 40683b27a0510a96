"""Lin lays coverage over the map, measures, and draws where gas is off; two smelling homes are ringed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.company import Company

NEAR = 0.0009  # degrees, about 100 m


def click_map(page: Page, x: float, y: float) -> None:
    """Click at a share of the map's width and height."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


@pytest.mark.webgl
def test_coverage_has_a_legend_and_goes_away_again(page: Page) -> None:
    """One key on, one key off."""
    page.keyboard.press("v")
    expect(page.locator("#map-legend li")).to_have_count(5)
    expect(page.locator("#tool-coverage")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("v")
    expect(page.locator("#map-legend")).to_be_hidden()


@pytest.mark.webgl
def test_drawn_area_stands_on_the_map_for_everybody(open_console: Callable[..., Page]) -> None:
    """Three corners and the first again, a name, saved: another desk sees it; ended, it is gone."""
    page = open_console()
    page.locator("#tool-area").click()
    expect(page.locator("#tool-area")).to_have_attribute("aria-pressed", "true")
    for x, y in ((0.3, 0.4), (0.5, 0.4), (0.4, 0.6)):
        click_map(page, x, y)
    page.keyboard.press("Enter")
    page.locator("[name=area_name]").fill("学院路停气")
    page.locator("dialog.area .primary").click()
    expect(page.locator("#map")).to_have_attribute("data-areas", "1")
    areas: dict[str, Any] = page.evaluate("() => fetch('/api/v1/areas').then((r) => r.json())")
    [area] = areas["items"]
    assert (area["name"], len(area["ring"])) == ("学院路停气", 3)
    other = open_console("en", "dark")
    expect(other.locator("#map")).to_have_attribute("data-areas", "1")


@pytest.mark.webgl
def test_two_homes_that_smell_gas_are_ringed_on_the_map(company: Company, open_console: Callable[..., Page]) -> None:
    """Reports a hundred metres apart, from different homes."""
    for ref, lat in (("ring-1", 38.05), ("ring-2", 38.05 + NEAR)):
        place = {"address": f"环城路{ref}号", "lat": lat, "lon": 114.55, "location": "stairwell", "ref": ref}
        company.desk.report({**place, "fault_kind": "gas_odour", "answers": {"smell_strength": "faint"}})
    page = open_console()
    expect(page.locator("#map")).to_have_attribute("data-clusters", re.compile("[1-9]"))
