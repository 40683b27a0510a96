"""Which remote address services a company has: shared/catalog/geocoding-*.toml, or its own edition. None by default."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Literal

import msgspec

from server.core import texts
from shared import data_file


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One service: its kind, where it is, the environment's name of its key, and the city put before each question."""

    name: Literal["nominatim", "baidu", "amap"]
    domain: str = ""
    key_env: str = ""
    city: str = ""


class GeocodingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The services in the order in which they are asked; times in seconds."""

    id: str
    edition: str
    effective_from: dt.date
    timeout_s: float
    give_up_s: int
    provider: tuple[Provider, ...]


@functools.cache
def geocoding_rules() -> GeocodingRules:
    """Return the rules in force. Raises DomainError `setting_invalid` for a broken edition."""
    return data_file.read(texts.read_data("geocoding-2026.toml"), GeocodingRules, "setting_invalid")
