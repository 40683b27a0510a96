"""Decides the warranty as an explained table: each row says what was found and what it speaks for (WA-01 to WA-05)."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import Final, Self

import msgspec

from shared import data_file
from shared.door_facts import WarrantyJudged
from shared.text import Catalog

FREE: Final = "free"
CHARGED: Final = "charged"


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the values of this module: strict, immutable."""


class Policy(Value, frozen=True, kw_only=True):
    """The warranty of one dated edition: months from the invoice, papers, and the exclusions in their order (WA-04)."""

    id: str
    edition: str
    effective_from: dt.date
    months: int
    needs_card: bool
    needs_invoice: bool
    exclusions: tuple[str, ...]

    @classmethod
    def from_toml(cls, data: bytes) -> Self:
        """Return the policy of a file. Raises DomainError `warranty_invalid`."""
        return data_file.read(data, cls, "warranty_invalid")


class Row(Value, frozen=True, kw_only=True):
    """One row of the table: `code` of [warranty], whether it speaks for free work, and the data of its words."""

    code: str
    is_for: bool
    data: dict[str, str] = msgspec.field(default_factory=dict)


class Decision(Value, frozen=True, kw_only=True):
    """`verdict` is free or charged; `rows` are all that was asked, in order; `ignored` exclusions lack their photo."""

    verdict: str
    rows: tuple[Row, ...]
    ignored: tuple[str, ...] = ()


def decide(policy: Policy, found: WarrantyJudged, on_date: dt.date) -> Decision:
    """Return the decision for a visit on a day; free only when every row speaks for it."""
    rows = tuple(_rows(policy, found, on_date))
    ignored = tuple(e.code for e in found.exclusions if e.code in policy.exclusions and not e.photo)
    return Decision(verdict=FREE if all(row.is_for for row in rows) else CHARGED, rows=rows, ignored=ignored)


def _rows(policy: Policy, found: WarrantyJudged, on_date: dt.date) -> Iterator[Row]:
    invoice = find_date(found.invoice_date)
    if (policy.needs_invoice and invoice is None) or (policy.needs_card and not found.has_card):
        yield Row(code="rule_no_invoice", is_for=False)
    if invoice is not None:
        last_day = add_months(invoice, policy.months)
        in_time = invoice <= on_date <= last_day
        data = {"months": str(policy.months), "last_day": last_day.isoformat()}
        yield Row(code="rule_in_time" if in_time else "rule_too_late", is_for=in_time, data=data)
    if not found.is_quality_fault:
        yield Row(code="rule_not_quality", is_for=False)
    proved = {exclusion.code for exclusion in found.exclusions if exclusion.photo}
    yield from (Row(code=f"exclusion_{code}", is_for=False) for code in policy.exclusions if code in proved)


def line(found: WarrantyJudged, texts: Catalog, language: str) -> str:
    """Return what was found as one line of the record: the papers, the cause, the exclusions (WA-03, WA-04)."""
    papers = "record.card_shown" if found.has_card else "record.card_missing"
    cause = "record.quality_fault" if found.is_quality_fault else "record.other_fault"
    known = (texts.find(language, f"warranty.exclusion_{e.code}") or e.code for e in found.exclusions)
    words = (found.product, found.invoice_date, texts.text(language, papers), texts.text(language, cause), *known)
    return f"{texts.text(language, 'record.warranty')}: {' · '.join(word for word in words if word)}"


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day so many calendar months later, the month's last day where it has no such day."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def find_date(text: str) -> dt.date | None:
    """Return the day of an ISO 8601 date, None for anything else."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
