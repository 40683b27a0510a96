"""Who goes to which emergency, over arrays: exact earliest arrivals, several emergencies at once, call-offs counted.

The answer on a whole `Problem`, with its certificate, is `routing.urgent`; this is the same question at every event of
a running day, when every emergency nobody has reached yet is asked again (DI-05: revocable until reached).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FOLLOW = 3
_ROUNDS = 8
_NEVER = 1e9
_SOON_SLOPE = 0.05  # among equals the earlier one goes still


@dataclass(frozen=True, slots=True, kw_only=True)
class Responders:
    """m technicians before k emergencies; seconds, infinite where it cannot be.

    ``now_s[m, k]``: arrival when he leaves what he does at once; ``then_s[m, k]``: arrival when he finishes first;
    ``consent[m]``: leaving at once means leaving a job; ``between_s[k, k]``: driving from one emergency to the next.
    """

    now_s: Floats
    then_s: Floats
    consent: Flags
    between_s: Floats
    service_s: Floats
    reported_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """How answers are weighed, all in seconds of waiting of one caller.

    ``tolerance_s``: arrivals nearer than this are equal, the one that needs nobody's consent is taken; ``soon_s``: so
    is one who needs no consent and is there within this time of the report, whoever else could be even earlier;
    ``handover_s``: what another technician must be earlier by to take over; beyond ``bound_s`` of waiting every
    second counts ``beyond`` times.
    """

    tolerance_s: float = 0.0
    soon_s: float = 0.0
    handover_s: float = 0.0
    bound_s: float = 3600.0
    beyond: float = 10.0

    def felt_s(self, waited_s: float) -> float:
        """Return how long a wait counts: little differs before ``soon_s``, everything beyond ``bound_s``."""
        early = (1.0 - _SOON_SLOPE) * max(0.0, self.soon_s - waited_s)
        return waited_s + early + (self.beyond - 1.0) * max(0.0, waited_s - self.bound_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One emergency's technician (-1: nobody can), when he arrives, and whether he is to leave what he does at once."""

    technician: int
    arrival_s: float
    at_once: bool
    needs_consent: bool


def earliest_arrivals(responders: Responders) -> Floats:
    """Return ``[m, k]``: the earliest each technician alone could be at each emergency."""
    return np.minimum(responders.now_s, responders.then_s)


def assign(responders: Responders, held_by: list[int], weighing: Weighing) -> list[Call]:
    """Return who goes to each emergency, ``held_by`` being who has it now (-1: nobody).

    One alone gets the technician who is there first (within the tolerance: one who needs no consent). Several are
    shared out one each at the least waiting together, and in order of report; the better of both is then changed by
    single moves and exchanges as long as the callers together wait less.
    """
    lines = _Lines(responders, held_by, weighing)
    lines.place_in_turn()
    if len(held_by) > 1:
        other = _Lines(responders, held_by, weighing)
        other.place_one_each()
        lines = min((lines.improved(), other.improved()), key=_Lines.total)
    return [lines.call(job) for job in range(len(held_by))]


class _Lines:
    """Every technician's emergencies in order, and what they cost."""

    def __init__(self, responders: Responders, held_by: list[int], weighing: Weighing) -> None:
        self._r, self._held, self._w = responders, held_by, weighing
        self._now, self._then = responders.now_s.tolist(), responders.then_s.tolist()
        self._between, self._service = responders.between_s.tolist(), responders.service_s.tolist()
        self._reported, self._consent = responders.reported_s.tolist(), responders.consent.tolist()
        self._crews = len(self._now)
        self.lines: list[list[int]] = [[] for _ in range(self._crews)]
        self.where = [-1] * len(held_by)

    def _first(self, crew: int, job: int) -> tuple[float, bool]:
        at_once, later = self._now[crew][job], self._then[crew][job]
        handicap = self._w.tolerance_s if self._consent[crew] else 0.0
        return (at_once, True) if at_once + handicap <= later else (later, False)

    def _arrivals(self, crew: int, line: list[int]) -> list[float]:
        arrivals: list[float] = []
        for place, job in enumerate(line):
            if place == 0:
                arrivals.append(self._first(crew, job)[0])
            else:
                last = line[place - 1]
                arrivals.append(arrivals[-1] + self._service[last] + self._between[last][job])
        return arrivals

    def _cost(self, crew: int, line: list[int]) -> float:
        if not line:
            return 0.0
        total = self._w.tolerance_s if self._consent[crew] and self._first(crew, line[0])[1] else 0.0
        for job, arrival in zip(line, self._arrivals(crew, line), strict=True):
            waited = arrival - self._reported[job]
            total += self._w.felt_s(waited)
            total += self._w.handover_s if self._held[job] not in (-1, crew) else 0.0
        return total

    def _best(self, job: int) -> tuple[float, int, int]:
        best = (np.inf, -1, 0)
        for crew in range(self._crews):
            line = self.lines[crew]
            if not np.isfinite(self._then[crew][job]) and not np.isfinite(self._now[crew][job]):
                continue
            base = self._cost(crew, line)
            for place in range(min(len(line), _FOLLOW) + 1):
                cost = self._cost(crew, [*line[:place], job, *line[place:]]) - base
                if cost < best[0]:
                    best = (cost, crew, place)
        return best

    def total(self) -> float:
        """Return what all lines cost; an emergency with nobody counts most."""
        nobody = sum(1 for crew in self.where if crew < 0)
        return sum(self._cost(crew, line) for crew, line in enumerate(self.lines)) + nobody * _NEVER

    def place_in_turn(self) -> None:
        """Give each, in order of report, the place that costs least."""
        for job in np.argsort(self._r.reported_s, kind="stable"):
            self.place(int(job))

    def place_one_each(self) -> None:
        """Share out one each at the least cost together, then place what is left over."""
        jobs = range(len(self.where))
        alone = [[min(self._cost(crew, [job]), _NEVER) for job in jobs] for crew in range(self._crews)]
        for crew, job in zip(*linear_sum_assignment(np.asarray(alone)), strict=True):
            if alone[crew][job] < _NEVER:
                self.lines[crew] = [int(job)]
                self.where[job] = int(crew)
        for job in jobs:
            if self.where[job] < 0:
                self.place(job)

    def improved(self) -> _Lines:
        """Return itself after moves and exchanges."""
        for _ in range(_ROUNDS):
            if not self.improve():
                break
        return self

    def place(self, job: int) -> None:
        """Put a job where it costs least, nowhere when nobody can."""
        _, crew, place = self._best(job)
        if crew >= 0:
            self.lines[crew].insert(place, job)
            self.where[job] = crew

    def _take(self, job: int) -> tuple[int, int]:
        crew = self.where[job]
        place = self.lines[crew].index(job)
        del self.lines[crew][place]
        self.where[job] = -1
        return crew, place

    def improve(self) -> bool:
        """Make one round of moves and exchanges; tell whether anything got better."""
        changed = False
        placed = [job for job, crew in enumerate(self.where) if crew >= 0]
        for job in placed:
            crew, place = self._take(job)
            line = self.lines[crew]
            stays = self._cost(crew, [*line[:place], job, *line[place:]]) - self._cost(crew, line)
            cost, other, at = self._best(job)
            better = cost < stays - 1.0
            other, at = (other, at) if better else (crew, place)
            self.lines[other].insert(at, job)
            self.where[job] = other
            changed = changed or better
        for a in placed:
            for b in placed:
                changed = (a < b and self._exchange(a, b)) or changed
        return changed

    def _exchange(self, a: int, b: int) -> bool:
        one, two = self.where[a], self.where[b]
        if one == two:
            return False
        first = [b if job == a else job for job in self.lines[one]]
        second = [a if job == b else job for job in self.lines[two]]
        before = self._cost(one, self.lines[one]) + self._cost(two, self.lines[two])
        if not self._cost(one, first) + self._cost(two, second) < before - 1.0:
            return False
        self.lines[one], self.lines[two] = first, second
        self.where[a], self.where[b] = two, one
        return True

    def call(self, job: int) -> Call:
        """Return the call of one emergency."""
        crew = self.where[job]
        if crew < 0:
            return Call(technician=-1, arrival_s=np.inf, at_once=False, needs_consent=False)
        line = self.lines[crew]
        arrival = self._arrivals(crew, line)[line.index(job)]
        at_once = line[0] == job and self._first(crew, job)[1]
        return Call(
            technician=crew, arrival_s=arrival, at_once=at_once, needs_consent=at_once and bool(self._consent[crew])
        )
