"""Price lists with dates, what a job costs by them, and which amounts are none of the list's (WA-05, WA-10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import msgspec

from shared import data_file
from shared.door_facts import PriceLine
from shared.errors import DomainError
from shared.protocol import Protocol
from shared.visit import VisitState

NOT_IN_LIST = "price_not_in_list"
OVER_LIST = "price_over_list"


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the values of this module: strict, immutable."""


class Item(Value, frozen=True, kw_only=True):
    """One chargeable thing, in fen."""

    code: str
    amount_cents: int


class PriceList(Value, frozen=True, kw_only=True):
    """One dated list; `fault` names the items that a fault kind is charged with outside the warranty."""

    id: str
    edition: str
    effective_from: dt.date
    effective_to: dt.date | None = None
    currency: str
    source: str
    item: tuple[Item, ...]
    fault: dict[str, tuple[str, ...]]

    @property
    def ref(self) -> str:
        """Return id@edition."""
        return f"{self.id}@{self.edition}"

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the list of a file. Raises DomainError `price_list_invalid`."""
        found = data_file.read(data, cls, "price_list_invalid")
        known = {item.code for item in found.item}
        if len(known) != len(found.item) or any(item.amount_cents < 0 for item in found.item):
            raise DomainError("price_list_invalid", reason="an item twice, or below nothing")
        if not {code for codes in found.fault.values() for code in codes} <= known:
            raise DomainError("price_list_invalid", reason="a fault names an unknown item")
        return found

    def find_amount(self, code: str) -> int | None:
        """Return an item's amount in fen, None when the list has no such item."""
        return next((item.amount_cents for item in self.item if item.code == code), None)


def choose(lists: Iterable[PriceList], on_date: dt.date) -> PriceList:
    """Return the list in force on a day, the newest of several. Raises DomainError `price_list_invalid`."""
    valid = [p for p in lists if p.effective_from <= on_date and (p.effective_to is None or on_date <= p.effective_to)]
    if not valid:
        raise DomainError("price_list_invalid", reason=f"none in force on {on_date}")
    return max(valid, key=lambda p: p.effective_from)


def quote(
    prices: PriceList, fault_kind: str, *, is_free: bool, parts: Mapping[str, int] | None = None
) -> tuple[PriceLine, ...]:
    """Return the lines to show before the work: the fault kind's items and parts (code → pieces); free ones cost 0.

    Raises DomainError `price_not_in_list`.
    """
    wanted = dict.fromkeys(prices.fault.get(fault_kind, ()), 1)
    for code, pieces in (parts or {}).items():
        wanted[code] = wanted.get(code, 0) + pieces
    return tuple(_line(prices, code, pieces, is_free=is_free) for code, pieces in wanted.items())


def _line(prices: PriceList, code: str, pieces: int, *, is_free: bool) -> PriceLine:
    amount = prices.find_amount(code)
    if amount is None:
        raise DomainError("price_not_in_list", item=code, list_ref=prices.ref)
    return PriceLine(code=code, quantity=pieces, unit_cents=0 if is_free else amount)


def list_problems(prices: PriceList, lines: Sequence[PriceLine]) -> tuple[tuple[str, str], ...]:
    """Return (item, code of [flag]) of every amount that is not the list's own; free is always allowed."""
    return tuple((line.code, problem) for line in lines if (problem := _problem(prices, line)))


def _problem(prices: PriceList, line: PriceLine) -> str:
    amount = prices.find_amount(line.code)
    if line.unit_cents in {0, amount}:
        return ""
    return OVER_LIST if amount is not None and line.unit_cents > amount else NOT_IN_LIST


def list_agreed(visit: VisitState) -> tuple[PriceLine, ...]:
    """Return what the customer pays: the lines that he agreed to, none without his agreement."""
    return visit.price.lines if visit.price is not None and visit.price.is_agreed else ()


def total(lines: Sequence[PriceLine]) -> int:
    """Return the amount of lines in fen."""
    return sum(line.quantity * line.unit_cents for line in lines)


def is_after_work(protocols: Iterable[Protocol], visit: VisitState) -> bool:
    """Say whether a price above nothing was shown only after the work had begun (WA-05)."""
    if visit.price is None or not total(list_agreed(visit)):
        return False
    begun = {(p.ref, step.id) for p in protocols for step in p.steps if step.begins_work}
    shown_ms = visit.price.at_ms
    return any((a.protocol, a.step) in begun and a.at_ms < shown_ms for a in visit.answers)
