"""axe-core finds nothing serious or critical on any page, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.company import Company
from tests.browser.judging import LOOKS

AXE: Final = Path(__file__).resolve().parents[2] / "server" / "static" / "vendor" / "axe-core" / "axe.min.js"
# The map's canvas is one picture to a screen reader; queue and tables carry what it shows.
RUN: Final = """async () => {
  const found = await axe.run({ exclude: ['#map canvas'] }, { resultTypes: ['violations'] });
  return found.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(' | ')}`);
}"""
PAGES: Final = ("/sign-in", "/report", "/safety", "/faq", "/verify", "/paper", "/nowhere")
LINK: Final = """async (id) => (await (await fetch(`/api/v1/work-orders/${id}/link`)).json()).path"""


def look(page: Page) -> list[str]:
    """Return what axe finds serious on the page as it stands."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (deploy/assets.sh)")
    page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    found: list[str] = page.evaluate(RUN)
    return found


def look_around(page: Page) -> dict[str, list[str]]:
    """Return what axe finds on the console's states: an order open, a dialog, the board as tables, the intake."""
    found: dict[str, Any] = {}
    row = page.locator("#rows .row").first
    if row.count():
        row.click()
        expect(page.locator("#drawer .actions")).to_be_visible()
    found["console"] = look(page)
    page.keyboard.press("?")
    found["help"] = look(page)
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    found["tables"] = look(page)
    page.keyboard.press("t")
    page.keyboard.press("n")
    found["intake"] = look(page)
    page.keyboard.press("Escape")
    return found


@pytest.mark.parametrize(("language", "theme"), [("zh_CN", "light"), ("en", "dark")])
def test_axe_finds_nothing_serious_on_any_page(
    open_console: Callable[..., Page], company: Company, language: str, theme: str
) -> None:
    """The console in its states, the signed record, and the public pages."""
    company.desk.report(
        {"fault_kind": "heater_fault", "location": "kitchen", "address": f"长安街{theme}", "lat": 38.03, "lon": 114.5}
    )
    page = open_console(language=language, theme=theme)
    expect(page.locator("#rows .row", has_text=theme).first).to_be_visible()
    found = look_around(page)
    link = page.evaluate(LINK, company.finished_id)
    for path in (*PAGES, f"/records/{company.finished_id}", link, "/s/none/none"):
        page.goto(f"{company.url}{path}")
        found[path] = look(page)
    assert {name: violations for name, violations in found.items() if violations} == {}


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_axe_finds_nothing_serious_on_the_administrators_pages(
    open_console: Callable[..., Page], company: Company, language: str, theme: str
) -> None:
    """People with their forms, what no program could read, and the page that says that somebody may not."""
    page = open_console(language=language, theme=theme, user="admin")
    found = {}
    for path in ("/people", "/quarantine", "/records/none"):
        page.goto(f"{company.url}{path}")
        found[path] = look(page)
    assert {name: violations for name, violations in found.items() if violations} == {}
