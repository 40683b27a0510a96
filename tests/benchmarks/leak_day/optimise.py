"""One re-plan: the view's arrays through an engine, and the result laid down as the technicians' tails."""

from __future__ import annotations

from collections.abc import Callable

from routing.search.arrays import Arrays
from routing.search.engine import Limits, improve
from tests.benchmarks.leak_day.crew import Crew
from tests.benchmarks.leak_day.day import Day, seconds
from tests.benchmarks.leak_day.objective import Prices, Rules
from tests.benchmarks.leak_day.view import View, arrays_of, look
from tests.benchmarks.leak_day.world import EMERGENCY, World

Routes = list[list[int]]
EndOf = Callable[[Crew], float]


def morning_plan(world: World, prices: Prices, rules: Rules) -> Routes:
    """Return the plan laid down at 08:00: the tails of every technician."""
    day = Day(world)
    view = look(day)
    return view.tails(solve(arrays_of(day, view, prices), view, rules.morning_cpu_s, world.seed))


def replan(day: Day, prices: Prices, rules: Rules, *, new: int = -1, end_s: EndOf | None = None) -> None:
    """Re-plan everything open; for a new emergency the nearest technicians on their way may be turned round."""
    free = turnable(day, new, rules.divertible) if new >= 0 and day.priority[new] == EMERGENCY else []
    view = look(day, divertible=free, end_s=end_s)
    heads = [_leading_emergencies(day, crew) if rules.holds_emergencies else 0 for crew in day.crews]
    routes = solve(arrays_of(day, view, prices), view, rules.cpu_s, day.replans, heads)
    lay_down(day, view, routes)


def _leading_emergencies(day: Day, crew: Crew) -> int:
    leading = 0
    while leading < len(crew.tail) and day.priority[crew.tail[leading]] == EMERGENCY:
        leading += 1
    return leading


def solve(arrays: Arrays, view: View, cpu_s: float, seed: int, heads: list[int] | None = None) -> Routes:
    """Return routes of local numbers, improved for so many CPU seconds; ``heads`` leading stops stay."""
    stay = heads or [0] * len(view.routes)
    return improve(arrays, view.routes, stay, seed=seed, limits=Limits(cpu_s=cpu_s)).routes


def turnable(day: Day, job: int, count: int) -> list[int]:
    """Return the qualified technicians nearest to a job who drive to something else than an emergency."""
    able = [c for c in day.crews if c.qualified and c.heads_for >= 0 and day.priority[c.heads_for] != EMERGENCY]
    goal = day.spots[job]
    return [c.index for c in sorted(able, key=lambda c: seconds(c.position(day.now_s), goal))[:count]]


def lay_down(day: Day, view: View, routes: Routes) -> None:
    """Make routes the technicians' tails; whoever no longer drives to the first of them is turned round."""
    for crew, tail in zip(day.crews, view.tails(routes), strict=True):
        if crew.index in view.divertible:
            if tail and tail[0] == crew.heads_for:
                tail = tail[1:]
            else:
                day.recall(crew)
        crew.tail = tail
