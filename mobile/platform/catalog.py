"""Reads the protocols that ship with the phone."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from shared import leak_grades, prices, warranty
from shared.errors import DomainError
from shared.protocol import Protocol

_FOLDER: Final = resources.files("shared") / "catalog" / "protocols"


class Shelf:
    """All protocols by reference `id@edition`."""

    def __init__(self, protocols: Mapping[str, Protocol]) -> None:
        """Hold the protocols."""
        self._protocols = dict(protocols)

    def get_protocol(self, ref: str) -> Protocol:
        """Return one protocol. Raises DomainError `protocol_unknown`."""
        if ref not in self._protocols:
            raise DomainError("protocol_unknown", ref=ref)
        return self._protocols[ref]

    def list_protocols(self, refs: Sequence[str]) -> tuple[Protocol, ...]:
        """Return the protocols of a job in its order. Raises DomainError `protocol_unknown`."""
        return tuple(self.get_protocol(ref) for ref in refs)

    def list_known(self, refs: Sequence[str]) -> tuple[Protocol, ...]:
        """Return those protocols of a job that this app has."""
        return tuple(self._protocols[ref] for ref in refs if ref in self._protocols)

    def list_unknown(self, refs: Sequence[str]) -> tuple[str, ...]:
        """Return those references of a job that are newer than this app."""
        return tuple(ref for ref in refs if ref not in self._protocols)


class Stillness(msgspec.Struct, frozen=True):
    """When a phone counts as standing still: less than `still_m` moved within `still_s`."""

    still_m: float
    still_s: int


@cache
def load_stillness() -> Stillness:
    """Read how positions are thinned, once per process, from the company's dated settings."""
    text = (resources.files("shared") / "catalog" / "location-2026.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Stillness)


class KioskRules(msgspec.Struct, frozen=True):
    """How the customer's screen is guarded: seconds, and how many wrong PINs lock it (threat C9)."""

    idle_s: int
    pin_tries: int
    pin_lock_s: int
    pin_longest_lock_s: int


class PhoneRules(msgspec.Struct, frozen=True):
    """When a silent phone erases itself, how long a declared shift lasts, when its map is old (s), and its kiosk."""

    self_wipe_after_s: int
    shift_declared_s: int
    day_map_stale_s: int
    kiosk: KioskRules


@cache
def load_phone_rules() -> PhoneRules:
    """Read how a phone guards itself, once per process, from the company's dated settings."""
    text = (resources.files("shared") / "catalog" / "phone-2026.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), PhoneRules)


@cache
def load_prices() -> tuple[prices.PriceList, ...]:
    """Read every edition of the price list, once per process. Raises DomainError `price_list_invalid`."""
    folder = resources.files("shared") / "catalog"
    files = sorted((item for item in folder.iterdir() if item.name.startswith("price-")), key=lambda item: item.name)
    return tuple(prices.PriceList.from_toml(item.read_bytes()) for item in files)


class CashRules(msgspec.Struct, frozen=True):
    """Until what local time the day's cash is handed in (WA-08)."""

    hand_in_by: dt.time


@cache
def load_cash_rules() -> CashRules:
    """Read when cash is handed in, once per process, from the company's dated settings."""
    text = (resources.files("shared") / "catalog" / "cash-2026.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), CashRules)


@cache
def load_warranty() -> warranty.Policy:
    """Read the warranty policy, once per process. Raises DomainError `warranty_invalid`."""
    return warranty.Policy.from_toml((resources.files("shared") / "catalog" / "warranty-2026.toml").read_bytes())


@cache
def load_grade_rules() -> leak_grades.GradeRules:
    """Read the criteria of the grades of leaks, once per process. Raises DomainError `grade_rules_invalid`."""
    return leak_grades.GradeRules.from_toml(
        (resources.files("shared") / "catalog" / "leak-grades-2026.toml").read_bytes()
    )


@cache
def load_shelf() -> Shelf:
    """Read every protocol file, once per process. Raises DomainError `protocol_invalid`."""
    files = sorted((item for item in _FOLDER.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name)
    protocols = [Protocol.from_toml(item.read_bytes()) for item in files]
    return Shelf({protocol.ref: protocol for protocol in protocols})
