"""The dated data of contacts."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Final

import msgspec

from server.core import texts
from shared import data_file

ALARM, REPAIR, CONSULTATION, COMPLAINT = "alarm", "repair", "consultation", "complaint"
CLASSES: Final = (ALARM, REPAIR, CONSULTATION, COMPLAINT)
OUTCOMES: Final = ("answered", "work_order", "complaint", "transferred", "promised")


class ContactRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Channels, reasons and the profile of answering; `answer_within_s` is by channel, `rings_*` are for telephones."""

    id: str
    edition: str
    effective_from: dt.date
    channels: tuple[str, ...]
    reasons: tuple[str, ...]
    rings_target: int
    rings_apology: int
    warn_before_s: int
    speech_chars_min: tuple[int, int]
    source: str
    answer_within_s: dict[str, int]


@functools.cache
def contact_rules() -> ContactRules:
    """Return the rules in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("contacts-2026.toml"), ContactRules, "setting_invalid")
