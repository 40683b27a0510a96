"""The replay under our rule: calls, arrivals and finishes in time order, everything looked at again at each of them."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from tests.benchmarks.nyc.fleet import Fleet, Mode
from tests.benchmarks.nyc.laws import Calls, Floats, draw_jobs_s, start_places_m
from tests.benchmarks.nyc.rule import Rule, Settings

_FINISH: Final = 0
_ARRIVAL: Final = 1
_CALL: Final = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a replay: ``wait_s[n]`` from call to arrival, crews turned under way, and metres driven."""

    wait_s: Floats
    turned: int
    sent_to_wait: int
    driven_m: float
    empty_m: float


class Replay:
    """One run; the true job lengths are read when a crew begins to work, and told to the rule when it ends."""

    def __init__(self, calls: Calls, crews: int, settings: Settings) -> None:
        """Set the crews where the baseline sets them."""
        self.calls, self.rule = calls, Rule(settings)
        self.fleet = Fleet(start_places_m(calls, crews))
        self._jobs_s = draw_jobs_s(len(calls))
        self._waiting: list[int] = []
        self._wait_s = np.full(len(calls), np.nan)
        self._turned = self._sent = 0
        self._events = [(at, _CALL, number, 0) for number, at in enumerate(calls.at_s.tolist())]

    def run(self, tell: Callable[[int], None]) -> Outcome:
        """Play all calls; ``tell`` hears how many have been reported."""
        heapq.heapify(self._events)
        while self._events:
            now, kind, index, order = heapq.heappop(self._events)
            if kind == _ARRIVAL and order != self.fleet.order[index]:
                continue
            self._take(now, kind, index)
            if kind == _CALL:
                tell(index + 1)
            if self._waiting:
                self._assign(now)
            if kind != _ARRIVAL:
                self._station(now)
        driven = self.fleet.driven_m
        empty = driven[Mode.WAITS]
        return Outcome(self._wait_s, self._turned, self._sent, driven[Mode.DRIVES] + empty, empty)

    def _take(self, now_s: float, kind: int, index: int) -> None:
        if kind == _CALL:
            self._waiting.append(index)
            self.rule.learn_call(self.calls.place_m[index], self.calls.hour[index])
        elif kind == _ARRIVAL:
            call = int(self.fleet.call[index])
            self.fleet.begin(index, now_s)
            self._waiting.remove(call)
            self._wait_s[call] = now_s - self.calls.at_s[call]
            self._announce(now_s + self._jobs_s[call], _FINISH, index)
        else:
            self.rule.learn_job(now_s - self.fleet.since_s[index])
            self.fleet.finish(index)

    def _announce(self, at_s: float, kind: int, crew: int) -> None:
        heapq.heappush(self._events, (at_s, kind, crew, int(self.fleet.order[crew])))

    def _assign(self, now_s: float) -> None:
        fleet = self.fleet
        for crew, call in enumerate(self.rule.assign(fleet, self.calls, self._waiting, now_s)):
            if fleet.mode[crew] == Mode.WORKS or call == fleet.call[crew]:
                continue
            self._turned += fleet.mode[crew] == Mode.DRIVES
            if call < 0:
                fleet.stay(crew, now_s)
                continue
            arrival = fleet.send(crew, now_s, self.calls.place_m[call], call)
            self._announce(arrival, _ARRIVAL, crew)

    def _station(self, now_s: float) -> None:
        hour = int(now_s // 3600) % 24
        for crew, place in self.rule.stations(self.fleet, now_s, hour):
            self.fleet.send(crew, now_s, place)
            self._sent += 1
