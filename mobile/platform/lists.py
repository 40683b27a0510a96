"""Reads the dated lists that ship with the phone: parts of a van, and the rules of triage for another odour."""

from __future__ import annotations

import datetime as dt
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from shared import data_file
from shared.no_access import Ladder
from shared.triage import TriageRules

_FOLDER: Final = resources.files("shared") / "catalog"


class PartKind(msgspec.Struct, frozen=True, kw_only=True):
    """A part that a van carries; `has_lot` asks for the lot, so that a recall finds it."""

    code: str
    text: dict[str, str]
    has_lot: bool = False


class PartsList(msgspec.Struct, frozen=True, kw_only=True):
    """One edition of the parts list."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    part: tuple[PartKind, ...]

    def find(self, code: str) -> PartKind | None:
        """Return a part by its code, None when this edition does not know it."""
        return next((kind for kind in self.part if kind.code == code), None)


@cache
def load_parts() -> PartsList:
    """Read the parts list, once per process. Raises DomainError `parts_list_invalid`."""
    return data_file.read((_FOLDER / "parts-2026.toml").read_bytes(), PartsList, "parts_list_invalid")


@cache
def load_ladder() -> Ladder:
    """Read the ladder of a closed door, once per process. Raises DomainError `no_access_rules_invalid`."""
    return Ladder.from_toml((_FOLDER / "no-access-2026.toml").read_bytes())


@cache
def load_triage() -> TriageRules:
    """Read the rules of triage, once per process. Raises DomainError `triage_rules_invalid`."""
    return TriageRules.from_toml((_FOLDER / "triage-2026.toml").read_bytes())
