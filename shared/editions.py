"""Chooses the protocols that apply to a fault on a date and place (decision 27)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from shared.errors import DomainError
from shared.protocol import Protocol

_LEAK: Final = "gas_leak"
_CO: Final = "co_alarm"
_PROVE_A_LEAK: Final = frozenset({"isolated", "all_clear"})


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


def select_for_leak(
    protocols: Iterable[Protocol],
    fault_kind: str,
    emergency_class: str,
    on_date: dt.date,
    jurisdiction: str,
    prefer: Iterable[str] = (),
) -> tuple[Protocol, ...]:
    """Return the protocols of an order that is a leak: the fault kind's own where they can prove a leak closed.

    A faulty stove at which gas is smelt is worked on as a leak; the appliance is a matter of the next visit.
    """
    every, chosen = tuple(protocols), tuple(prefer)
    own = select(every, fault_kind, on_date, jurisdiction, chosen)
    if any(step.evidence in _PROVE_A_LEAK for protocol in own for step in protocol.steps):
        return own
    return select(every, _CO if emergency_class == "co" else _LEAK, on_date, jurisdiction, chosen)


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
