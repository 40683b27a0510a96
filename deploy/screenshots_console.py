"""Makes the pictures of the console from a running server: light and dark, both languages, alarm, intake, record."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

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
_SETTLE_MS: Final = 2500
_READY_MS: Final = 60_000
_SHOTS: Final = (
    ("console-light-zh", 1440, 900, "zh_CN", "light"),
    ("console-dark-en", 1440, 900, "en", "dark"),
    ("console-1280", 1280, 800, "zh_CN", "light"),
    ("console-1920", 1920, 1080, "en", "light"),
)


def find_chromium() -> str | None:
    """Return the path of the system's Chromium, None when there is none."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def main(arguments: list[str]) -> int:
    """Make the pictures; return the exit code, 2 when there is no browser."""
    parser = argparse.ArgumentParser(prog="python -m deploy.screenshots_console")
    parser.add_argument("--url", required=True)
    parser.add_argument("--user", default="lin")
    parser.add_argument("--password", default="leakfirst-demo")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--alarm", action="store_true", help="report a leak for the alarm's picture; not in a live run")
    parsed = parser.parse_args(arguments)
    program = find_chromium()
    if program is None:
        sys.stderr.write("no Chromium is installed\n")
        return 2
    parsed.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_OPTIONS))
        for name, width, height, language, theme in _SHOTS:
            page = open_console(browser, parsed.url, parsed.user, parsed.password, (width, height), language, theme)
            _shoot(page, parsed.out / f"{name}.png")
            if name == "console-light-zh":
                _shoot_dialogs(page, parsed.out)
                _shoot_record(page, parsed.url, parsed.out)
            if name == "console-light-zh" and parsed.alarm:
                _shoot_alarm(page, parsed.url, parsed.out)
            page.context.close()
        browser.close()
    return 0


def open_console(
    browser: Browser, url: str, user: str, password: str, size: tuple[int, int], language: str, theme: str
) -> Page:
    """Return the console's page, signed in, in a language (zh_CN, en) and a theme (light, dark)."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_cookies([{"name": "language", "value": language, "url": url}])
    context.add_cookies([{"name": "theme", "value": theme, "url": url}])
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("#user_name", user)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_selector("body[data-ready]", timeout=_READY_MS)
    return page


def _shoot(page: Page, path: Path) -> None:
    """Open a leak, else the first order, and take the picture when the map has come to rest."""
    rows = page.locator("#rows .row[data-priority='1'], #rows .row[data-priority='2']")
    rows = rows if rows.count() else page.locator("#rows .row:not(.skeleton)")
    if rows.count():
        rows.first.click()
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=path)


def _shoot_dialogs(page: Page, out: Path) -> None:
    """Take the dialogs: candidates, help, intake."""
    page.locator('[data-filter="unassigned"]').click()
    if page.locator("#rows .row").count():
        page.locator("#rows .row").first.click()
        page.locator('[data-action="assign"]').click()
        page.wait_for_timeout(_SETTLE_MS)
        page.screenshot(path=out / "candidates-zh.png")
        page.keyboard.press("Escape")
    page.locator("#new-report").click()
    page.locator("[name=fault_kind]").select_option("gas_odour")
    page.locator("[name=location]").select_option("kitchen")
    page.locator("[name=q-smell_strength][value=strong]").check()
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=out / "intake-zh.png")
    page.keyboard.press("Escape")


def _shoot_record(page: Page, url: str, out: Path) -> None:
    """Take the page of a signed record, when an open order has one."""
    ids = page.locator("#rows .row").evaluate_all("rows => rows.map((row) => row.dataset.id)")
    for work_order_id in ids:
        answer = page.request.get(f"{url}/records/{work_order_id}")
        if answer.ok:
            record = page.context.new_page()
            record.goto(f"{url}/records/{work_order_id}")
            record.screenshot(path=out / "record-zh.png", full_page=True)
            record.close()
            return


def _shoot_alarm(page: Page, url: str, out: Path) -> None:
    """Report a leak where the map looks, and take the alarm before anybody can accept it."""
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    branch = page.request.get(f"{url}/api/v1/me").json()["branch"]
    report = {
        "fault_kind": "gas_leak",
        "location": "kitchen",
        "answers": {"smell_strength": "strong", "hissing_sound": True},
        "address": "青石街18号2单元301室",
        "lat": branch["center"][0],
        "lon": branch["center"][1],
        "read_back": True,
    }
    page.request.post(f"{url}/api/v1/intake/reports", data=report, headers={"X-CSRF-Token": token})
    page.wait_for_selector("#alarm:not([hidden])")
    _shoot(page, out / "console-alarm.png")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
