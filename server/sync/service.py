"""Exchanges a phone's events for results and changes: each event in a transaction of its own, done once for good."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts import service as account_service
from server.accounts.models import Device
from server.core import held, texts
from server.core.calls import Services
from server.core.gathering import Ahead
from server.core.unit_of_work import Actor, Tx
from server.devices import service as devices
from server.dispatch import repository as dispatch
from server.positions import service as positions
from server.sync import answering, conflicts, effects, orderless, origins, repository
from server.sync.models import ProcessedEvent, Quarantine
from server.visits import moments
from server.visits import service as visits
from server.visits.service import Sender
from server.work_orders import repository as work_orders
from server.work_orders.service import Desk
from shared import events, facts, wire
from shared.errors import DomainError

_log = structlog.get_logger(__name__)

# A phone with nothing to say is noted as seen at most this often; it counts as silent after 90 s.
_CONTACT_MS: Final = 30_000
_MOST_EVENTS: Final = 1_000_000_000  # what a column takes; nobody makes so many
_MOST_POSITIONS: Final = 500  # a phone keeps 60; what somebody else sends must not hold the writer up
_LONGEST_ID: Final = 36
_INTENTS: Final = frozenset(
    str(kind.__struct_config__.tag) for kind in (facts.AssignmentAccepted, facts.AssignmentDeclined)
)


class _LooseEvent(msgspec.Struct, frozen=True):
    """As much of an unreadable event as may still be legible."""

    id: Any = ""
    work_order_id: Any = ""
    assignment_id: Any = ""
    body: Any = None


def exchange(services: Services, device: Device, request: wire.SyncRequest) -> wire.SyncResponse:
    """Handle a phone's events, then return what changed for it. Raises DomainError `too_many_events`."""
    if len(request.events) + sum(len(told.events) for told in request.earlier) > wire.EVENTS_PER_SYNC:
        raise DomainError("too_many_events", limit=wire.EVENTS_PER_SYNC)
    with services.parking.calling(device.id):
        answer = _exchange(services, device, request)
        services.parking.note_told(device.id, answer.cursor)
    return answer


def _exchange(services: Services, device: Device, request: wire.SyncRequest) -> wire.SyncResponse:
    actor = account_service.device_actor(device)
    boots = moments.learn(device.boots, request.boot_id, request.sent_mono_ms, services.uow.clock.now_ms())
    sender = Sender(device_id=device.id, technician_id=device.technician_id, boots=boots)
    earlier = [result for told in request.earlier for result in _file_earlier(services, device, told, boots)]
    results = (*earlier, *file_events(services, actor, sender, [bytes(raw) for raw in request.events]))
    if boots != device.boots:
        services.parking.note_boots(device.id, boots)
        _write_unless_watched(services)
    _note_unsent(services, device, request, results)
    if request.signing:
        services.uow.run(actor, lambda tx: conflicts.note_signing(tx, device, request.signing[:_LONGEST_ID]))
    note = functools.partial(_note_contact, device_id=device.id, request=request)
    if request.positions or request.guard:
        services.uow.run(actor, note)
    elif services.uow.clock.now_ms() - device.last_seen_ms > _CONTACT_MS:
        _note_seen(services, device)
    answer, has_turned = answering.answer(services, device, request, results)
    if has_turned and not request.positions:
        services.uow.run(actor, note)
    return answer


def _file_earlier(
    services: Services, device: Device, told: wire.EarlierEvents, boots: dict[str, int]
) -> tuple[wire.EventResult, ...]:
    """File events from before a phone was enrolled anew as those of that time; the unproved wait for a person."""
    raws, actor = [bytes(raw) for raw in told.events], account_service.device_actor(device)
    sender = services.uow.read(lambda session: origins.find_sender(session, device, told, boots))
    if sender is not None:
        return file_events(services, dataclasses.replace(actor, id=sender.technician_id), sender, raws)
    own = Sender(device_id=device.id, technician_id=device.technician_id)
    reason = f"in the name of device {told.device_id[:64]} of {told.technician_id[:64]}"
    keep = functools.partial(quarantine, sender=own, reason=reason)
    return tuple(services.uow.run(actor, functools.partial(keep, raw=raw)) for raw in raws)


def _note_unsent(
    services: Services, device: Device, request: wire.SyncRequest, results: Sequence[wire.EventResult]
) -> None:
    """Note how many events are on the phone only, when that has changed: the desk sees it (reliability 3.2)."""
    if request.outbox is None:
        return
    kept = sum(result.outcome != "retry" for result in results)
    given, unsent = request.outbox.given, request.outbox.unsent - kept
    told = min(max(given, 0), _MOST_EVENTS), min(max(unsent, 0), _MOST_EVENTS)
    if told != (device.given_dseq, device.unsent):
        services.parking.note_unsent(device.id, *told)
        _write_unless_watched(services)


def _note_seen(services: Services, device: Device) -> None:
    """Note that a phone is alive; where many share a process they are written down together, a moment later."""
    services.parking.note_seen(device.id, services.uow.clock.now_ms())
    _write_unless_watched(services)


def _write_unless_watched(services: Services) -> None:
    parking = services.parking
    if not parking.is_watched:
        contacts = parking.take_contacts()
        services.uow.database.write(lambda session: accounts.note_contacts(session, *contacts))


def look(services: Services, device: Device, request: wire.SyncRequest) -> wire.SyncResponse:
    """Return what changed for a phone since its call; nothing of the call is handled again."""
    return answering.answer(services, device, request, ())[0]


def file_events(services: Services, actor: Actor, sender: Sender, raws: list[bytes]) -> tuple[wire.EventResult, ...]:
    """Handle each event for itself, in the phone's order; all are committed before the first answer is given."""
    desk = desk_of(services)
    works = [functools.partial(_handle, sender=sender, raw=raw, desk=desk) for raw in raws]
    seen = [_glance(raw) for raw in raws]
    doubtful = {place for place, event in enumerate(seen) if _is_intent(event)}
    outcomes = services.uow.run_all(actor, works, doubtful, Ahead(_look_ahead, (sender.device_id, seen)))
    return tuple(
        _failed(services, actor, sender, raw, outcome) if isinstance(outcome, Exception) else outcome
        for raw, outcome in zip(raws, outcomes, strict=True)
    )


def desk_of(services: Services) -> Desk:
    """Return the settings by which an order that a phone reports is opened."""
    settings = services.settings
    return Desk(sla_profile=settings.sla_profile, time_zone=settings.time_zone, jurisdiction=settings.jurisdiction)


def _handle(tx: Tx, sender: Sender, raw: bytes, desk: Desk) -> wire.EventResult:
    try:
        event = msgspec.json.decode(raw, type=wire.PhoneEvent)
    except (msgspec.MsgspecError, DomainError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return quarantine(tx, sender, raw, str(error), "unreadable_event")
    return _apply_once(tx, sender, event, raw, desk)


def _glance(raw: bytes) -> _LooseEvent:
    """Return what can be read of an event at a glance; nothing of the unreadable."""
    try:
        return msgspec.json.decode(raw, type=_LooseEvent)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _LooseEvent()


def _is_intent(event: _LooseEvent) -> bool:
    """Tell whether an event asks for something that may be refused; the unreadable asks for nothing."""
    kind = event.body.get("type") if isinstance(event.body, dict) else None
    return isinstance(kind, str) and kind in _INTENTS


def _look_ahead(session: orm.Session, wishes: Sequence[tuple[str, Sequence[_LooseEvent]]]) -> None:
    """Read at once what the events of phones, by device, are about to ask for one by one."""
    found = [(device_id, event) for device_id, events in wishes for event in events]
    keys = {(device_id, event_id) for device_id, event in found if (event_id := _short(event.id))}
    repository.look_for_processed(session, keys)
    conflicts.look_for_newer_phones(session, {device_id for device_id, _ in wishes})
    if len(wishes) == 1:  # one phone's facts are mostly about one visit: it is read once as it is
        visits.look_for_facts(session, {event_id for _, event_id in keys})
        return
    assignment_ids = {_short(event.assignment_id) for _, event in found} - {""}
    work_orders.look_for_orders(session, {_short(event.work_order_id) for _, event in found} - {""})
    dispatch.look_for_assignments(session, assignment_ids)
    visits.look_for_facts(session, {event_id for _, event_id in keys}, assignment_ids)


def _short(told: Any) -> str:
    return told[:64] if isinstance(told, str) else ""


def _failed(services: Services, actor: Actor, sender: Sender, raw: bytes, error: Exception) -> wire.EventResult:
    """Answer an event whose transaction was undone: a refused intent for good, anything else is tried again."""
    if isinstance(error, (OverflowError, sa.exc.DataError)):
        # Readable, but nothing that a database takes: sending it again would never help.
        keep = functools.partial(quarantine, sender=sender, raw=raw, reason="out of range", code="unreadable_event")
        return services.uow.run(actor, keep)
    if not isinstance(error, DomainError):
        # A bug must not lose evidence: the phone keeps the event and tries again.
        _log.error("event failed", exc_info=error)
        return _result(_legible_id(raw), "retry", "internal")
    # An intent came too late: the refusal itself is remembered, so that a repeat gets the same word.
    event = msgspec.json.decode(raw, type=wire.PhoneEvent)
    reject = functools.partial(_reject, sender=sender, event=event, raw=raw, refused=error)
    return services.uow.run(actor, reject)


def _apply_once(tx: Tx, sender: Sender, event: wire.PhoneEvent, raw: bytes, desk: Desk) -> wire.EventResult:
    digest = _digest(event)
    done = repository.find_processed(tx.session, sender.device_id, event.id)
    if done is not None:
        if done.body_hash != digest:
            return quarantine(tx, sender, raw, "same id, other content", "event_id_reused", event.id)
        return msgspec.structs.replace(msgspec.convert(done.result, wire.EventResult), outcome="duplicate")
    filed = effects.find_filed(tx, sender, event)
    if filed == "same":
        return _result(event.id, "duplicate")
    if filed == "other":
        return quarantine(tx, sender, raw, "the id is taken by another fact", "event_id_reused", event.id)
    result = _apply(tx, sender, event, raw, desk)
    _remember(tx, sender, event.id, digest, result)
    return result


def _apply(tx: Tx, sender: Sender, event: wire.PhoneEvent, raw: bytes, desk: Desk) -> wire.EventResult:
    if type(event.body) in orderless.TAKERS:
        flags = orderless.take(tx, sender, event, desk)
        return _result(event.id, "flagged" if flags else "applied", f"flag.{flags[0]}" if flags else "", flags)
    case = effects.find_case(tx, sender, event, desk)
    if case is None:
        return quarantine(tx, sender, raw, "this technician never had the order", "order_not_here", event.id)
    if event.body.intent:
        if (refused := effects.find_refusal(case)) is not None:
            return _rejected(event, refused)
        effects.apply_intent(case)
        return _result(event.id, "applied")
    outcome, flags = effects.apply_fact(case)
    return _result(event.id, outcome, f"flag.{flags[0]}" if flags else "", flags)


def _reject(tx: Tx, sender: Sender, event: wire.PhoneEvent, raw: bytes, refused: DomainError) -> wire.EventResult:
    if not event.body.intent:
        return quarantine(tx, sender, raw, str(refused), refused.code, event.id)
    result = _rejected(event, refused)
    if repository.find_processed(tx.session, sender.device_id, event.id) is None:
        _remember(tx, sender, event.id, _digest(event), result)
    return result


def _rejected(event: wire.PhoneEvent, refused: DomainError) -> wire.EventResult:
    text = texts.catalog().both(f"error.{refused.code}", **refused.data)
    return wire.EventResult(id=event.id, outcome="rejected", code=refused.code, text=text)


def _remember(tx: Tx, sender: Sender, event_id: str, digest: str, result: wire.EventResult) -> None:
    row = ProcessedEvent(
        device_id=sender.device_id,
        event_id=event_id,
        body_hash=digest,
        result=msgspec.to_builtins(result),
        at_ms=tx.now_ms,
    )
    tx.session.add(row)
    held.put(tx.session, ProcessedEvent, (sender.device_id, event_id), row)


def quarantine(
    tx: Tx, sender: Sender, raw: bytes, reason: str, code: str = "order_not_here", event_id: str = ""
) -> wire.EventResult:
    """Keep what cannot be filed as it came, once, and tell people; the phone may let go of it."""
    raw_hash = hashlib.sha256(raw).hexdigest()
    if repository.find_quarantined(tx.session, sender.device_id, raw_hash) is None:
        row = Quarantine(
            id=tx.new_id(),
            branch_id=tx.branch_id,
            device_id=sender.device_id,
            raw=raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00"),
            raw_hash=raw_hash,
            reason=reason[:500],
            at_ms=tx.now_ms,
        )
        tx.session.add(row)
        tx.record(
            events.FACT_QUARANTINED, {"device_id": sender.device_id, "reason": reason[:500], "quarantine_id": row.id}
        )
    return _result(event_id or _legible_id(raw), "quarantined", code, ("quarantined",))


def _legible_id(raw: bytes) -> str:
    return str(_glance(raw).id)[:64]


def _digest(event: wire.PhoneEvent) -> str:
    """Return the hash of what an event says; when it was sent again plays no part."""
    parts = (event.work_order_id, event.assignment_id, event.epoch, event.occurred.wall_ms, event.body, event.files)
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def _result(event_id: str, outcome: str, code: str = "", flags: tuple[str, ...] = ()) -> wire.EventResult:
    key = code if "." in code else f"error.{code}"
    text = texts.catalog().both(key) if code else {}
    return wire.EventResult(id=event_id, outcome=outcome, code=code, text=text, flags=flags)


def _note_contact(tx: Tx, device_id: str, request: wire.SyncRequest) -> None:
    device = accounts.find_device(tx.session, device_id)
    if device is None:
        return
    device.last_seen_ms = max(device.last_seen_ms, tx.now_ms)
    if request.guard:
        devices.note_guard(tx, device_id, request.guard)
    positions.pause(tx.session, device.technician_id, is_paused=request.location_paused, now_ms=tx.now_ms)
    positions.keep(tx.session, {device.technician_id: _read_positions(device_id, request)}, tx.now_ms)
    positions.keep_purging(tx)


def _read_positions(device_id: str, request: wire.SyncRequest) -> Iterator[wire.Position]:
    for raw in request.positions[:_MOST_POSITIONS]:
        try:
            yield msgspec.json.decode(raw, type=wire.Position)
        except (msgspec.MsgspecError, DomainError, UnicodeDecodeError, RecursionError):
            _log.info("position unreadable", device_id=device_id)
