"""Takes in that a technician is not there, and that he is back; what the planner then may count on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec
from sqlalchemy import orm

from routing.problem import Break, Place, Technician
from server.absences import repository
from server.absences.models import Absence
from server.accounts import repository as accounts
from server.core import deadlines
from server.core.unit_of_work import Tx
from shared import events
from shared.errors import DomainError

BEGINS: Final = "absence_begins"
OVER: Final = "absence_over"
_LONGEST_NOTE: Final = 500
_DAY_MS: Final = 86_400_000
# Long enough that no grace at the end of a shift reaches it, short enough that it is over before the next one.
_REST_MS: Final = 2 * 3_600_000


class AbsenceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician is not there: why, from when (now) until when (the end of his shift), and where he stands."""

    reason: Literal["ill", "breakdown", "other"]
    from_ms: int | None = None
    until_ms: int | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    note: str = ""


def report_absence(tx: Tx, technician_id: str, request: AbsenceRequest) -> Absence:
    """Write an absence down; one that begins later falls due then.

    Raises DomainError `not_found`, `absence_reversed`, `text_too_long`.
    """
    technician = accounts.get_technician(tx.session, tx.branch_id, technician_id)
    from_ms = max(tx.now_ms, request.from_ms or 0)
    if request.until_ms is not None and request.until_ms <= from_ms:
        raise DomainError("absence_reversed")
    if len(request.note) > _LONGEST_NOTE:
        raise DomainError("text_too_long")
    has_place = request.lat is not None and request.lon is not None
    row = Absence(
        id=tx.new_id(),
        branch_id=tx.branch_id,
        technician_id=technician.id,
        reason=request.reason,
        note=request.note,
        from_ms=from_ms,
        until_ms=request.until_ms,
        lat=request.lat if has_place else technician.lat,
        lon=request.lon if has_place else technician.lon,
        reported_ms=tx.now_ms,
        reported_by=tx.actor.id,
    )
    tx.session.add(row)
    tx.session.flush()
    _announce(tx, row)
    return row


def _after_shift_ms(tx: Tx, technician_id: str, from_ms: int) -> int | None:
    """Return when an absence without an end is over: well after the shift that runs or comes next within a day."""
    shifts = accounts.list_shifts(tx.session, tx.branch_id, from_ms, from_ms + _DAY_MS)
    ends_ms = next((shift.end_ms for shift in shifts if shift.technician_id == technician_id), None)
    return None if ends_ms is None else ends_ms + _REST_MS


def _announce(tx: Tx, row: Absence) -> None:
    span = {"from_ms": row.from_ms, "until_ms": row.until_ms}
    data = {"absence_id": row.id, "technician_id": row.technician_id, "reason": row.reason, **span}
    tx.record(events.TECHNICIAN_ABSENT, data, technicians=(row.technician_id,))
    if row.from_ms > tx.now_ms:
        deadlines.schedule(tx, BEGINS, row.id, row.from_ms, {"absence_id": row.id})
    over_ms = row.until_ms or _after_shift_ms(tx, row.technician_id, row.from_ms)
    if over_ms is not None:
        deadlines.schedule(tx, OVER, row.id, over_ms, {"absence_id": row.id})


def end_absence(tx: Tx, absence_id: str) -> Absence:
    """Take a technician back before his absence was to end. Raises DomainError `not_found`, `absence_over`."""
    row = repository.get_absence(tx.session, tx.branch_id, absence_id)
    if row.ended_ms is not None or (row.until_ms is not None and row.until_ms <= tx.now_ms):
        raise DomainError("absence_over")
    row.ended_ms = tx.now_ms
    tx.session.flush()
    for kind in (BEGINS, OVER):
        deadlines.cancel(tx, kind, row.id)
    record_back(tx, row)
    return row


def record_back(tx: Tx, row: Absence) -> None:
    """Journal that a technician may be given work again."""
    data = {"absence_id": row.id, "technician_id": row.technician_id, "reason": row.reason}
    tx.record(events.TECHNICIAN_BACK, data, technicians=(row.technician_id,))


def without_absent(
    session: orm.Session, branch_id: str, technicians: Iterable[Technician], now_ms: int
) -> list[Technician]:
    """Return the planner's technicians as their absences leave them.

    Who is away to the end of his shift is left out; who comes back within it is free then, where he stands; an
    absence still to come is the end of the shift or a rest of that length, and no leak is promised across it.
    """
    standing = repository.list_standing(session, branch_id, now_ms)
    found = []
    for technician in technicians:
        left: Technician | None = technician
        for row in standing:
            if left is not None and row.technician_id == technician.id:
                left = _as_left(left, row, now_ms)
        if left is not None:
            found.append(left)
    return found


def _as_left(technician: Technician, row: Absence, now_ms: int) -> Technician | None:
    ends_s = technician.shift_end_s if row.until_ms is None else min(row.until_ms // 1000, technician.shift_end_s)
    if row.from_ms > now_ms:
        return _leaves_later(technician, row.from_ms // 1000, ends_s)
    if ends_s >= technician.shift_end_s:
        return None
    place = technician.place if row.lat is None or row.lon is None else Place(lat=row.lat, lon=row.lon)
    available_s = max(technician.available_s, ends_s)
    return msgspec.structs.replace(technician, place=place, available_s=available_s, committed=(), leave=None)


def _leaves_later(technician: Technician, from_s: int, ends_s: int) -> Technician | None:
    if from_s >= technician.shift_end_s:
        return technician
    first_s = from_s if technician.away_from_s is None else min(from_s, technician.away_from_s)
    if ends_s >= technician.shift_end_s:
        if from_s <= technician.shift_start_s:
            return None
        return msgspec.structs.replace(technician, shift_end_s=from_s, away_from_s=first_s)
    away = Break(duration_s=ends_s - from_s, earliest_s=from_s, latest_s=from_s)
    return msgspec.structs.replace(technician, breaks=(*technician.breaks, away), away_from_s=first_s)
