"""The parts list as the depot reads it: names, which parts have a lot, and below how many pieces stock runs low."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Final

import msgspec

from server.core import texts
from shared import data_file
from shared.errors import DomainError

_FILE: Final = "parts-2026.toml"


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part; `van_least` and `depot_least` are pieces below which its stock is low."""

    code: str
    text: dict[str, str]
    has_lot: bool = False
    van_least: int = 0
    depot_least: int = 0


class PartsList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dated edition."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    part: tuple[Part, ...]


@functools.cache
def parts() -> PartsList:
    """Return the parts list in force. Raises DomainError `setting_invalid`."""
    return data_file.read(texts.read_data(_FILE), PartsList, "setting_invalid")


def find_part(code: str) -> Part | None:
    """Return a part of the list."""
    return next((part for part in parts().part if part.code == code), None)


def check(code: str, lot: str) -> None:
    """Refuse a part that the list does not know, and one without its lot. Raises `part_unknown`, `lot_missing`."""
    part = find_part(code)
    if part is None:
        raise DomainError("part_unknown", part=code)
    if part.has_lot and not lot.strip():
        raise DomainError("lot_missing", part=code)
