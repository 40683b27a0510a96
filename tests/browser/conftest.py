"""One browser and one company for all browser tests; a page of its own for each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from deploy import screenshots_console
from tests.browser.company import Company, running_company

VENDOR = Path(__file__).resolve().parents[2] / "server" / "static" / "vendor" / "maplibre-gl"
SIZE = (1440, 900)
READY_MS = 60_000
# Only tests marked `webgl` draw the map: queue, board and forms work without it, as on a desk that has no WebGL.
WITHOUT_WEBGL = """const draw = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith('webgl') ? null : draw.call(this, kind, ...more);
};"""


class Window(NamedTuple):
    """Whose window it is, how it looks, and whether it can draw the map."""

    user: str
    language: str
    theme: str
    can_draw: bool


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
def windows() -> dict[Window, BrowserContext]:
    """Return the windows of people who have signed in: a test opens a page in one, and closes only that page."""
    return {}


@pytest.fixture
def open_console(
    browser: Browser, company: Company, windows: dict[Window, BrowserContext], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the console, signed in; any script error fails the test."""
    pages: list[Page] = []
    errors: list[str] = []
    can_draw = request.node.get_closest_marker("webgl") is not None

    def open_page(language: str = "zh_CN", theme: str = "light", user: str = "") -> Page:
        name = user or company.user
        window = Window(name, language, theme, can_draw)
        page = come_back(windows[window], company.url, window) if window in windows else None
        if page is None:
            page = sign_in(browser, company, window)
            windows[window] = page.context
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []


def sign_in(browser: Browser, company: Company, window: Window) -> Page:
    """Return the console's page in a new window of somebody who signs in there."""
    context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]})
    if not window.can_draw:
        context.add_init_script(WITHOUT_WEBGL)
    told = (window.user, company.password, window.language, window.theme)
    return screenshots_console.sign_in(context, company.url, *told)


def come_back(context: BrowserContext, url: str, window: Window) -> Page | None:
    """Return the console's page in a window that is there; None when the session in it is over."""
    context.set_offline(offline=False)
    context.add_cookies([{"name": name, "value": getattr(window, name), "url": url} for name in ("language", "theme")])
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
