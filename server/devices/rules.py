"""What phones must prove: shared/catalog/devices-*.toml as a frozen value."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from typing import Final

import msgspec

from server.core import texts

_FILE: Final = "devices-2026.toml"


class DeviceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of the settings."""

    edition: str
    effective_from: dt.date
    push_answer_s: int
    push_late_s: int
    push_shown_s: int
    signing_lease_s: int


@functools.cache
def device_rules() -> DeviceRules:
    """Return the settings in force. Raises msgspec.ValidationError for a broken file, at start."""
    return msgspec.convert(tomllib.loads(texts.read_data(_FILE).decode()), DeviceRules)
