"""The dated data of joining odour reports."""

from __future__ import annotations

import datetime as dt
import functools

import msgspec

from server.core import texts
from shared import data_file


class OdourRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many homes make a cluster, and what counts as the same home. How near and how soon: `odour-joining`."""

    id: str
    edition: str
    effective_from: dt.date
    least_reports: int
    repeat_within_h: float
    same_home_m: float
    source: str


@functools.cache
def odour_rules() -> OdourRules:
    """Return the rules in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("odour-2026.toml"), OdourRules, "setting_invalid")
