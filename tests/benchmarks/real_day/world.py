"""One day's world: real orders with their kinds and places, leaks by the hours of real gas calls, crews and the truth.

Orders opened in the days before are the working stock: each has an appointment of two hours. Those of the day itself
are reported during it. Leaks are drawn with a seed: their hours from the histogram of New York's calls, their places
from all orders given. What a visit or a drive really takes is drawn too, and only the simulation may look at it.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from routing.problem import Place
from server.core import texts
from server.intake.importing import ImportRow, Preset, read_rows
from shared import triage
from shared.work_order import Priority

DAY_S: Final = 86_400
SHIFT: Final = (8 * 3600, 18 * 3600)
_SLOT_S: Final = 7200
_SLOTS: Final = (8, 10, 12, 14, 16)
_SIGMA: Final = 0.45
_DRIVE_SIGMA: Final = 0.15
_LAST_LEAK_S: Final = 17 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order: when it is known (seconds of the day), what triage says, its appointment, and its true length."""

    id: str
    place: Place
    known_s: int
    priority: int
    is_leak: bool
    skills: tuple[str, ...]
    expected_s: int
    actual_s: int
    window: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All orders by id, the crews' homes, and how much longer than planned each drive of a crew to an order takes."""

    orders: dict[str, Order]
    homes: tuple[Place, ...]
    skills: tuple[str, ...]
    seed: int

    def drive_factor(self, crew: int, order_id: str) -> float:
        """Return true over planned driving time of one crew to one order; the mean is 1."""
        chance = random.Random(f"{self.seed}:{crew}:{order_id}")
        return chance.lognormvariate(-(_DRIVE_SIGMA**2) / 2, _DRIVE_SIGMA)


def make_world(
    files: list[Path],
    preset: Preset,
    day: str,
    hours: list[int],
    *,
    crews: int,
    leaks: float,
    stock_days: int,
    seed: int,
) -> World:
    """Return the world of one local day. Raises DomainError `file_unreadable`, ValueError for a day without orders."""
    chance = random.Random(seed)
    zone = zoneinfo.ZoneInfo(preset.time_zone)
    start_ms = int(dt.datetime.fromisoformat(day).replace(tzinfo=zone).timestamp() * 1000)
    rows = [row for file in files for row in read_rows(file, preset)[0]]
    rows = [row for row in rows if -stock_days * DAY_S <= _second(row, start_ms) < SHIFT[1]]
    if not rows:
        raise ValueError(f"no orders on {day} or in the {stock_days} days before")
    rows.sort(key=lambda row: (row.opened_ms, row.source_ref))
    orders = [_order(row, _second(row, start_ms), chance) for row in rows]
    orders += _leaks(orders, hours, leaks, chance)
    homes = tuple(chance.choice(orders).place for _ in range(crews))
    skills = tuple(sorted({skill for order in orders for skill in order.skills}))
    return World(orders={order.id: order for order in orders}, homes=homes, skills=skills, seed=seed)


def _second(row: ImportRow, start_ms: int) -> int:
    return (row.opened_ms - start_ms) // 1000


def _order(row: ImportRow, second: int, chance: random.Random) -> Order:
    request = row.request
    report = triage.FaultReport(fault_kind=request.fault_kind, location=request.location, answers=request.answers)
    verdict = triage.assess(report, texts.triage_rules())
    slot = chance.choice(_SLOTS) * 3600
    return Order(
        id=row.source_ref,
        place=Place(lat=request.lat or 0.0, lon=request.lon or 0.0),
        known_s=max(second, 0) if second >= SHIFT[0] else 0,
        priority=int(verdict.priority),
        is_leak=verdict.is_leak,
        skills=verdict.skills,
        expected_s=verdict.expected_s,
        actual_s=_length(verdict.expected_s, chance),
        window=(slot, slot + _SLOT_S) if second < SHIFT[0] and verdict.priority > Priority.URGENT else None,
    )


def _leaks(orders: list[Order], hours: list[int], mean: float, chance: random.Random) -> list[Order]:
    """Return leaks of the shift: so many on average, by the hours of real calls, at places of real orders."""
    inside = [hours[hour] if SHIFT[0] <= hour * 3600 < _LAST_LEAK_S else 0 for hour in range(24)]
    report = triage.FaultReport(fault_kind="gas_leak", location="unknown", answers={"smell_strength": "strong"})
    verdict = triage.assess(report, texts.triage_rules())
    found = []
    for number in range(_poisson(mean, chance)):
        second = chance.choices(range(24), inside)[0] * 3600 + chance.randrange(3600)
        found.append(
            Order(
                id=f"leak-{number}",
                place=chance.choice(orders).place,
                known_s=second,
                priority=int(Priority.EMERGENCY),
                is_leak=True,
                skills=verdict.skills,
                expected_s=verdict.expected_s,
                actual_s=_length(verdict.expected_s, chance),
            )
        )
    return found


def _length(expected_s: int, chance: random.Random) -> int:
    """Return a true length, lognormal with the expected time as its mean."""
    return max(60, round(expected_s * chance.lognormvariate(-(_SIGMA**2) / 2, _SIGMA)))


def _poisson(mean: float, chance: random.Random) -> int:
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
