"""Texts by language and dotted key, with named placeholders. The packages read the files, this module gets bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Self

from shared import data_file
from shared.errors import DomainError

LANGUAGES: Final = ("zh_CN", "en")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


class Catalog:
    """All texts of the product in all its languages."""

    def __init__(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Keep the flat tables: language → dotted key → text."""
        self._tables = {language: dict(table) for language, table in tables.items()}

    @classmethod
    def from_toml(cls, languages: Mapping[str, bytes | Sequence[bytes]]) -> Self:
        """Build the catalog from one TOML file per language, or from several that are merged; the later file wins.

        Raises DomainError `text_invalid` when a file cannot be read or holds anything but texts.
        """
        return cls({language: _merge(files) for language, files in languages.items()})

    def find(self, lang: str, key: str) -> str | None:
        """Return the text as it stands in the file, None when the language has no such key."""
        return self._tables.get(lang, {}).get(key)

    def text(self, lang: str, key: str, /, **data: object) -> str:
        """Return the text with its placeholders filled; a missing one shows as «key», for a screen must not break."""
        template = self.find(lang, key)
        return f"«{key}»" if template is None else fill(template, data)

    def both(self, key: str, /, **data: object) -> dict[str, str]:
        """Return the text in every language of the catalog: language → text."""
        return {lang: self.text(lang, key, **data) for lang in self._tables}

    def table(self, lang: str) -> dict[str, str]:
        """Return one language flat: dotted key → text with its placeholders unfilled."""
        return dict(self._tables.get(lang, {}))


def fill(template: str, data: Mapping[str, object]) -> str:
    """Return the template with `{name}` replaced by the data; a name without data stays visible as it is."""
    return _PLACEHOLDER.sub(lambda found: str(data.get(found[1], found[0])), template)


def placeholders(template: str) -> frozenset[str]:
    """Return the names of a template's placeholders."""
    return frozenset(_PLACEHOLDER.findall(template))


def _merge(files: bytes | Sequence[bytes]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for data in [files] if isinstance(files, bytes) else files:
        merged.update(_flat(data_file.read(data, dict[str, Any], "text_invalid"), ""))
    return merged


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield f"{prefix}{key}", value
        else:
            raise DomainError("text_invalid", reason=f"{prefix}{key} is no text")
