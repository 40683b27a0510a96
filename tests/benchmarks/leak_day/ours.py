"""Our policy: exact answers re-asked at every event, a re-plan with tiers and margins, reserve and coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

from routing.anticipation.coverage import CoverPrice
from routing.anticipation.remaining import DurationLaw, expected_remaining_s, learn_durations
from routing.anticipation.reserve import Dial, LeakForecast, expected_leak_work_s, learn_leaks, skilled_load
from routing.instant import Weighing
from tests.benchmarks.leak_day.answer import answer, pending
from tests.benchmarks.leak_day.crew import Crew, Doing
from tests.benchmarks.leak_day.day import Day
from tests.benchmarks.leak_day.objective import Prices, Rules
from tests.benchmarks.leak_day.optimise import Routes, morning_plan, replan
from tests.benchmarks.leak_day.posts import Posting, Posts
from tests.benchmarks.leak_day.world import EMERGENCY, LAST_DEPARTURE_S, ROUTINE, World, make_world

HISTORY_SEEDS = (90_001, 90_002, 90_003)
# A leak's own share of driving, seconds: about what the history's emergencies and urgent leaks took to reach.
LEAK_DRIVE_S = 480.0
JOB_DRIVE_S = 480.0
REPORTS_END_S = 9 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """Everything of ours that can be set; what is a `Dial` follows the load of the qualified."""

    prices: Prices = field(default_factory=Prices)
    rules: Rules = field(default_factory=Rules)
    weighing: Weighing = field(default_factory=Weighing)
    posting: Posting = field(default_factory=Posting)
    margin: Dial = field(default_factory=lambda: Dial(easy=1.0, full=1.0))
    reserve: Dial = field(default_factory=lambda: Dial(easy=300.0, full=300.0))
    soon_s: Dial = field(default_factory=lambda: Dial(easy=0.0, full=0.0))
    routine_late: Dial = field(default_factory=lambda: Dial(easy=1.0, full=1.0))
    short_first: Dial = field(default_factory=lambda: Dial(easy=0.0, full=0.0))


OURS = Dials(
    prices=Prices(
        urgent_late=50.0,
        urgent_cushion_s=2700.0,
        cushion_s=600.0,
        cushion_late=0.2,
        broken_late=0.3,
        overtime=0.5,
        move_later=130.0,
    ),
    rules=Rules(cpu_s=0.04, morning_cpu_s=2.0, holds_emergencies=True),
    weighing=Weighing(tolerance_s=70.0, handover_s=60.0),
    posting=Posting(price=CoverPrice(worth=40.0, tail_s=300.0), busy_s=120.0, empty_km=60.0),
    margin=Dial(easy=1.15, full=1.0),
    reserve=Dial(easy=750.0, full=2500.0),
    soon_s=Dial(easy=0.0, full=720.0, easy_load=0.6),
    routine_late=Dial(easy=1.0, full=0.2),
    short_first=Dial(easy=0.0, full=3.0),
)


@dataclass(frozen=True, slots=True)
class History:
    """What earlier days say: how long routine jobs and leaks really take, and how many leaks to expect."""

    routine: DurationLaw
    leaks: DurationLaw
    forecast: LeakForecast


@cache
def learn(scenario: str) -> History:
    """Return what earlier days of the same city say."""
    days = [make_world(seed, scenario) for seed in HISTORY_SEEDS]
    visits = [
        (k, p, a, t) for d in days for k, p, a, t in zip(d.priority, d.planned_s, d.actual_s, d.known_s, strict=True)
    ]
    routine = [(p, a) for k, p, a, _ in visits if k == ROUTINE]
    leaks = [(p, a, t) for k, p, a, t in visits if k != ROUTINE]
    return History(
        routine=learn_durations([p for p, _ in routine], [a for _, a in routine]),
        leaks=learn_durations([p for p, _, _ in leaks], [a for _, a, _ in leaks]),
        forecast=learn_leaks(
            [t for _, _, t in leaks], [a + LEAK_DRIVE_S for _, a, _ in leaks], len(days), REPORTS_END_S
        ),
    )


def load_of_qualified(day: Day, history: History) -> float:
    """Return known and expected work for the qualified over the time they have left today."""
    known = sum(day.planned_left[j] + JOB_DRIVE_S for j in day.open_jobs() if day.needs_gas[j])
    coming = expected_leak_work_s(history.forecast, day.now_s)
    crews = sum(1 for crew in day.crews if crew.qualified)
    return skilled_load(known, coming, crews, LAST_DEPARTURE_S - day.now_s)


class Ours:
    """Emergencies first by exact arrival, urgent leaks as a tier of their own, everybody else re-planned."""

    def __init__(self, world: World, dials: Dials, morning: Routes | None = None) -> None:
        self._dials = dials
        self._posts = Posts(dials.posting)
        self._history = learn(world.scenario)
        self._load = load_of_qualified(Day(world), self._history)
        self._morning = morning or morning_plan(world, self.prices(), dials.rules)

    def prices(self) -> Prices:
        """Return the price list at the present load of the qualified."""
        dials, late = self._dials, self._dials.routine_late.at(self._load)
        return replace(
            dials.prices,
            qualified_factor=dials.margin.at(self._load),
            reserve=dials.reserve.at(self._load),
            short_first=dials.short_first.at(self._load),
            routine_late=dials.prices.routine_late * late,
            broken_late=dials.prices.broken_late * late,
            cushion_late=dials.prices.cushion_late * late,
        )

    def start(self, day: Day) -> None:
        """Lay down the morning plan."""
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
            weighing = replace(self._dials.weighing, soon_s=self._dials.soon_s.at(self._load))
            answer(day, self._end_s(day), weighing)

    def _replan(self, day: Day) -> None:
        self._load = load_of_qualified(day, self._history)
        replan(day, self.prices(), self._dials.rules, end_s=self._end_s(day))

    def _end_s(self, day: Day) -> Callable[[Crew], float]:
        def end_of(crew: Crew) -> float:
            law = self._history.routine if day.priority[crew.job] == ROUTINE else self._history.leaks
            worked = day.now_s - crew.started_s
            return day.now_s + expected_remaining_s(law, day.planned_left[crew.job], worked) - min(0.0, worked)

        return end_of
