"""A run of the generated town: its company, customers, roads, and one day's reports."""

from __future__ import annotations

import datetime as dt
import functools
import statistics
import zoneinfo
from typing import Any, Final

from deploy.demo.cast import Call, Crew, Drive, Play, Point, Truth
from deploy.demo.travel_rules import with_straight_line
from deploy.demo_town import company, town
from deploy.demo_town.day import Report
from deploy.demo_town.roads import CENTER
from deploy.demo_town.town import Town
from routing.problem import Place
from routing.travel import distances_m

_ZONE: Final = "Asia/Shanghai"
_START_H: Final = 5.5
_LENGTH_H: Final = 30
_HOUR_S: Final = 3600
_TICK_S: Final = 60
_SAMPLE: Final = 60


def make_town_play(seed: int, day: dt.date, orders: int) -> Play:
    """Return the run of one day of the town."""
    place = town.generate(seed, day, orders)
    midnight_ms = _midnight_ms(day)
    start_ms = midnight_ms + round(_START_H * _HOUR_S * 1000)
    return Play(
        name={"zh_CN": f"{place.names.town[0]}燃气", "en": f"{place.names.town[1]} Gas"},
        center=CENTER,
        start_ms=start_ms,
        end_ms=start_ms + _LENGTH_H * _HOUR_S * 1000,
        time_zone=_ZONE,
        crews=tuple(_crew(s, midnight_ms) for s in place.staff),
        customers=tuple(c.row for c in place.customers),
        calls=tuple(_call(i, r, midnight_ms) for i, r in enumerate(place.reports)),
        drive=functools.partial(_drive, place),
        basemap=place.basemap,
        overrides={"travel-2026.toml": fitted_travel(place)},
    )


def _midnight_ms(day: dt.date) -> int:
    return round(dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(_ZONE)).timestamp() * 1000)


def _crew(member: company.Staff, midnight_ms: int) -> Crew:
    days = (0, 24)
    hours = sorted({(start + shift, end + shift) for start, end in member.hours for shift in days})
    shifts = tuple((midnight_ms + round(a * _HOUR_S * 1000), midnight_ms + round(b * _HOUR_S * 1000)) for a, b in hours)
    home = (member.row["home_lat"], member.row["home_lon"])
    instrument = member.instrument
    return Crew(
        member.id, member.row["name"], member.row, shifts, home, instrument["serial"], instrument["valid_until"]
    )


def _call(index: int, report: Report, midnight_ms: int) -> Call:
    at_ms = midnight_ms + report.at_s * 1000
    body: dict[str, Any] = dict(report.body)
    if report.window_h is not None:
        body["window_start_ms"] = midnight_ms + report.window_h[0] * _HOUR_S * 1000
        body["window_end_ms"] = midnight_ms + report.window_h[1] * _HOUR_S * 1000
    return Call(at_ms, f"town-{index:04d}", body, Truth(**report.truth))


def _drive(place: Town, start: Point, end: Point) -> Drive:
    """Return a drive on the town's roads, with a point about every minute."""
    seconds, corners = place.driving.drive(start, end)
    points: list[tuple[int, float, float]] = []
    for corner in corners:
        if not points or corner[0] - points[-1][0] >= _TICK_S:
            points.append(corner)
    return Drive(seconds, tuple(points))


def fitted_travel(place: Town) -> str:
    """Return the planner's straight-line profile fitted to the town's roads: t = start-up + distance / speed."""
    homes = [(c.row["lat"], c.row["lon"]) for c in place.customers[:_SAMPLE]]
    places = [Place(lat=lat, lon=lon) for lat, lon in homes]
    straight = distances_m(places, places)
    pairs = [(i, j) for i in range(_SAMPLE) for j in range(0, _SAMPLE, 7) if i != j]
    metres = [float(straight[i][j]) for i, j in pairs]
    seconds = [float(place.driving.drive(homes[i], homes[j])[0]) for i, j in pairs]
    slope, start_up = statistics.linear_regression(metres, seconds)
    detour = 1.25
    return with_straight_line(
        "town",
        f"fitted to the roads of {place.names.town[1]}",
        detour=detour,
        speed_km_h=round(detour / slope * 3.6, 1),
        start_up_s=max(0, round(start_up)),
    )
