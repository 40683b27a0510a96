"""The dated data of the customers' pages."""

from __future__ import annotations

import datetime as dt
import functools

import msgspec

from server.core import texts
from shared import data_file


class Emergency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Telephone numbers of a country's emergency services; ``gas`` where there is one for gas alone."""

    fire: str
    ambulance: str
    gas: str = ""


class PublicRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What customers may report and wish, and how exactly an arrival is told; minutes, hours and days as named."""

    id: str
    edition: str
    effective_from: dt.date
    fault_kinds: tuple[str, ...]
    questions: tuple[str, ...]
    reports_an_hour: int
    planned_round_min: int
    planned_width_min: int
    en_route_round_min: int
    en_route_width_min: int
    wish_days: int
    wish_hours: tuple[int, ...]
    wish_width_h: int
    opinion_days: int
    unhappy_below: int
    source: str
    emergency: dict[str, Emergency]


@functools.cache
def public_rules() -> PublicRules:
    """Return the rules in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("public-2026.toml"), PublicRules, "setting_invalid")
