"""The tour of the pictures: its table, its ruler, its sheets; whoever breaks a page is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from deploy import screenshots_console
from deploy.tour import console_stops, page_stops, sheets
from deploy.tour.looking import Findings
from deploy.tour.measuring import measure

FAULTS = """<style>body{margin:0;width:800px} .cut{width:60px;overflow:hidden;white-space:nowrap}
.soft{width:60px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
button{position:absolute;left:10px;width:80px}
.open{width:50px;white-space:nowrap} </style>
<p class="cut">a text that is cut without a sign</p><p class="soft">a text that ends in dots</p>
<p class="open">words that run over their box</p>
<button style="top:200px">one</button><button style="top:205px">two</button><p>« key »</p>
<div style="width:1500px">x</div>"""
SOUND = """<main style="padding:8px"><p>All is well.</p><button>one</button> <button>two</button></main>"""


@pytest.fixture(scope="module")
def page(browser_program: str) -> Iterator[Page]:
    """Yield an empty page of the system's browser."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser_program, args=list(screenshots_console.CHROMIUM_OPTIONS)
        )
        yield chromium.new_page(viewport={"width": 1000, "height": 600})
        chromium.close()


def test_ruler_finds_each_planted_fault_and_nothing_on_a_sound_page(page: Page) -> None:
    """Too wide, cut off, run over, lying on each other, a text that is missing."""
    page.set_content(FAULTS)
    found = {one["kind"] for one in measure(page)}
    assert found == {"page_too_wide", "cut_off", "runs_over", "overlap", "missing_text"}
    page.set_content(SOUND)
    assert measure(page) == []


def test_every_stop_has_a_name_of_its_own() -> None:
    """Two stops of one name would write one picture."""
    tables = (console_stops.STOPS, page_stops.OFFICE, page_stops.WIDE, page_stops.NARROW)
    names = [stop.name for table in tables for stop in table]
    assert len(set(names)) == len(names)
    assert len(names) > 100


def test_sheet_holds_a_dozen_pictures_and_fits_the_screen(tmp_path: Path) -> None:
    """Thirteen pictures make two sheets, wide ones and tall ones."""
    pictures = []
    for number in range(13):
        pictures.append(tmp_path / f"p{number}.png")
        Image.new("RGB", (1440, 900)).save(pictures[-1])
    for is_tall in (False, True):
        made = sheets.make_sheets(pictures, tmp_path / "sheets", "wide", is_tall=is_tall)
        assert len(made) == 2
        with Image.open(made[0]) as sheet:
            assert max(sheet.size) <= 2400


def test_run_fails_for_an_unreached_page_but_not_for_a_narrow_button() -> None:
    """What the ruler finds is told; what was not seen at all ends the run with a fault."""
    findings = Findings()
    findings.add("a", [{"kind": "shortened", "what": "button"}])
    assert not findings.is_fatal
    findings.add("b", [{"kind": "unreached", "what": "timeout"}])
    assert findings.is_fatal
