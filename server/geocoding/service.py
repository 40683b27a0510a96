"""Questions to the remote address services: written down by the gateway, asked by the worker, shown when they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
import structlog
from sqlalchemy import orm

from server.core import clock
from server.core.unit_of_work import Actor, Tx, UnitOfWork
from server.geocoding import repository
from server.geocoding.models import AddressLookup
from server.geocoding.rules import GeocodingRules, Provider, geocoding_rules
from shared.errors import DomainError

_log = structlog.get_logger(__name__)

WANTED, FOUND, NOTHING, FAILED = "wanted", "found", "nothing", "failed"
GAVE_UP: Final = "too old"
_SHOWN: Final = ("id", "query", "state", "provider", "label", "lat", "lon", "failures", "asked_ms", "answered_ms")
Ask = Callable[[Provider, str, float], Any]


class LookupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address as the caller said it."""

    query: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


def want(tx: Tx, request: LookupRequest) -> AddressLookup:
    """Write a question down for the worker. Raises DomainError `geocoder_none` when no service is set up."""
    if not geocoding_rules().provider:
        raise DomainError("geocoder_none")
    row = AddressLookup(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        query=request.query.strip(),
        state=WANTED,
        provider="",
        label="",
        failures="",
        asked_ms=tx.now_ms,
    )
    tx.session.add(row)
    return row


def get_lookup(session: orm.Session, branch_id: str, lookup_id: str) -> dict[str, Any]:
    """Return a question with its answer so far. Raises DomainError `not_found`."""
    row = session.get(AddressLookup, lookup_id)
    if row is None or row.branch_id != branch_id:
        raise DomainError("not_found", what="lookup")
    return {key: getattr(row, key) for key in _SHOWN}


def answer_next(uow: UnitOfWork, ask: Ask, rules: GeocodingRules) -> int:
    """Answer the oldest question; return how many were looked at. Nothing is held while a service is asked."""
    found = uow.read(lambda s: repository.find_oldest(s, WANTED))
    if found is None:
        return 0
    if uow.clock.now_ms() - found.asked_ms > rules.give_up_s * 1000:
        answer = {"state": FAILED, "failures": GAVE_UP}
    else:
        answer = _answer(found.query, ask, rules)
    uow.run(Actor.system(found.branch_id), lambda tx: _keep(tx, found.id, answer))
    return 1


def _answer(query: str, ask: Ask, rules: GeocodingRules) -> dict[str, Any]:
    """Ask one service after the other until one knows the place; who failed is told beside the answer."""
    failures: list[str] = []
    for provider in rules.provider:
        begun = clock.mono_s()
        place = None
        try:
            place = ask(provider, query, rules.timeout_s)
        except DomainError as failed:
            failures.append(f"{provider.name}: {failed.data.get('reason', failed.code)}")
            _log.info("geocoder failed", provider=provider.name, reason=failed.data, s=clock.mono_s() - begun)
        if place is not None:
            told = {"provider": provider.name, "label": place.label, "lat": place.lat, "lon": place.lon}
            return {"state": FOUND, "failures": "; ".join(failures), **told}
    state = FAILED if len(failures) == len(rules.provider) else NOTHING
    return {"state": state, "failures": "; ".join(failures)}


def _keep(tx: Tx, lookup_id: str, answer: dict[str, Any]) -> None:
    row = tx.session.get(AddressLookup, lookup_id, with_for_update=True)
    if row is not None:
        for key, value in {**answer, "answered_ms": tx.now_ms}.items():
            setattr(row, key, value)
