"""Dispatcher Lin reports an absence, takes the technician back, and turns storm mode on and off in one dialog."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.judging import LOOKS, judge


def open_crew(page: Page) -> Locator:
    """Open the dialog from the plan's line; return it once it is filled."""
    page.locator('#plan-line [data-plan="crew"]').click()
    dialog = page.locator("dialog.crew")
    expect(dialog.locator("[data-storm]")).to_be_visible()
    expect(dialog.locator(".skeleton")).to_have_count(0)
    return dialog


def report(dialog: Locator, name: str, until: str) -> None:
    """Report somebody's vehicle broken down from now until a time of the company's day."""
    dialog.locator("select[name=who]").select_option(label=name)
    dialog.locator("select[name=reason]").select_option("breakdown")
    dialog.locator("input[name=until]").fill(until)
    dialog.locator('[data-action="report"]').click()


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_absence_and_storm_are_begun_and_ended_in_the_dialog(
    open_console: Callable[..., Page], language: str, theme: str
) -> None:
    """Until eight in the evening of the company's zone; back again; storm on, seen in its row, and off."""
    page = open_console(language=language, theme=theme)
    dialog = open_crew(page)
    report(dialog, "李敏", "2026-11-21T20:00")
    row = dialog.locator(".absences li", has_text="李敏")
    expect(row).to_contain_text("20:00")
    judge(dialog)
    row.locator('[data-action="back"]').click()
    expect(row).to_have_count(0)
    dialog.locator('[data-action="storm-begin"]').click()
    expect(dialog.locator('[data-storm="on"]')).to_be_visible()
    dialog.locator('[data-action="storm-end"]').click()
    expect(dialog.locator('[data-storm="off"]')).to_be_visible()
    judge(page.locator("#plan-line"))
