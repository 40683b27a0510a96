"""Our policy: exact answers re-asked at every event, a re-plan with tiers and margins, reserve and coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from routing.anticipation.remaining import DurationLaw, expected_remaining_s, learn_durations
from routing.instant import Weighing
from tests.benchmarks.leak_day.answer import answer, pending
from tests.benchmarks.leak_day.crew import Crew, Doing
from tests.benchmarks.leak_day.day import Day
from tests.benchmarks.leak_day.objective import Prices, Rules
from tests.benchmarks.leak_day.optimise import Routes, replan
from tests.benchmarks.leak_day.posts import Posting, Posts
from tests.benchmarks.leak_day.world import EMERGENCY, ROUTINE, make_world

HISTORY_SEEDS = (90_001, 90_002, 90_003)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """Everything of ours that can be set."""

    prices: Prices = field(default_factory=Prices)
    rules: Rules = field(default_factory=Rules)
    weighing: Weighing = field(default_factory=Weighing)
    posting: Posting = field(default_factory=Posting)


OURS = Dials(
    prices=Prices(
        urgent_late=50.0,
        urgent_cushion_s=2700.0,
        cushion_s=600.0,
        cushion_late=0.2,
        broken_late=0.3,
        reserve=300.0,
        overtime=0.5,
    ),
    rules=Rules(cpu_s=0.1, holds_emergencies=True),
    weighing=Weighing(tolerance_s=45.0, handover_s=60.0),
)


@cache
def _laws(scenario: str) -> dict[bool, DurationLaw]:
    """Return the law of routine jobs (True) and of leaks (False), learned from earlier days."""
    days = [make_world(seed, scenario) for seed in HISTORY_SEEDS]
    laws = {}
    for routine in (True, False):
        planned = [p for d in days for p, k in zip(d.planned_s, d.priority, strict=True) if (k == ROUTINE) == routine]
        actual = [a for d in days for a, k in zip(d.actual_s, d.priority, strict=True) if (k == ROUTINE) == routine]
        laws[routine] = learn_durations(planned, actual)
    return laws


class Ours:
    """Emergencies first by exact arrival, urgent leaks as a tier of their own, everybody else re-planned."""

    def __init__(self, morning: Routes, dials: Dials) -> None:
        self._morning, self._dials = morning, dials
        self._posts = Posts(dials.posting)
        self._laws: dict[bool, DurationLaw] = {}

    def start(self, day: Day) -> None:
        """Lay down the morning plan."""
        self._laws = _laws(day.world.scenario)
        for crew, tail in zip(day.crews, self._morning, strict=True):
            crew.tail = list(tail)

    def reported(self, day: Day, job: int) -> None:
        """Answer a leak; then everything else is planned again."""
        if day.priority[job] == EMERGENCY:
            self._answer(day)
        self._replan(day)

    def freed(self, day: Day, crew: Crew) -> None:
        """Ask the open emergencies again, and let whoever waits wait where he is of use."""
        self._answer(day)
        if crew.qualified and crew.doing == Doing.IDLE:
            self._posts.review(day, self._end_s(day))

    def ticked(self, day: Day) -> None:
        """Re-plan."""
        self._answer(day)
        self._replan(day)

    def glanced(self, day: Day) -> None:
        """Ask the open emergencies again and look at coverage."""
        self._answer(day)
        self._posts.review(day, self._end_s(day))

    def arrived(self, day: Day, crew: Crew) -> None:
        """Ask the open emergencies again."""
        del crew
        self._answer(day)

    def _answer(self, day: Day) -> None:
        if pending(day):
            answer(day, self._end_s(day), self._dials.weighing)

    def _replan(self, day: Day) -> None:
        replan(day, self._dials.prices, self._dials.rules, end_s=self._end_s(day))

    def _end_s(self, day: Day) -> Callable[[Crew], float]:
        def end_of(crew: Crew) -> float:
            law = self._laws[day.priority[crew.job] == ROUTINE]
            worked = day.now_s - crew.started_s
            return day.now_s + expected_remaining_s(law, day.planned_left[crew.job], worked) - min(0.0, worked)

        return end_of
