"""Draws, changes and ends areas; says which hold at a place, and how many customers live in one."""

from __future__ import annotations

import enum
from typing import Any, Final

import msgspec
from sqlalchemy import orm

from server.core.unit_of_work import Tx
from server.customers import repository as customers
from server.outages import repository, shapes
from server.outages.models import Area
from shared import events
from shared.errors import DomainError

_LONGEST_NAME, _LONGEST_NOTE = 80, 1000
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000


class Kind(enum.StrEnum):
    """What an area says."""

    PLANNED = "planned"
    EMERGENCY = "emergency"
    SERVICE = "service"


_OFF: Final = (Kind.PLANNED.value, Kind.EMERGENCY.value)


class AreaRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An area as it is drawn: ring of [longitude, latitude] in degrees, times in Unix ms; `ver` of what was changed."""

    kind: Kind
    name: str
    ring: list[tuple[float, float]]
    note: str = ""
    from_ms: int | None = None
    until_ms: int | None = None
    ver: int = 0

    def __post_init__(self) -> None:
        """Refuse nameless and endless texts, and times the wrong way round. Raises DomainError."""
        if not self.name.strip():
            raise DomainError("area_invalid", reason="name")
        if len(self.name) > _LONGEST_NAME or len(self.note) > _LONGEST_NOTE:
            raise DomainError("text_too_long")
        times = [at for at in (self.from_ms, self.until_ms) if at is not None]
        if any(not _EARLIEST_MS <= at <= _LATEST_MS for at in times) or times != sorted(times):
            raise DomainError("window_invalid")


def draw(tx: Tx, request: AreaRequest) -> Area:
    """Keep a new area. Raises DomainError `area_invalid`."""
    area = Area(id=tx.new_id(), branch_id=tx.branch_id, drawn_by=tx.actor.id, ver=0)
    _fill(tx, area, request)
    tx.session.add(area)
    tx.record(events.AREA_DRAWN, _told(area))
    return area


def change(tx: Tx, area_id: str, request: AreaRequest) -> Area:
    """Change an area that somebody saw at `ver`. Raises `not_found`, `version_conflict`, `area_invalid`."""
    area = repository.get_area(tx.session, tx.branch_id, area_id)
    if area.ver != request.ver:
        raise DomainError("version_conflict", ver=area.ver)
    _fill(tx, area, request)
    tx.record(events.AREA_DRAWN, _told(area))
    return area


def end(tx: Tx, area_id: str) -> None:
    """End an area: gas is back, or it was drawn by mistake. Raises `not_found`."""
    area = repository.get_area(tx.session, tx.branch_id, area_id)
    if area.ended_ms is None:
        area.ended_ms, area.ver = tx.now_ms, area.ver + 1
        tx.record(events.AREA_ENDED, {"area_id": area.id, "name": area.name})


def _fill(tx: Tx, area: Area, request: AreaRequest) -> None:
    ring = shapes.check_ring(request.ring)
    area.kind, area.name, area.note = request.kind.value, request.name.strip(), request.note.strip()
    area.ring = [[lon, lat] for lon, lat in ring]
    area.from_ms, area.until_ms = request.from_ms, request.until_ms
    area.ver, area.changed_ms = area.ver + 1, tx.now_ms


def _told(area: Area) -> dict[str, Any]:
    keys = ("kind", "name", "ring", "from_ms", "until_ms", "ver")
    return {"area_id": area.id, **{key: getattr(area, key) for key in keys}}


def list_at(session: orm.Session, branch_id: str, lat: float, lon: float, now_ms: int) -> list[Area]:
    """Return the areas in which a place lies now; those that begin later are left out."""
    standing = repository.list_standing(session, branch_id, now_ms)
    return [a for a in standing if (a.from_ms or 0) <= now_ms and shapes.is_inside(_points(a), lat, lon)]


def count_customers(session: orm.Session, area: Area) -> int:
    """Return how many of the branch's customers live in an area; those without a place are not counted."""
    points = _points(area)
    lons, lats = [lon for lon, _ in points], [lat for _, lat in points]
    homes = customers.list_places_within(session, area.branch_id, min(lats), min(lons), max(lats), max(lons))
    return sum(shapes.is_inside(points, lat, lon) for lat, lon in homes)


def is_gas_off(area: Area) -> bool:
    """Tell whether an area says that there is no gas."""
    return area.kind in _OFF


def _points(area: Area) -> list[shapes.Point]:
    return [(lon, lat) for lon, lat in area.ring]
