"""Goes round all stops in one language and theme, takes the pictures, and writes down what is wrong."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, Response, expect

from deploy.demo.seeding import PASSWORD
from deploy.tour.measuring import measure
from deploy.tour.stage import Stage
from deploy.tour.stops import Stop

LOOKS: Final = (("zh_CN", "light"), ("en", "dark"), ("zh_CN", "dark"), ("en", "light"))
FATAL: Final = frozenset({"unreached", "console_error", "not_visited"})
_PATIENCE_MS: Final = 20_000
_TOO_MANY: Final = 429
_BREATH_S: Final = 30.0


@dataclasses.dataclass
class Findings:
    """What was found, by picture; FATAL kinds mean that a page is not as it should be."""

    items: list[dict[str, str]] = dataclasses.field(default_factory=list)
    pictures: list[Path] = dataclasses.field(default_factory=list)
    visited: set[str] = dataclasses.field(default_factory=set)

    def add(self, picture: str, found: Iterable[dict[str, Any]]) -> None:
        """Keep what was found on a picture."""
        self.items += [{"picture": picture, **one} for one in found]

    @property
    def is_fatal(self) -> bool:
        """Tell whether a page was not reached or had an error."""
        return any(one["kind"] in FATAL for one in self.items)

    def compare(self, stage: Stage) -> None:
        """Note every page of the product that no picture shows: a new page needs its line in the table."""
        missing = set(stage.list_pages()) - {stage.find_page(path) for path in self.visited}
        self.add("", [{"kind": "not_visited", "what": rule} for rule in sorted(missing)])

    def write(self, path: Path) -> None:
        """Write everything beside the pictures."""
        told = {"pictures": len(self.pictures), "findings": self.items}
        path.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")


class Looker:
    """One language and theme: a browser context for each person, and the console that stays open."""

    def __init__(self, browser: Browser, stage: Stage, look: tuple[str, str], out: Path, findings: Findings) -> None:
        """Begin without a window."""
        self._browser, self._stage, self._look, self._out, self.findings = browser, stage, look, out, findings
        self._contexts: dict[str, BrowserContext] = {}
        self._live: dict[str, Page] = {}
        self._heard: list[str] = []
        self._is_limited = False
        expect.set_options(timeout=_PATIENCE_MS)

    def go_round(self, stops: Iterable[Stop]) -> None:
        """Take the picture of every stop."""
        self._stage.take_leaks()
        for stop in stops:
            self.visit(stop)
        for context in self._contexts.values():
            context.close()

    def visit(self, stop: Stop) -> None:
        """Go to a stop, measure it and take its picture; once more after a pause when the server counted too many."""
        self._is_limited = False
        if not self._try(stop) or self._is_limited:
            if not self._is_limited:
                return
            time.sleep(_BREATH_S)
            self.findings.items = [one for one in self.findings.items if one["picture"] != self._name(stop)]
            self._try(stop)

    def _name(self, stop: Stop) -> str:
        return ".".join((stop.name, *self._look))

    def _try(self, stop: Stop) -> bool:
        context, name = self._context(stop.user), self._name(stop)
        page = self._page(context, stop)
        self._heard.clear()
        is_there = True
        try:
            page.set_viewport_size({"width": stop.size[0], "height": stop.size[1]})
            stop.reach(page, self._stage)
            self.findings.add(name, measure(page))
        except (Error, AssertionError, LookupError, RuntimeError) as missed:
            is_there = False
            self.findings.add(name, [{"kind": "unreached", "what": _short(missed)}])
        errors = [text for text in self._heard if not any(word in text for word in stop.expects)]
        self.findings.add(name, [{"kind": "console_error", "what": text[:300]} for text in errors])
        self._shoot(page, name, stop)
        self._leave(context, page, stop, is_there=is_there)
        return is_there

    def _shoot(self, page: Page, name: str, stop: Stop) -> None:
        path = self._out / f"{name}.png"
        try:
            page.screenshot(path=path, full_page=stop.is_whole, timeout=_PATIENCE_MS)
        except Error as missed:
            self.findings.add(name, [{"kind": "unreached", "what": _short(missed)}])
        else:
            self.findings.pictures.append(path)

    def _leave(self, context: BrowserContext, page: Page, stop: Stop, *, is_there: bool) -> None:
        context.set_offline(False)
        if not stop.is_live or not is_there:
            page.close()
            self._live = {user: open_page for user, open_page in self._live.items() if open_page is not page}

    def _page(self, context: BrowserContext, stop: Stop) -> Page:
        if stop.is_live and stop.user in self._live:
            return self._live[stop.user]
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.on("console", lambda said: self._heard.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._heard.append(str(error)))
        page.on("response", self._watch)
        if stop.is_live:
            self._live[stop.user] = page
        return page

    def _watch(self, response: Response) -> None:
        self._is_limited = self._is_limited or response.status == _TOO_MANY
        if response.request.resource_type == "document" and response.ok:
            self.findings.visited.add(urlsplit(response.url).path)

    def _context(self, user: str) -> BrowserContext:
        if user not in self._contexts:
            self._contexts[user] = self._open(user)
        return self._contexts[user]

    def _open(self, user: str) -> BrowserContext:
        language, theme = self._look
        scheme: Any = theme
        context = self._browser.new_context(color_scheme=scheme, locale=language.replace("_", "-"))
        url = self._stage.url
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in
                             (("language", language), ("theme", theme))])  # fmt: skip
        if user:
            page = context.new_page()
            page.goto(f"{url}/sign-in")
            page.fill("#user_name", user)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_url(f"{url}/")
            page.close()
        return context


def _short(error: BaseException) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()[:300]
