"""Rolling policies: re-plan at every leak and every quarter of an hour, emergencies by rule or by price."""

from __future__ import annotations

from tests.benchmarks.leak_day.crew import Crew
from tests.benchmarks.leak_day.day import Day
from tests.benchmarks.leak_day.objective import Prices, Rules
from tests.benchmarks.leak_day.optimise import Routes, replan
from tests.benchmarks.leak_day.posts import PLAIN, Posts
from tests.benchmarks.leak_day.rules import nearest, works_for
from tests.benchmarks.leak_day.view import look, planned_starts
from tests.benchmarks.leak_day.world import EMERGENCY


class Rolling:
    """The optimiser of the definition; with ``call_off`` emergencies go to the nearest technician at once."""

    def __init__(self, morning: Routes, prices: Prices, rules: Rules) -> None:
        self._morning, self._prices, self._rules = morning, prices, rules
        self._line: list[int] = []
        self._posts = Posts(PLAIN) if rules.reposition else None

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
            self._call_off_late(day)

    def freed(self, day: Day, crew: Crew) -> None:
        """Send whoever is free to an emergency that waits for want of anybody to call off."""
        del crew
        self._serve(day)

    def ticked(self, day: Day) -> None:
        """Re-plan."""
        if self._rules.engine != "insertion":
            replan(day, self._prices, self._rules)
            self._call_off_late(day)

    def glanced(self, day: Day) -> None:
        """Move whoever waits, if the policy repositions."""
        if self._posts is not None:
            self._posts.review(day, day.planned_end_s)

    def arrived(self, day: Day, crew: Crew) -> None:
        """Do nothing."""

    def _call_off_late(self, day: Day) -> None:
        for crew in day.crews:
            for job in [one for one in crew.tail if day.priority[one] == EMERGENCY]:
                if self._predicted_s(day, job) - day.world.known_s[job] > self._rules.interrupt_beyond_s:
                    self._line.append(job)
        self._serve(day)

    def _predicted_s(self, day: Day, job: int) -> float:
        view = look(day)
        return float(planned_starts(day, view)[view.local[job]])

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
