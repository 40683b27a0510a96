"""What phones are answered: their changes and standing, read at once for all who call at the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import orm

from server.accounts import repository as accounts
from server.accounts.models import Device
from server.core import journal, recovery
from server.core.calls import Services
from server.devices import service as devices
from server.dispatch import posting
from server.messages import service as messages
from server.sync import changes, repository
from server.sync.repository import Standing
from shared import wire

_DUTY_AHEAD_MS: Final = 24 * 3_600_000

Results = tuple[wire.EventResult, ...]


class Question(NamedTuple):
    """One call, after what it brought was filed."""

    services: Services
    device: Device
    request: wire.SyncRequest
    results: Results


class _Start(NamedTuple):
    """From where in its feed a phone is told, and whether it begins afresh."""

    cursor: int
    is_lost: bool


def answer(
    services: Services, device: Device, request: wire.SyncRequest, results: Results
) -> tuple[wire.SyncResponse, bool]:
    """Return the answer, and whether the technician has paused his location or goes on: one reading for both."""
    return services.uow.read_together(_answer_all, Question(services, device, request, results))


def _answer_all(session: orm.Session, questions: Sequence[Question]) -> list[tuple[wire.SyncResponse, bool]]:
    services = questions[0].services
    now_ms, profile = services.uow.clock.now_ms(), services.settings.sla_profile
    standings = repository.map_standings(session, {asked.device.id for asked in questions})
    starts = [_start(asked.request, standings[asked.device.id]) for asked in questions]
    feeds = _feeds(session, questions, standings, starts)
    told = [
        changes.Reading(q.device.branch_id, q.device.technician_id, f) for q, f in zip(questions, feeds, strict=True)
    ]
    found = changes.list_changes(session, told, now_ms, profile)
    who = [asked.device.technician_id for asked in questions]
    duty = accounts.map_shifts_of(session, who, now_ms, now_ms + _DUTY_AHEAD_MS)
    answers = []
    for asked, start, records in zip(questions, starts, found, strict=True):
        standing = standings[asked.device.id]
        if standing.demanded:
            response = _demand(standing, asked, now_ms)
        else:
            spans = tuple(duty.get(asked.device.technician_id, ()))
            response = _response(session, asked, standing, start, records, spans, now_ms)
        answers.append((response, (standing.paused_ms is not None) != asked.request.location_paused))
    return answers


def _start(request: wire.SyncRequest, standing: Standing) -> _Start:
    is_other_generation = bool(request.gen) and request.gen != standing.generation
    # A phone that the desk has unlocked reads everything afresh: its feed stood still meanwhile.
    is_beyond = request.cursor > standing.head or request.cursor < 0
    is_lost = is_other_generation or is_beyond or request.guard == "locked"
    return _Start(0 if is_lost else request.cursor, is_lost)


def _feeds(
    session: orm.Session, questions: Sequence[Question], standings: dict[str, Standing], starts: Sequence[_Start]
) -> list[list[tuple[int, journal.Event]]]:
    """Return what each phone is told of; one that must lock or wipe itself is told of nothing."""
    asked = []
    for question, start in zip(questions, starts, strict=True):
        standing = standings[question.device.id]
        asked.append((question.device.id, start.cursor, start.cursor if standing.demanded else standing.head))
    return journal.list_feeds(session, asked, wire.CHANGES_PER_SYNC)


def _response(
    session: orm.Session,
    asked: Question,
    standing: Standing,
    start: _Start,
    found: tuple[wire.Change, ...],
    duty: tuple[tuple[int, int], ...],
    now_ms: int,
) -> wire.SyncResponse:
    technician_id = asked.device.technician_id
    new_cursor = found[-1].seq if found else start.cursor
    return wire.SyncResponse(
        gen=standing.generation,
        at_ms=now_ms,
        results=asked.results,
        changes=found,
        cursor=new_cursor,
        more=new_cursor < standing.head,
        reset=start.is_lost,
        duty=duty,
        messages=messages.list_for_phone(session, technician_id) if standing.has_messages else (),
        wait_at=posting.find_words(session, technician_id) if standing.has_post else "",
        order="unlock" if asked.request.guard == "locked" else "",
        recovery_key=recovery.public_hex(asked.services.settings.data_dir) if start.cursor == 0 else "",
        test_push=devices.view_push(session, technician_id, now_ms) if standing.has_push else None,
    )


def _demand(standing: Standing, asked: Question, now_ms: int) -> wire.SyncResponse:
    """Answer a phone that must lock or wipe itself: its evidence is taken, nothing of anybody is told to it."""
    request = asked.request
    return wire.SyncResponse(
        gen=standing.generation if request.gen in {"", standing.generation} else request.gen,
        at_ms=now_ms,
        results=asked.results,
        changes=(),
        cursor=max(0, request.cursor),
        order=standing.demanded,
        recovery_key=recovery.public_hex(asked.services.settings.data_dir),
    )
