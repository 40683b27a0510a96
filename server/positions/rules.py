"""The dated settings of location: shared/catalog/location-*.toml."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from typing import Final

import msgspec

from server.core import texts

_FILE: Final = "location-2026.toml"


class LocationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition: how long traces are kept, and what is not believed."""

    id: str
    edition: str
    effective_from: dt.date
    kept_days: int
    impossible_speed_m_s: float
    future_tolerance_s: int
    still_m: float
    still_s: int
    source: str


@functools.cache
def location_rules() -> LocationRules:
    """Return the settings in force. Raises msgspec.ValidationError for a broken file, at start."""
    return msgspec.convert(tomllib.loads(texts.read_data(_FILE).decode()), LocationRules)
