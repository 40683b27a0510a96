"""Reads the dated rules of evidence and money: hazards, closed doors, grades, prices, warranty, cash."""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path
from typing import Final

import msgspec

import shared
from server.core import texts
from shared import data_file, hazards, leak_grades, no_access, prices, warranty

_CATALOG: Final = Path(shared.__file__).parent / "catalog"


class CashHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which local hour cash is handed in on the day on which it was taken (WA-08)."""

    id: str
    edition: str
    effective_from: dt.date
    hand_in_by: dt.time
    late_hand_in_by: dt.time


@functools.cache
def hazard_rules() -> hazards.HazardRules:
    """Return the classes of hazards."""
    return hazards.HazardRules.from_toml(texts.read_data("hazards-2026.toml"))


@functools.cache
def ladder() -> no_access.Ladder:
    """Return the rungs of a closed door."""
    return no_access.Ladder.from_toml(texts.read_data("no-access-2026.toml"))


@functools.cache
def grade_rules() -> leak_grades.GradeRules:
    """Return the criteria of the grades of leaks."""
    return leak_grades.GradeRules.from_toml(texts.read_data("leak-grades-2026.toml"))


@functools.cache
def price_lists() -> tuple[prices.PriceList, ...]:
    """Return every edition of the price list."""
    names = sorted(path.name for path in _CATALOG.glob("price-*.toml"))
    return tuple(prices.PriceList.from_toml(texts.read_data(name)) for name in names)


@functools.cache
def warranty_policy() -> warranty.Policy:
    """Return the warranty policy."""
    return warranty.Policy.from_toml(texts.read_data("warranty-2026.toml"))


@functools.cache
def cash_hours() -> CashHours:
    """Return the hours of the daily hand-in."""
    return data_file.read(texts.read_data("cash-2026.toml"), CashHours, "setting_invalid")
