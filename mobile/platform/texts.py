"""Reads the text catalogs that ship with the phone."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from shared.text import LANGUAGES, Catalog

_FOLDER: Final = resources.files("shared") / "locale"


@cache
def load_texts() -> Catalog:
    """Read the texts of every language from all files `*.<language>.toml`, once per process."""
    names = sorted(item.name for item in _FOLDER.iterdir())
    return Catalog.from_toml(
        {
            language: [(_FOLDER / name).read_bytes() for name in names if name.endswith(f".{language}.toml")]
            for language in LANGUAGES
        }
    )
