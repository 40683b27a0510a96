"""Where qualified technicians without work wait: by expected coverage of the forecast, within a limit on empty km."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routing.anticipation.coverage import CoverPrice, Waiter, choose_moves
from tests.benchmarks.leak_day.answer import EndOf
from tests.benchmarks.leak_day.crew import SPOT, Crew, Doing, Point
from tests.benchmarks.leak_day.day import EARLY_S, Day, seconds
from tests.benchmarks.leak_day.world import (
    EMERGENCY,
    KM_PER_SECOND,
    SECONDS_PER_KM,
    SHIFT_END_S,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Dials of repositioning; ``busy_s`` is what calling somebody off a job counts as, in seconds of arrival."""

    price: CoverPrice = field(default_factory=CoverPrice)
    busy_s: float = 180.0
    empty_km: float = 100.0
    least_wait_s: float = 480.0
    longest_drive_s: float = 900.0
    dwell_s: float = 2700.0
    candidates: int = 60
    horizon_s: float = 9 * 3600.0
    counts_dwell: bool = True


# The repositioning of the definition: gain above 20 s and 2 % of the drive, slack above 25 min, no limit on km.
PLAIN = Posting(
    price=CoverPrice(leaks_per_hour=1.0, worth=50.0, least_gain_s=0.0, fixed_s=1000.0),
    busy_s=1e9,
    empty_km=1e9,
    least_wait_s=1500.0,
    dwell_s=3600.0,
    counts_dwell=False,
)


class Posts:
    """Moves waiting technicians; keeps count of the empty driving spent."""

    def __init__(self, posting: Posting) -> None:
        self._dials = posting
        self._between: Floats = np.empty((0, 0))
        self.spent_s = 0.0

    def review(self, day: Day, end_s: EndOf) -> None:
        """Send whoever waits and can do better elsewhere."""
        if day.now_s >= self._dials.horizon_s:
            return
        places = day.world.forecast
        if not len(self._between):
            self._between = np.asarray([_drives(places, (float(x), float(y))) for x, y in places])
        waiters, spots = [], {}
        for crew in day.crews:
            found = self._waiter(day, crew, places)
            if found is not None:
                waiters.append(found[0])
                spots[crew.index] = found[1]
        if not waiters:
            return
        budget = self._dials.empty_km / KM_PER_SECOND * min(1.0, 0.1 + day.now_s / self._dials.horizon_s) - self.spent_s
        reach = self._reach(day, places, end_s)
        for move in choose_moves(reach, np.ones(len(places)), waiters, self._dials.price, budget):
            self.spent_s += move.extra_s
            x, y = spots[move.technician][move.candidate]
            day.wait_at(day.crews[move.technician], (float(x), float(y)))

    def _waiter(self, day: Day, crew: Crew, places: Floats) -> tuple[Waiter, Floats] | None:
        moving = crew.doing == Doing.DRIVING
        if not crew.qualified or crew.doing == Doing.ON_SITE or (moving and crew.target != SPOT):
            return None
        if moving:
            return None
        here = crew.place
        following, latest = _next_stop(day, crew)
        if latest - day.now_s - seconds(here, following) < self._dials.least_wait_s:
            return None
        out = _drives(places, here)
        near = np.argsort(out)[: self._dials.candidates * 2 : 2]
        ways = np.asarray([_part(here, following, share) for share in (0.0, 1.0, 0.25, 0.5, 0.75)])
        spots = np.concatenate([ways, places[near]])
        there, on = _drives(spots, here), _drives(spots, following)
        dwell = np.minimum(latest - day.now_s - there - on, self._dials.dwell_s)
        extra = np.where((dwell > 0) & (there < self._dials.longest_drive_s), there + on - on[0], np.inf)
        waiter = Waiter(
            technician=crew.index,
            reach_s=np.concatenate([[_drives(places, (x, y)) for x, y in ways.tolist()], self._between[near]]),
            extra_s=np.maximum(extra, 0.0),
            dwell_s=np.maximum(dwell, 0.0) if self._dials.counts_dwell else np.where(dwell > 0, 3600.0, 0.0),
        )
        return waiter, spots

    def _reach(self, day: Day, places: Floats, end_s: EndOf) -> Floats:
        reach = np.full((len(day.crews), len(places)), np.inf)
        for crew in day.crews:
            if crew.qualified:
                place, delay = self._stands(day, crew, end_s)
                reach[crew.index] = _drives(places, place) + delay
        return reach

    def _stands(self, day: Day, crew: Crew, end_s: EndOf) -> tuple[Point, float]:
        if crew.doing == Doing.ON_SITE:
            left = max(0.0, end_s(crew) - day.now_s)
            return crew.place, left if day.priority[crew.job] == EMERGENCY else min(left, self._dials.busy_s)
        if crew.heads_for >= 0:
            left = day.planned_arrival_s(crew) - day.now_s + day.planned_left[crew.heads_for]
            is_emergency = day.priority[crew.heads_for] == EMERGENCY
            return crew.goal, left if is_emergency else min(left, self._dials.busy_s)
        return (crew.goal if crew.doing == Doing.DRIVING else crew.place), 0.0


def _next_stop(day: Day, crew: Crew) -> tuple[Point, float]:
    """Return the place of the next stop (else home) and when he should be there."""
    if crew.tail:
        job = crew.tail[0]
        return day.spots[job], day.opens_s[job] - EARLY_S
    return crew.home, float(SHIFT_END_S)


def _part(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _drives(places: Floats, place: Point) -> Floats:
    return np.asarray(np.hypot(places[:, 0] - place[0], places[:, 1] - place[1]) * SECONDS_PER_KM)
