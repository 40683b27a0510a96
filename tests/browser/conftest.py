"""One browser and one company for all browser tests; a page of its own for each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from deploy import screenshots_console
from tests.browser.company import Company, running_company

VENDOR = Path(__file__).resolve().parents[2] / "server" / "static" / "vendor" / "maplibre-gl"
SIZE = (1440, 900)
READY_MS = 60_000


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


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """Return what a browser keeps of each person's sign-in: the first test signs in, the others come back."""
    return {}


@pytest.fixture
def open_console(browser: Browser, company: Company, sessions: dict[str, Any]) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the console, signed in; any script error fails the test."""
    pages: list[Page] = []
    errors: list[str] = []

    def open_page(language: str = "zh_CN", theme: str = "light", user: str = "") -> Page:
        name = user or company.user
        page = come_back(browser, company.url, sessions[name], language, theme) if name in sessions else None
        if page is None:
            page = screenshots_console.open_console(browser, company.url, name, company.password, SIZE, language, theme)
            sessions[name] = page.context.storage_state()["cookies"]
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert errors == []


def come_back(browser: Browser, url: str, cookies: Any, language: str, theme: str) -> Page | None:
    """Return the console's page in a new window of somebody who has signed in; None when his session is over."""
    context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]})
    context.add_cookies(cookies)
    context.add_cookies([{"name": "language", "value": language, "url": url}])
    context.add_cookies([{"name": "theme", "value": theme, "url": url}])
    page = context.new_page()
    page.goto(url)
    if page.url.endswith("/sign-in"):
        context.close()
        return None
    page.wait_for_selector("body[data-ready]", timeout=READY_MS)
    return page


@pytest.fixture
def page(open_console: Callable[..., Page]) -> Page:
    """Return the console in Chinese, light."""
    return open_console()
