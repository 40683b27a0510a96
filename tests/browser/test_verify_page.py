"""The verification page tells in plain words why a copy is amber and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.company import Company

# What the page's own judge says of a genuine record whose file stands on no list; the sealed copy itself needs fonts.
UNLISTED = """() => { window.leakfirstJudge = async (files) => files.map((file) => (
  { name: file.name, problems: [], notes: ['file_unchecked'], code: 'A1B2C3D4', lines: ['WO-1'] })); }"""


@pytest.mark.parametrize(("language", "why", "what"), [("zh_CN", "为什么", "怎么办"), ("en", "Why not", "What to do")])
def test_amber_copy_says_why_and_what_to_do(
    open_console: Callable[..., Page], company: Company, language: str, why: str, what: str
) -> None:
    """The record is genuine; what is missing is the signed list of issued files, and where to get it is said."""
    page = open_console()
    page.goto(f"{company.url}/verify")
    page.locator(f'[data-lang="{language}"]').click()
    page.evaluate(UNLISTED)
    page.locator("#files").set_input_files({"name": "copy.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-"})
    card = page.locator(".card.warn")
    expect(card.locator(".why")).to_contain_text(why)
    expect(card.locator(".do")).to_contain_text(what)
    assert "page_" not in card.inner_text()
