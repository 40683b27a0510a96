"""The gas company: three stations, 24 technicians with skills, shifts and instruments; round the clock."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import Any, Final

from deploy.demo_town.names import Names
from deploy.demo_town.people import person_name
from deploy.demo_town.roads import Roads, to_lat_lon

# How many work in each shift, and its hours; the night shift begins on the day before and again on the day itself.
SHIFTS: Final = ((8, 6.0, 14.5), (5, 8.0, 17.0), (7, 14.0, 23.0), (4, 22.0, 31.0))
_BASIC: Final = ("gas_leak", "appliance", "inspection")
_EXTRA: Final = ("co", "meter", "commissioning")
_EXTRA_SHARE: Final = 0.7
_STATION_NODES: Final = (4 * 34 + 7, 15 * 34 + 17, 7 * 34 + 26)


@dataclasses.dataclass(frozen=True)
class Staff:
    """A technician: the server's row, shifts as hours of the day, his reading instrument."""

    id: str
    row: dict[str, Any]
    hours: tuple[tuple[float, float], ...]
    instrument: dict[str, str]


def make_staff(roads: Roads, names: Names, chance: random.Random, day: dt.date) -> tuple[Staff, ...]:
    """Return 24 technicians; the first is technician Wang (王建国), and one instrument is out of calibration."""
    found: list[Staff] = []
    for count, start, end in SHIFTS:
        for _ in range(count):
            found.append(_member(len(found) + 1, (start, end), roads, names, chance, day))
    return tuple(found)


def _member(
    number: int, hours: tuple[float, float], roads: Roads, names: Names, chance: random.Random, day: dt.date
) -> Staff:
    name, name_en = ("王建国", "Wang Jianguo") if number == 1 else person_name(names, chance)
    skills = [*_BASIC, *(s for s in _EXTRA if chance.random() < _EXTRA_SHARE or number % 3 == 1)]
    lat, lon = to_lat_lon(roads.nodes[_STATION_NODES[number % len(_STATION_NODES)]])
    valid = day + dt.timedelta(days=chance.randint(40, 700))
    instruments = [{"serial": f"GT-{200 + number}", "valid_until": valid.isoformat()}]
    if number == 5:  # noqa: PLR2004 - one instrument whose calibration has lapsed, to be seen in lists
        instruments.append({"serial": "GT-105", "valid_until": (day - dt.timedelta(days=20)).isoformat()})
    row = {
        "name": name,
        "name_en": name_en,
        "telephone": f"139{number:08d}",
        "skills": [{"name": s, "valid_until_ms": _expiry_ms(day, chance)} for s in skills],
        "instruments": instruments,
        "home_lat": lat,
        "home_lon": lon,
    }
    start, end = hours
    is_night = end > 24  # noqa: PLR2004 - hours of a day
    return Staff(
        f"technician-{number:02d}", row, ((start - 24, end - 24), hours) if is_night else (hours,), instruments[0]
    )


def _expiry_ms(day: dt.date, chance: random.Random) -> int:
    expires = day + dt.timedelta(days=chance.randint(60, 900))
    return int(dt.datetime.combine(expires, dt.time(), dt.UTC).timestamp() * 1000)
