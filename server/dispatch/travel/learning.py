"""Learns from a branch's trips and keeps what was learnt as dated rows: by command, and once a day by the worker."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from sqlalchemy import orm

from routing.problem import Place
from server.accounts import repository as accounts
from server.core import clock
from server.core.unit_of_work import Actor, Tx, UnitOfWork
from server.dispatch.durations import learning as durations
from server.dispatch.rules import travel_profile
from server.dispatch.travel import desk, repository
from server.dispatch.travel.calibration import Band, Calibration, Drive, calibrate, sift, straight_m
from server.dispatch.travel.desk import ROADGRAPH
from server.dispatch.travel.models import TravelCalibration, Trip
from server.dispatch.travel.rules import travel_rules
from server.dispatch.travel.straight import STRAIGHT

if TYPE_CHECKING:  # scipy, only where a branch has a road graph
    from server.dispatch.travel.roadgraph import RoadGraph

_log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 600.0
_DAY_MS: Final = 86_400_000
# A search for each trip: the newest ones are enough.
_MOST_ROAD_TRIPS: Final = 1000


def learn_branch(uow: UnitOfWork, branch_id: str, time_zone: str) -> dict[str, Calibration]:
    """Fit a branch's trips for each provider that it can use; keep and return what they taught.

    Reading and fitting hold no lock; one short transaction writes the rows.
    """
    now_ms = uow.clock.now_ms()
    since_ms = now_ms - travel_rules().calibration.days * _DAY_MS
    trips = uow.read(lambda session: repository.list_trips(session, branch_id, since_ms))
    terms = uow.read(lambda session: desk.read_terms(session, branch_id))
    drives = [_drive(trip, time_zone) for trip in trips]
    made_on = dt.datetime.fromtimestamp(now_ms / 1000, zoneinfo.ZoneInfo(time_zone)).date().isoformat()
    found = {STRAIGHT: fit_straight(drives, made_on)}
    graph = desk.find_loaded_graph(terms)
    if graph is not None:
        found[ROADGRAPH] = fit_roads(graph, drives[-_MOST_ROAD_TRIPS:], made_on)
    uow.run(Actor.system(branch_id), lambda tx: _keep(tx, found))
    return found


def fit_straight(drives: Sequence[Drive], made_on: str) -> Calibration:
    """Return what trips teach about straight lines: start-up seconds, and seconds per straight metre."""
    rules = travel_rules().calibration
    kept, ignored = sift(drives, rules)
    return calibrate(
        [straight_m(drive) for drive in kept],
        kept,
        pace_bounds=rules.pace_bounds(travel_profile().detour),
        rules=rules,
        made_on=made_on,
        ignored=ignored,
    )


def fit_roads(graph: RoadGraph, drives: Sequence[Drive], made_on: str) -> Calibration:
    """Return what trips teach about a road graph: start-up seconds, and driven over computed seconds."""
    rules = travel_rules().calibration
    believed, ignored = sift(drives, rules)
    ends = [(drive.start, drive.end) for drive in believed if drive.start is not None and drive.end is not None]
    lengths = graph.list_drives_s([start for start, _ in ends], [end for _, end in ends])
    kept = [(length, drive) for length, drive in zip(lengths, believed, strict=True) if length is not None]
    if len(kept) < len(believed):
        ignored["off_road"] = len(believed) - len(kept)
    return calibrate(
        [length for length, _ in kept],
        [drive for _, drive in kept],
        pace_bounds=rules.pace_bounds(None),
        rules=rules,
        made_on=made_on,
        ignored=ignored,
    )


def list_branch_ids(session: orm.Session) -> list[str]:
    """Return all branches."""
    return [branch.id for branch in accounts.list_branches(session)]


def describe(provider: str, calibration: Calibration) -> list[str]:
    """Return what was learnt as lines for an operator: hours, start-up, pace, trips, error; then what was ignored."""
    bands = [*([calibration.whole] if calibration.whole else []), *calibration.bands]
    lines = [f"{provider} {_line(band, is_scale=provider != STRAIGHT)}" for band in bands]
    ignored = ", ".join(f"{reason} {count}" for reason, count in sorted(calibration.ignored.items()))
    return [*(lines or [f"{provider}: too few trips"]), *([f"{provider} ignored: {ignored}"] if ignored else [])]


def _line(band: Band, *, is_scale: bool) -> str:
    pace = f"x {band.pace:.2f}" if is_scale else f"{1000 * band.pace:.0f} s/km"
    hours = f"{band.from_hour:02d}-{band.until_hour:02d}h"
    return f"{hours}: {band.start_up_s:.0f} s + {pace}, n={band.trips}, median error {100 * band.error:.1f} %"


def learn_daily(uow: UnitOfWork, branch_ids: Sequence[str], time_zone: str) -> int:
    """Learn anew for every branch whose figures are older than the rules allow; return for how many."""
    due = [branch_id for branch_id in branch_ids if _is_due(uow, branch_id)]
    for branch_id in due:
        learnt = learn_branch(uow, branch_id, time_zone)
        _log.info("travel times learnt", branch_id=branch_id, **{name: one.label for name, one in learnt.items()})
    return len(due)


class Learner:
    """Looks now and then whether a branch's figures are due to be learnt anew: of travel, and of visits."""

    def __init__(self, uow: UnitOfWork, time_zone: str) -> None:
        """The first look is taken at once."""
        self._uow, self._time_zone = uow, time_zone
        self._next_s = 0.0

    def learn_if_due(self, branch_ids: Sequence[str]) -> int:
        """Learn for the branches that are due, unless somebody looked a moment ago; return for how many."""
        if clock.mono_s() < self._next_s:
            return 0
        self._next_s = clock.mono_s() + _LOOK_EVERY_S
        durations.learn_daily(self._uow, branch_ids)
        return learn_daily(self._uow, branch_ids, self._time_zone)


def _is_due(uow: UnitOfWork, branch_id: str) -> bool:
    """Tell whether the newest figures, or the first trips that nothing was learnt from, are old enough."""
    before_ms = uow.clock.now_ms() - travel_rules().calibration.refresh_every_s * 1000
    newest = uow.read(lambda session: repository.find_calibration(session, branch_id, STRAIGHT))
    if newest is not None:
        return newest.made_ms <= before_ms
    first_ms = uow.read(lambda session: repository.find_first_trip_ms(session, branch_id))
    return first_ms is not None and first_ms <= before_ms


def _drive(trip: Trip, time_zone: str) -> Drive:
    begun = dt.datetime.fromtimestamp(trip.departed_ms / 1000, zoneinfo.ZoneInfo(time_zone))
    arrived_ms = trip.departed_ms if trip.arrived_ms is None else trip.arrived_ms
    return Drive(
        _place(trip.from_lat, trip.from_lon),
        _place(trip.to_lat, trip.to_lon),
        trip.departed_ms / 1000,
        arrived_ms / 1000,
        begun.hour,
    )


def _place(lat: float | None, lon: float | None) -> Place | None:
    return None if lat is None or lon is None else Place(lat=lat, lon=lon)


def _keep(tx: Tx, found: dict[str, Calibration]) -> None:
    for provider, one in found.items():
        row = TravelCalibration(
            branch_id=tx.branch_id,
            provider=provider,
            made_ms=tx.now_ms,
            trips=one.whole.trips if one.whole else 0,
            error=one.whole.error if one.whole else None,
            calibration=msgspec.to_builtins(one),
        )
        tx.session.merge(row)
