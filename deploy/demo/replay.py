"""A run of imported real orders: every row of one day becomes a call, crews work round the clock (beyond.md, item 1).

The crews' travel and work are those of the published baseline, so that arrival shares can be compared: straight line
times 1.35 at 22 km/h, two minutes of hand-over, jobs log-normal with median 45 minutes and sigma 0.45.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import re
from pathlib import Path
from typing import Any, Final

from deploy.demo.cast import Call, Crew, Drive, Play, Point, Truth
from deploy.demo.travel_rules import with_straight_line
from server.core import texts
from server.intake import importing
from server.intake.importing import ImportRow, Preset
from shared.errors import DomainError

_DETOUR: Final = 1.35
_SPEED_M_S: Final = 22 / 3.6
# Reaction to the ring and getting to the van take about half a minute of the baseline's two minutes.
_START_UP_S: Final = 85
_PLANNER_START_UP_S: Final = 120
_MEDIAN_S: Final = 45 * 60
_SIGMA: Final = 0.45
# The published baseline draws start places from seed 1 and job lengths, in the order of the calls, from seed 7.
_START_SEED: Final = 1
_TRUTH_SEED: Final = 7
_OUTCOME_SEED: Final = 8
_EARTH_M: Final = 6_371_008.8
_DAY_MS: Final = 86_400_000
_TICK_S: Final = 120
_OUTCOMES: Final = (("all_clear", 0.45), ("repaired", 0.40), ("isolated", 0.15))
_SKILLS: Final = ("gas_leak", "co", "appliance", "meter", "inspection", "commissioning")


def make_play(path: Path, preset: Preset, day: str, crews: int) -> Play:
    """Return the run of one local day of a file. Raises DomainError `file_unreadable`, `no_rows`."""
    good, _bad = importing.read_rows(path, preset, day)
    if not good:
        raise DomainError("no_rows", file=path.name, day=day)
    good.sort(key=lambda r: (r.opened_ms, r.request.lat or 0.0, r.request.lon or 0.0))
    start_ms, end_ms = good[0].opened_ms - 600_000, good[-1].opened_ms + _DAY_MS
    places = [(r.request.lat or 0.0, r.request.lon or 0.0) for r in good]
    return Play(
        name={"zh_CN": f"回放 {day}", "en": f"Replay {day}"},
        center=places[len(places) // 2],
        start_ms=start_ms,
        end_ms=end_ms,
        time_zone=preset.time_zone,
        crews=tuple(_crews(crews, places, (start_ms - _DAY_MS, end_ms + _DAY_MS))),
        customers=(),
        calls=tuple(_calls(good)),
        drive=drive,
        basemap={},
        overrides={
            "triage-2026.toml": _with_mean_time(texts.read_data("triage-2026.toml").decode()),
            "travel-2026.toml": with_straight_line(
                "replay",
                "baseline of the replay",
                detour=_DETOUR,
                speed_km_h=round(_SPEED_M_S * 3.6, 3),
                start_up_s=_PLANNER_START_UP_S,
            ),
        },
    )


def _with_mean_time(rules: str) -> str:
    """Return the triage rules with the mean length of the replay's jobs as every kind's expected time on site."""
    mean_s = round(_MEDIAN_S * math.exp(_SIGMA**2 / 2))
    return re.sub(r"^expected_s = \d+$", f"expected_s = {mean_s}", rules, flags=re.MULTILINE)


def _crews(count: int, places: list[Point], shift: tuple[int, int]) -> list[Crew]:
    chance = random.Random(_START_SEED)
    valid_ms = shift[1] + _DAY_MS
    valid_until = dt.datetime.fromtimestamp(valid_ms / 1000, dt.UTC).date().isoformat()
    found = []
    for number in range(1, count + 1):
        lat, lon = places[chance.randrange(len(places))]
        row = {
            "name": f"{number}号班组",
            "name_en": f"Crew {number}",
            "skills": [{"name": name, "valid_until_ms": valid_ms} for name in _SKILLS],
            "instruments": [{"serial": f"GT-{number:03d}", "valid_until": valid_until}],
            "home_lat": lat,
            "home_lon": lon,
        }
        crew = Crew(f"crew-{number:02d}", str(row["name"]), row, (shift,), (lat, lon), f"GT-{number:03d}", valid_until)
        found.append(crew)
    return found


def _calls(rows: list[ImportRow]) -> list[Call]:
    lengths, chance = random.Random(_TRUTH_SEED), random.Random(_OUTCOME_SEED)
    found = []
    for row in rows:
        duration_s = round(lengths.lognormvariate(math.log(_MEDIAN_S), _SIGMA))
        outcome = chance.choices([name for name, _ in _OUTCOMES], [weight for _, weight in _OUTCOMES])[0]
        truth = Truth(duration_s=duration_s, outcome=outcome, opinion="满意")
        found.append(Call(row.opened_ms, row.source_ref, _report(row), truth))
    return found


def _report(row: ImportRow) -> dict[str, Any]:
    request = row.request
    keys = ("fault_kind", "location", "answers", "description", "address", "lat", "lon", "channel")
    return {key: getattr(request, key) for key in keys}


def drive(start: Point, end: Point) -> Drive:
    """Return a drive in a straight line at the baseline's speed, with a point every two minutes."""
    metres = _straight_m(start, end)
    seconds = _START_UP_S + round(_DETOUR * metres / _SPEED_M_S)
    points = []
    for second in range(_TICK_S, seconds, _TICK_S):
        share = max(0.0, (second - _START_UP_S) / max(1, seconds - _START_UP_S))
        points.append((second, start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share))
    return Drive(seconds, tuple(points))


def _straight_m(start: Point, end: Point) -> float:
    lat_a, lat_b = math.radians(start[0]), math.radians(end[0])
    d_lat, d_lon = lat_b - lat_a, math.radians(end[1] - start[1])
    chord = math.sin(d_lat / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(chord)))
