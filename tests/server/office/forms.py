"""Sends the forms of the office's pages as a browser does, and reads what the pages say."""

from __future__ import annotations

import re
from typing import Any, Final

from tests.server.house import Console

_ALERT: Final = re.compile(r'role="alert">([^<]+)')


def send(console: Console, path: str, **form: str) -> Any:
    """Send a form with the page's token."""
    return console.client.post(path, data={**form, "csrf_token": console.token})


def refusal(answer: Any) -> str:
    """Return what the page says is wrong, nothing when nothing is."""
    found = _ALERT.search(answer.text)
    return found[1] if found else ""


def read(console: Console, path: str, language: str = "zh_CN") -> str:
    """Return a page in a language; every text on it is there."""
    console.client.set_cookie("language", language)
    page = console.get(path)
    assert page.status_code == 200, page.text
    assert "«" not in page.text
    return str(page.text)
