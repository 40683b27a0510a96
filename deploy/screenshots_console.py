"""Opens the console in the system's browser, signed in; for tests and pictures."""

from __future__ import annotations

import shutil
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM_OPTIONS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_READY_MS: Final = 60_000


def find_chromium() -> str | None:
    """Return the path of the system's Chromium, None when there is none."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def open_console(
    browser: Browser, url: str, user: str, password: str, size: tuple[int, int], language: str, theme: str
) -> Page:
    """Return the console's page, signed in, in a language (zh_CN, en) and a theme (light, dark)."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    return sign_in(context, url, user, password, language, theme)


def sign_in(context: BrowserContext, url: str, user: str, password: str, language: str, theme: str) -> Page:
    """Return the console's page in a window, signed in, in a language (zh_CN, en) and a theme (light, dark)."""
    context.add_cookies([{"name": "language", "value": language, "url": url}])
    context.add_cookies([{"name": "theme", "value": theme, "url": url}])
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("#user_name", user)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_selector("body[data-ready]", timeout=_READY_MS)
    return page
