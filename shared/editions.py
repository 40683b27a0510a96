"""Chooses the protocols that apply to a fault on a date and place (decision 27)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from shared.errors import DomainError
from shared.protocol import Protocol


def select(
    protocols: Iterable[Protocol], fault_kind: str, on_date: dt.date, jurisdiction: str, prefer: Iterable[str] = ()
) -> tuple[Protocol, ...]:
    """Return the protocols for a fault kind, checklists first.

    Of editions that are valid at once the older one stands until its end, unless `prefer` (a branch's setting) names
    the reference of another.
    """
    valid = [p for p in protocols if fault_kind in p.faults and p.jurisdiction == jurisdiction and is_valid(p, on_date)]
    preferred = frozenset(prefer)
    chosen: dict[str, Protocol] = {}
    for protocol in sorted(valid, key=lambda p: (p.ref not in preferred, p.effective_from, p.edition)):
        chosen.setdefault(protocol.id, protocol)
    return tuple(sorted(chosen.values(), key=lambda p: (p.kind != "checklist", p.id)))


def is_valid(protocol: Protocol, on_date: dt.date) -> bool:
    """Say whether a protocol is in force on a day, first and last day included."""
    return protocol.effective_from <= on_date and (protocol.effective_to is None or on_date <= protocol.effective_to)


def resolve(protocols: Iterable[Protocol], refs: Sequence[str]) -> tuple[Protocol, ...]:
    """Return the protocols of a job's references, in their order. Raises DomainError `protocol_not_found`."""
    by_ref = {protocol.ref: protocol for protocol in protocols}
    for ref in refs:
        if ref not in by_ref:
            raise DomainError("protocol_not_found", protocol=ref)
    return tuple(by_ref[ref] for ref in refs)
