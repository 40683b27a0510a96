"""The dated data of complaints, and the table of their moves."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Final

import msgspec

from server.core import texts
from shared import data_file, sla
from shared.machine import Transition, row

GENERAL, MAJOR = "general", "major"
OPEN_STATES: Final = ("open", "investigating", "reported", "replied")
_DESK: Final = "dispatcher admin agent"
TABLE: Final[tuple[Transition, ...]] = (
    row("take", "open", "investigating", _DESK),
    row("report", "open investigating", "reported", _DESK),
    row("reply", "open investigating reported", "replied", _DESK),
    row("accept", "replied", "closed", _DESK),
    row("refuse", "replied", "investigating", _DESK),
    row("withdraw", "open investigating reported replied", "withdrawn", _DESK),
)


class ComplaintRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Kinds, units, what is major, and the promised times; each clock is a rule as in the SLA profiles."""

    id: str
    edition: str
    effective_from: dt.date
    kinds: tuple[str, ...]
    units: tuple[str, ...]
    major_kinds: tuple[str, ...]
    major_channels: tuple[str, ...]
    major_words: tuple[str, ...]
    source: str
    clock: tuple[sla.ClockRule, ...]


@functools.cache
def complaint_rules() -> ComplaintRules:
    """Return the rules in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("complaints-2026.toml"), ComplaintRules, "setting_invalid")


def suggest_severity(rules: ComplaintRules, kind: str, channel: str, content: str) -> str:
    """Return what the rule suggests (CO-01, CR-01); a human decides."""
    said = content.casefold()
    is_major = kind in rules.major_kinds or channel in rules.major_channels
    return MAJOR if is_major or any(word.casefold() in said for word in rules.major_words) else GENERAL
