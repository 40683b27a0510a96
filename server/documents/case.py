"""What a form may speak of: a signed record, or an order alone, with the words of one language."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from typing import Any

from server.core import texts
from server.documents.sheet import Box
from shared import service_record
from shared.protocol import Protocol
from shared.service_record import RecordStep, ServiceRecord
from shared.visit import VisitState


@dataclasses.dataclass(frozen=True)
class Case:
    """All that a form may speak of. `record` is None where nobody signed; `at_ms` is the moment that it speaks of."""

    language: str
    branch_name: str
    zone: zoneinfo.ZoneInfo
    number: str
    fault_kind: str
    description: str
    address: str
    customer: str
    account: str
    technician: str
    at_ms: int
    protocols: tuple[Protocol, ...] = ()
    visit: VisitState = dataclasses.field(default_factory=VisitState)
    record: ServiceRecord | None = None
    code: str = ""
    seal: dict[str, Any] = dataclasses.field(default_factory=dict)
    strokes: tuple[tuple[tuple[int, int], ...], ...] = ()
    relation: str = ""
    opinion: str = ""
    waive_reason: str = ""
    witness: str = ""
    proof: bytes = b""
    hotline: str = ""

    def t(self, key: str, **data: Any) -> str:
        """Return a text in the case's language."""
        return texts.catalog().text(self.language, key, **data)

    def known(self, table: str, code: str) -> str:
        """Return the words of a code, or the code itself when a company has one of its own."""
        return (texts.catalog().find(self.language, f"{table}.{code}") or code) if code else ""

    def moment(self, at_ms: int | None) -> str:
        """Return a moment in the branch's zone."""
        return dt.datetime.fromtimestamp(at_ms / 1000, self.zone).strftime("%Y-%m-%d %H:%M") if at_ms else "–"

    def steps(self) -> tuple[RecordStep, ...]:
        """Return the answered steps of the record."""
        return self.record.steps if self.record else ()


def strokes_of(stored: list[Any]) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return stored strokes as points without their times."""
    return tuple(tuple((int(p[0]), int(p[1])) for p in (s["points"] if isinstance(s, dict) else s)) for s in stored)


def signer(case: Case) -> Box:
    """Return the customer's signature, or why there is none."""
    if case.waive_reason or not case.strokes:
        caption = f"{case.known('waive', case.waive_reason)} {case.witness}".strip()
    else:
        who = case.known("relation", case.relation)
        caption = f"{case.customer} · {who} · {case.moment(case.at_ms)}".strip(" ·")
    return Box(label=case.t("record.signature"), caption=caption, strokes=case.strokes)


def money(cents: int) -> str:
    """Return an amount in fen as yuan."""
    return service_record.money(cents)
