"""One browser and one company for all browser tests; a page of its own for each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from deploy import screenshots_console
from tests.browser.company import Company, running_company

VENDOR = Path(__file__).resolve().parents[2] / "server" / "static" / "vendor" / "maplibre-gl"
SIZE = (1440, 900)


@pytest.fixture(scope="session")
def company() -> Iterator[Company]:
    """Yield the running company; its folder is short because a socket's path has a limit."""
    with tempfile.TemporaryDirectory(prefix="lf-") as folder, running_company(Path(folder)) as found:
        yield found


@pytest.fixture(scope="session")
def browser(browser_program: str) -> Iterator[Browser]:
    """Yield the system's Chromium; skips where set-up has not fetched the browser libraries."""
    if not VENDOR.is_dir():
        pytest.skip("the browser libraries are not installed (deploy/assets.sh)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser_program, args=list(screenshots_console.CHROMIUM_OPTIONS)
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_console(browser: Browser, company: Company) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the console, signed in; any script error fails the test."""
    pages: list[Page] = []
    errors: list[str] = []

    def open_page(language: str = "zh_CN", theme: str = "light", user: str = "") -> Page:
        page = screenshots_console.open_console(
            browser, company.url, user or company.user, company.password, SIZE, language, theme
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert errors == []


@pytest.fixture
def page(open_console: Callable[..., Page]) -> Page:
    """Return the console in Chinese, light."""
    return open_console()
