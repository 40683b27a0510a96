"""The three who must see a change: the server over its own door, the command line's judge, the page in a browser."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from server.documents import files, page
from server.documents.files import Root
from server.seals import bundle
from tests.soak.mutations import changes
from tests.soak.mutations.changes import Case
from tests.soak.mutations.town import Town

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_JUDGE: Final = """async (cases) => {
  const unpack = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const seen = [];
  for (const files of cases) {
    const judged = await leakfirstJudge(files.map((text, i) => ({ name: String(i), bytes: unpack(text) })));
    seen.push(judged.some((found) => found.problems.length > 0));
  }
  return seen;
}"""


@dataclasses.dataclass(frozen=True)
class Judges:
    """Each says for every case of a batch whether it saw that something is not what was sealed."""

    server: Callable[[Sequence[Case]], list[bool]]
    cli: Callable[[Sequence[Case]], list[bool]]
    page: Callable[[Sequence[Case]], list[bool]]


@contextlib.contextmanager
def judges_of(town: Town, folder: Path) -> Iterator[Judges]:
    """Yield the judges of a town. Raises LookupError without a browser."""
    # A thread of its own: the browser's library keeps an event loop in this one, and pyHanko wants to start another.
    with _open_page(town, folder) as opened, concurrent.futures.ThreadPoolExecutor(1) as aside:
        yield Judges(
            server=lambda cases: [_ask_server(town, case) for case in cases],
            cli=lambda cases: list(aside.map(lambda case: ask_command_line(town, town.root, case), cases)),
            page=lambda cases: _ask_page(opened, cases),
        )


def _ask_server(town: Town, case: Case) -> bool:
    """Present each file at the public door."""
    client = town.house.app.test_client()
    answers: list[Any] = [client.post("/api/v1/verify", data=data) for data in case.files]
    # A door that breaks down has judged nothing.
    return any(answer.status_code == HTTPStatus.OK and not answer.json["is_genuine"] for answer in answers)


def ask_command_line(town: Town, root: Root, case: Case) -> bool:
    """Judge all files of a case together with the list of issued files, as `python -m server verify FILE...` does."""
    told = [("issued.json", bundle.encode(town.issued)), *((str(i), data) for i, data in enumerate(case.files))]
    return any(item.problems for item in files.judge_all(told, root)[1:])


def _ask_page(opened: Page, cases: Sequence[Case]) -> list[bool]:
    seen: list[bool] = opened.evaluate(_JUDGE, [changes.packed(case) for case in cases])
    return seen


@contextlib.contextmanager
def _open_page(town: Town, folder: Path) -> Iterator[Page]:
    """Yield the town's verification page from the disk, in a browser whose network is off."""
    path = folder / "verify.html"
    path.write_text(page.make(town.root.key, [town.issued]), encoding="utf-8")
    with _browser() as browser:
        context = browser.new_context(offline=True)
        opened = context.new_page()
        opened.goto(path.as_uri())
        yield opened
        context.close()


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        raise LookupError("no Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()
