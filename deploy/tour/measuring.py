"""Lays the ruler on a page: what sticks out, what is cut off, which controls lie on each other (ruler.js)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

_RULER: Final = (Path(__file__).parent / "ruler.js").read_text("utf-8")


def measure(page: Page) -> list[dict[str, Any]]:
    """Return the findings of the page as it stands: `kind` and `what`."""
    found: list[dict[str, Any]] = page.evaluate(_RULER)
    return found
