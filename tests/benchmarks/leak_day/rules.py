"""Policies without an optimiser: first come first served, and the nearest technician whatever he is doing."""

from __future__ import annotations

from tests.benchmarks.leak_day.crew import Crew, Doing, Point
from tests.benchmarks.leak_day.day import Day, seconds
from tests.benchmarks.leak_day.world import EMERGENCY, URGENT


def works_for(day: Day, crew: Crew) -> int:
    """Return the priority of what a technician is working on or driving to; 9 when nothing."""
    job = crew.job if crew.doing == Doing.ON_SITE else crew.heads_for
    return day.priority[job] if job >= 0 else 9


def nearest(day: Day, job: int, crews: list[Crew]) -> Crew | None:
    """Return the technician nearest to a job."""
    goal: Point = day.spots[job]
    return min(crews, key=lambda crew: (seconds(crew.position(day.now_s), goal), crew.index), default=None)


class StandingPlan:
    """Keeps the morning plan; leaks go to technicians by rule, and wait in one line when the rule finds nobody."""

    def __init__(self, morning: list[list[int]]) -> None:
        self._morning = morning
        self._line: list[int] = []

    def start(self, day: Day) -> None:
        """Lay down the morning plan."""
        for crew, tail in zip(day.crews, self._morning, strict=True):
            crew.tail = list(tail)

    def reported(self, day: Day, job: int) -> None:
        """Answer a leak: by the rule, or in the line."""
        self._line.append(job)
        self._serve(day)

    def freed(self, day: Day, crew: Crew) -> None:
        """Serve the line with whoever is free now."""
        del crew
        self._serve(day)

    def ticked(self, day: Day) -> None:
        """Do nothing: the plan stands."""

    def glanced(self, day: Day) -> None:
        """Do nothing: nobody is repositioned."""

    def arrived(self, day: Day, crew: Crew) -> None:
        """Do nothing."""

    def _serve(self, day: Day) -> None:
        for job in list(self._line):
            crew = self._choose(day, job)
            if crew is not None:
                self._line.remove(job)
                day.send(crew, job)

    def _choose(self, day: Day, job: int) -> Crew | None:
        raise NotImplementedError


class FirstComeFirstServed(StandingPlan):
    """Nearest free qualified technician, else the line."""

    def _choose(self, day: Day, job: int) -> Crew | None:
        free = [c for c in day.crews if c.qualified and c.doing != Doing.ON_SITE and c.heads_for < 0]
        return nearest(day, job, free)


class NearestPreempting(StandingPlan):
    """Nearest qualified technician by position; an emergency interrupts or diverts any work of lower priority.

    An urgent leak goes to the nearest one who is not on site: free, or on his way to routine work.
    """

    def _choose(self, day: Day, job: int) -> Crew | None:
        qualified = [c for c in day.crews if c.qualified]
        if day.priority[job] == EMERGENCY:
            return nearest(day, job, [c for c in qualified if works_for(day, c) > EMERGENCY])
        moving = [c for c in qualified if c.doing != Doing.ON_SITE and works_for(day, c) > URGENT]
        return nearest(day, job, moving)
