"""Rolling policies: re-plan at every leak and every quarter of an hour, emergencies by rule or by price."""

from __future__ import annotations

from tests.benchmarks.leak_day.crew import Crew, Doing
from tests.benchmarks.leak_day.day import Day
from tests.benchmarks.leak_day.objective import Prices, Rules
from tests.benchmarks.leak_day.optimise import Routes, replan
from tests.benchmarks.leak_day.rules import nearest, works_for
from tests.benchmarks.leak_day.world import EMERGENCY


class Rolling:
    """The optimiser of the definition; with ``call_off`` emergencies go to the nearest technician at once."""

    def __init__(self, morning: Routes, prices: Prices, rules: Rules) -> None:
        self._morning, self._prices, self._rules = morning, prices, rules
        self._line: list[int] = []

    def start(self, day: Day) -> None:
        """Lay down the morning plan."""
        for crew, tail in zip(day.crews, self._morning, strict=True):
            crew.tail = list(tail)

    def reported(self, day: Day, job: int) -> None:
        """Answer a leak, then re-plan all others."""
        if day.priority[job] == EMERGENCY and self._rules.call_off:
            self._line.append(job)
            self._serve(day)
            replan(day, self._prices, self._rules)
        else:
            replan(day, self._prices, self._rules, new=job)

    def freed(self, day: Day, crew: Crew) -> None:
        """Send whoever is free to an emergency that waits for want of anybody to call off."""
        del crew
        self._serve(day)

    def ticked(self, day: Day) -> None:
        """Re-plan."""
        replan(day, self._prices, self._rules)

    def glanced(self, day: Day) -> None:
        """Do nothing unless repositioning."""

    def arrived(self, day: Day, crew: Crew) -> None:
        """Do nothing."""

    def _serve(self, day: Day) -> None:
        for job in list(self._line):
            able = [c for c in day.crews if c.qualified and works_for(day, c) > EMERGENCY]
            crew = nearest(day, job, able)
            if crew is not None:
                self._line.remove(job)
                for one in day.crews:
                    if job in one.tail:
                        one.tail.remove(job)
                day.send(crew, job)
