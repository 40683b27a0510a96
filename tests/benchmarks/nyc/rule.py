"""Our rule in the replay: the product's queue and stations, fed with nothing but what has happened so far."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

import shared
from routing.anticipation.districts import DistrictHistory
from routing.anticipation.remaining import DurationLaw, learn_durations
from routing.anticipation.scenarios import remaining_scenarios_s
from routing.anticipation.stations import StationRules, choose_stations, response_price
from routing.emergency_queue import arrange_lines
from routing.waiting import QueueRules, Waiting
from tests.benchmarks.nyc.fleet import Fleet, Mode
from tests.benchmarks.nyc.laws import HAND_OVER_S, MEAN_JOB_S, Calls, Floats, travel_s

_CATALOG: Final = Path(shared.__file__).parent / "catalog"
# Histories are looked at again when they have grown by a tenth, districts after so many calls.
_GROWTH: Final = 1.1
_DISTRICTS_EVERY: Final = 50
_FAR_S: Final = 1e7


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the rule may do: the product's data, and two switches for the frontier."""

    queue: QueueRules
    stations: StationRules
    district_m: float
    hour_share: float
    least_calls: int
    scenarios: int = 8
    redirect_s: float = 60.0
    may_redirect: bool = True
    may_station: bool = True


def read_settings(**changes: Any) -> Settings:
    """Return the settings of the dated catalog, changed as told."""
    desk = tomllib.loads((_CATALOG / "dispatch-2026.toml").read_text(encoding="utf-8"))
    table = tomllib.loads((_CATALOG / "stations-2026.toml").read_text(encoding="utf-8"))
    names = ("late_s", "limit_s", "limit_weight")
    known: dict[str, Any] = {
        "queue": QueueRules(target_s=desk["queue_target_s"], **{name: desk[f"queue_{name}"] for name in names}),
        "stations": StationRules(**{name: table[name] for name in StationRules.__dataclass_fields__}),
        "redirect_s": float(desk["queue_redirect_s"]),
    }
    known |= {name: table[name] for name in ("district_m", "hour_share", "least_calls")}
    return Settings(**(known | changes))


@dataclass(slots=True)
class Rule:
    """The company's own history, and the decisions taken with it."""

    settings: Settings
    districts: DistrictHistory = field(init=False)
    law: DurationLaw = field(default_factory=DurationLaw)
    durations_s: list[float] = field(default_factory=list)
    _learnt: int = 0
    _seen: int = -1
    _centres: Floats = field(default_factory=lambda: np.empty((0, 2)))
    _station_price: Floats = field(default_factory=lambda: np.empty((0, 0)))
    _weights: dict[int, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with an empty history."""
        self.districts = DistrictHistory(self.settings.district_m, self.settings.hour_share)

    def learn_call(self, place_m: Floats, hour: int) -> None:
        """Take a reported call into the history."""
        self.districts.learn(float(place_m[1]), float(place_m[0]), hour)

    def learn_job(self, duration_s: float) -> None:
        """Take a finished job into the history."""
        self.durations_s.append(duration_s)
        if len(self.durations_s) >= _GROWTH * self._learnt:
            self._learnt = len(self.durations_s)
            self.law = learn_durations([MEAN_JOB_S] * self._learnt, self.durations_s)

    def assign(self, fleet: Fleet, calls: Calls, waiting: list[int], now_s: float) -> list[int]:
        """Return the call each crew that does not work should now drive to (−1: none)."""
        lines = arrange_lines(self._standing(fleet, calls, waiting, now_s), self.settings.queue, _held(fleet, waiting))
        return [waiting[line[0]] if line else -1 for line in lines]

    def _standing(self, fleet: Fleet, calls: Calls, waiting: list[int], now_s: float) -> Waiting:
        places = calls.place_m[waiting]
        works = fleet.mode == Mode.WORKS
        ready = np.zeros((len(fleet), self.settings.scenarios))
        for crew in np.flatnonzero(works):
            ready[crew] = self._scenarios(now_s - fleet.since_s[crew])
        travel = travel_s(fleet.place_m(now_s), places)
        self._turn_prices(travel, fleet, waiting, now_s)
        return Waiting(
            travel_s=travel,
            between_s=travel_s(places, places),
            ready_s=ready,
            service_s=np.tile(self._scenarios(0.0), (len(waiting), 1)),
            waited_s=now_s - calls.at_s[waiting],
            latest_s=np.full(travel.shape, np.inf),
        )

    def _turn_prices(self, travel: Floats, fleet: Fleet, waiting: list[int], now_s: float) -> None:
        """Crews under way: what is left of their drive, and dearer ways to everything else."""
        left = fleet.arrival_s() - now_s
        for crew in np.flatnonzero(fleet.mode == Mode.DRIVES):
            travel[crew] += self.settings.redirect_s if self.settings.may_redirect else _FAR_S
            travel[crew, waiting.index(int(fleet.call[crew]))] = left[crew]

    def _scenarios(self, elapsed_s: float) -> Floats:
        return remaining_scenarios_s(self.law, MEAN_JOB_S, elapsed_s, self.settings.scenarios)

    def stations(self, fleet: Fleet, now_s: float, hour: int) -> list[tuple[int, Floats]]:
        """Return the waiting crews that should wait elsewhere, and where."""
        idle = fleet.mode == Mode.WAITS
        if not self.settings.may_station or self.districts.count < self.settings.least_calls or not idle.any():
            return []
        self._look_at_districts()
        delay = self._delay_s(fleet, now_s)
        response = travel_s(fleet.to_m, self._centres) + delay[:, None]
        drive = travel_s(fleet.place_m(now_s), self._centres) - HAND_OVER_S
        rules = self.settings.stations
        weights = self._weights.setdefault(hour, self.districts.weights(hour)[: len(self._centres)])
        price = response_price(response, rules)
        moves = choose_stations(price, self._station_price, drive, idle, weights, rules)
        return [(crew, self._centres[district]) for crew, district in moves]

    def _delay_s(self, fleet: Fleet, now_s: float) -> Floats:
        """Return how long each crew will not be able to answer: what it has begun or drives to comes first."""
        delay = np.zeros(len(fleet))
        arrival = fleet.arrival_s()
        for crew in np.flatnonzero(fleet.mode != Mode.WAITS):
            works = fleet.mode[crew] == Mode.WORKS
            elapsed = now_s - fleet.since_s[crew] if works else 0.0
            delay[crew] = float(self._scenarios(elapsed).mean()) + (0.0 if works else arrival[crew] - now_s)
        return delay

    def _look_at_districts(self) -> None:
        if self._seen >= 0 and self.districts.count < self._seen + _DISTRICTS_EVERY:
            return
        self._seen = self.districts.count
        self._centres = self.districts.centres_m()[:, ::-1].copy()
        self._station_price = response_price(travel_s(self._centres, self._centres), self.settings.stations)
        self._weights.clear()


def _held(fleet: Fleet, waiting: list[int]) -> list[list[int]]:
    """Return the lines as they are: who drives to a call holds it."""
    drives = fleet.mode == Mode.DRIVES
    return [[waiting.index(int(fleet.call[crew]))] if drives[crew] else [] for crew in range(len(fleet))]
