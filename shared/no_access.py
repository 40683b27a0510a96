"""Nobody opens: the ladder of rungs that are climbed and proved before a crew leaves (beyond 2, IS-06).

No access is a state with its own clock; a proved ladder ends the visit, never the order.
"""

from __future__ import annotations

import datetime as dt
from typing import Self

import msgspec

from shared import data_file
from shared.visit import VisitState


class Rung(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rung; proved by a photo of a purpose, by a named person who took over, or by the technician's word."""

    code: str
    text: dict[str, str]
    leak_only: bool = False
    required: bool = True
    photo: str = ""
    persons: tuple[str, ...] = ()
    or_made_safe: tuple[str, ...] = ()


class Ladder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rungs of one dated edition, in the order in which they are climbed."""

    id: str
    edition: str
    effective_from: dt.date
    source: str
    rung: tuple[Rung, ...]

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the ladder of a file. Raises DomainError `no_access_rules_invalid`."""
        return data_file.read(data, cls, "no_access_rules_invalid")


def list_rungs(ladder: Ladder, *, is_leak: bool) -> tuple[Rung, ...]:
    """Return the rungs of a visit: what the screen shows."""
    return tuple(rung for rung in ladder.rung if is_leak or not rung.leak_only)


def list_missing(ladder: Ladder, *, is_leak: bool, visit: VisitState) -> tuple[str, ...]:
    """Return the codes of the required rungs that are not proved yet; () when the crew may leave."""
    needed = [rung for rung in list_rungs(ladder, is_leak=is_leak) if rung.required]
    return tuple(rung.code for rung in needed if not _is_proved(rung, visit))


def _is_proved(rung: Rung, visit: VisitState) -> bool:
    if rung.photo:
        return any(photo.purpose == rung.photo for photo in visit.photos)
    if rung.or_made_safe and visit.made_safe_ms is not None and visit.made_safe_how in rung.or_made_safe:
        return True
    if rung.persons:
        return any(told.to in rung.persons for told in visit.handed_over)
    return rung.code in visit.no_access_proofs
