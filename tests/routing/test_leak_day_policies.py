"""Policies that plan through the leak day, each on a short day: whatever they decide, the day's books are right."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from tests.benchmarks.leak_day import optimise
from tests.benchmarks.leak_day.crew import Crew, Doing
from tests.benchmarks.leak_day.day import Day, Policy
from tests.benchmarks.leak_day.metrics import NEVER_S, Outcome, figures, outcome_of
from tests.benchmarks.leak_day.objective import Rules
from tests.benchmarks.leak_day.optimise import morning_plan
from tests.benchmarks.leak_day.ours import OURS, Ours
from tests.benchmarks.leak_day.policies import ROLLING
from tests.benchmarks.leak_day.rolling import Rolling
from tests.benchmarks.leak_day.world import EMERGENCY, HOUR_S, ROUTINE, World, make_world

pytestmark = pytest.mark.timeout(600)  # the first call in a fresh checkout compiles the search


def _quick(rules: Rules) -> Rules:
    """Return the rules with little time; building OR-Tools' model is part of its own."""
    return replace(rules, cpu_s=0.03 if rules.engine == "ortools" else 0.003, morning_cpu_s=0.03)


def short_world(seed: int, scenario: str, *, crews: int = 5, orders: int = 6, leaks: int = 1) -> World:
    """Return the first hours of a day: one of ``orders`` orders, of ``leaks`` leaks and of ``crews`` technicians."""
    whole = make_world(seed, scenario)
    routine = np.flatnonzero((whole.priority == ROUTINE) & (whole.opens_s <= 2 * HOUR_S))
    urgent = np.flatnonzero((whole.priority != ROUTINE) & (whole.known_s <= 3 * HOUR_S))
    jobs = np.sort(np.concatenate([routine[::orders], urgent[::leaks]]))
    staff = np.arange(0, len(whole.homes), crews)
    nodes = np.concatenate([jobs, whole.orders + staff])
    of_jobs = ("priority", "known_s", "opens_s", "due_s", "planned_s", "actual_s", "needs_gas", "places")
    return replace(
        whole,
        **{name: getattr(whole, name)[jobs] for name in of_jobs},
        homes=whole.homes[staff],
        qualified=whole.qualified[staff],
        noise=whole.noise[np.ix_(nodes, staff)],
        travel_s=whole.travel_s[np.ix_(nodes, nodes)],
        forecast=whole.forecast[::8],
    )


@dataclass
class Witness:
    """Passes everything on to a policy and writes down what anybody can see of the day."""

    policy: Policy
    came: list[tuple[int, int, float]] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)
    done: Counter[int] = field(default_factory=Counter)

    def start(self, day: Day) -> None:
        """Lay down the morning plan."""
        self.policy.start(day)

    def reported(self, day: Day, job: int) -> None:
        """Answer a leak."""
        self._watch(day, lambda: self.policy.reported(day, job))

    def ticked(self, day: Day) -> None:
        """Re-plan."""
        self._watch(day, lambda: self.policy.ticked(day))

    def glanced(self, day: Day) -> None:
        """Look at coverage."""
        self._watch(day, lambda: self.policy.glanced(day))

    def arrived(self, day: Day, crew: Crew) -> None:
        """Note who came to what."""
        self.came.append((crew.job, crew.index, day.now_s))
        self._watch(day, lambda: self.policy.arrived(day, crew))

    def freed(self, day: Day, crew: Crew) -> None:
        """Note what has been finished just now."""
        finished = {job for job, at_s in enumerate(day.done_s) if not math.isnan(at_s)}
        assert len(finished - set(self.done)) == 1, "one job ends at a time, and none a second time"
        self.done.update(finished - set(self.done))
        self._watch(day, lambda: self.policy.freed(day, crew))

    def _watch(self, day: Day, decide: Callable[[], None]) -> None:
        at_work = {c.index: c.job for c in day.crews if c.doing == Doing.ON_SITE and c.started_s < day.now_s}
        decide()
        self.left += [(job, who) for who, job in at_work.items() if day.crews[who].job != job]


def _rolling(world: World, name: str) -> Rolling:
    prices, rules = ROLLING[name]
    quick = _quick(rules)
    return Rolling(morning_plan(world, prices, replace(quick, engine="search")), prices, quick)


@pytest.fixture(scope="module", autouse=True)
def _quick_without_numba() -> Iterator[None]:
    """Uncompiled, a re-plan of the benchmark may take seven times as long; here it need not be good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimise, "SLOW_CPU_S", 0.02)
        yield


FAMILIES: dict[str, Callable[[World], Policy]] = {
    "ours": lambda world: Ours(world, replace(OURS, rules=_quick(OURS.rules))),
    "hyb": lambda world: _rolling(world, "hyb"),
    "OR-Tools warm+greedy": lambda world: _rolling(world, "OR-Tools warm+greedy"),
}


@pytest.fixture(scope="module", params=FAMILIES)
def played(request: pytest.FixtureRequest) -> tuple[Day, Witness, Outcome]:
    """One short day of each family, watched."""
    day = Day(short_world(1, "A"))
    witness = Witness(FAMILIES[request.param](day.world))
    day.play(witness)
    return day, witness, outcome_of(day, request.param, 0.0)


Played = tuple[Day, Witness, Outcome]


def test_every_leak_is_reached_by_somebody_qualified(played: Played) -> None:
    """After its report, and by nobody else; what needs no qualification anybody may do."""
    day, witness, outcome = played
    leaks = [job for job, priority in enumerate(day.priority) if priority != ROUTINE]
    assert len(leaks) >= 6
    assert set(leaks) <= {job for job, _, _ in witness.came}
    for job, who, at_s in witness.came:
        assert day.crews[who].qualified or not day.needs_gas[job]
        assert at_s >= day.world.known_s[job]
    assert all(0 < wait < NEVER_S for wait in outcome.emergency_waits_s)
    assert len(outcome.emergency_waits_s) == day.priority.count(EMERGENCY)


def test_nobody_is_sent_to_what_another_has_begun(played: Played) -> None:
    """An emergency is reached once; work that was left is gone on with by whoever left it, and ends once."""
    day, witness, _ = played
    visits = Counter(job for job, _, _ in witness.came)
    assert all(visits[job] == 1 for job, priority in enumerate(day.priority) if priority == EMERGENCY)
    for job, who in witness.left:
        after = [one for other, one, at_s in witness.came if other == job and at_s >= day.arrival_s[job]]
        assert set(after) == {who}
    assert set(witness.done.values()) == {1}
    assert all(at_s <= day.done_s[job] for job, _, at_s in witness.came if job in witness.done)


def test_books_agree_with_what_was_seen(played: Played) -> None:
    """Undone is what nobody was seen to finish, interrupted what somebody was seen to leave; both reach the figures."""
    day, witness, outcome = played
    orders = day.world.orders
    assert outcome.undone == orders - len(witness.done) == sum(math.isnan(at_s) for at_s in day.done_s)
    assert outcome.interruptions == len(witness.left)
    told = figures([outcome])
    assert (told["undone"], told["interruptions_per_day"]) == (outcome.undone, len(witness.left))
    kept = sum(day.arrival_s[job] <= day.world.due_s[job] for job in range(orders) if day.priority[job] == ROUTINE)
    assert told["windows_kept_share"] == pytest.approx(kept / day.priority.count(ROUTINE))
    assert all(crew.place == crew.home and not crew.tail for crew in day.crews)


def test_calling_off_is_seen_and_counted() -> None:
    """With two qualified technicians the rule that sends the nearest at once must take them from their work."""
    day = Day(short_world(2, "B"))
    witness = Witness(_rolling(day.world, "hyb"))
    day.play(witness)
    assert sum(crew.qualified for crew in day.crews) == 2
    assert day.interruptions == len(witness.left) > 0


def test_order_that_nobody_may_do_is_counted_undone() -> None:
    """Without anybody qualified no gas job is done, and the books say how many."""
    world = short_world(1, "A", leaks=10_000)
    nobody = replace(world, qualified=np.zeros_like(world.qualified))
    day = Day(nobody)
    day.play(_rolling(nobody, "hyb"))
    gas = {job for job in range(nobody.orders) if nobody.needs_gas[job]}
    undone = {job for job, at_s in enumerate(day.done_s) if math.isnan(at_s)}
    assert gas <= undone
    assert outcome_of(day, "hyb", 0.0).undone == len(undone)
