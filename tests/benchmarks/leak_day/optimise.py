"""One re-plan: the view's arrays through an engine, and the result laid down as the technicians' tails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from routing.search.arrays import Arrays, build
from routing.search.compiled import IS_COMPILED
from routing.search.engine import Limits, improve, insert_all
from tests.benchmarks.leak_day.crew import Crew
from tests.benchmarks.leak_day.day import Day, seconds
from tests.benchmarks.leak_day.objective import Prices, Rules
from tests.benchmarks.leak_day.reference import solve_by_model
from tests.benchmarks.leak_day.view import View, arrays_of, look
from tests.benchmarks.leak_day.world import EMERGENCY, World

Routes = list[list[int]]
EndOf = Callable[[Crew], float]
# Uncompiled the search makes a hundredth of the rounds; so much more is still within a re-plan's 250 ms.
SLOW_CPU_S = 0.15


@cache
def warm_up() -> None:
    """Compile the search: the seconds of a plan are for planning."""
    nothing = build(travel_s=np.ones((4, 4)), service_s=[1.0, 1.0], start_node=[2], end_node=[3])
    for limits in (Limits(iterations=2), Limits(cpu_s=0.001)):
        improve(nothing, [[0]], [0], seed=0, limits=limits)
    insert_all(nothing, [[0]], [0], [1])


def morning_plan(world: World, prices: Prices, rules: Rules) -> Routes:
    """Return the plan laid down at 08:00: the tails of every technician."""
    warm_up()
    day = Day(world)
    view = look(day)
    early = replace(rules, cpu_s=rules.morning_cpu_s, engine="ortools" if rules.engine == "ortools" else "search")
    return view.tails(solve(arrays_of(day, view, prices), view, early, world.seed))


def replan(day: Day, prices: Prices, rules: Rules, *, new: int = -1, end_s: EndOf | None = None) -> None:
    """Re-plan everything open; for a new emergency the nearest technicians on their way may be turned round."""
    free = turnable(day, new, rules.divertible) if new >= 0 and day.priority[new] == EMERGENCY else []
    view = look(day, divertible=free, end_s=end_s)
    heads = [_leading_emergencies(day, crew) if rules.holds_emergencies else 0 for crew in day.crews]
    lay_down(day, view, solve(arrays_of(day, view, prices), view, rules, day.replans, heads))


def _leading_emergencies(day: Day, crew: Crew) -> int:
    leading = 0
    while leading < len(crew.tail) and day.priority[crew.tail[leading]] == EMERGENCY:
        leading += 1
    return leading


def solve(arrays: Arrays, view: View, rules: Rules, seed: int, heads: list[int] | None = None) -> Routes:
    """Return routes of local numbers by the policy's engine; ``heads`` leading stops stay (search only)."""
    stay = heads or [0] * len(view.routes)
    routes = view.routes
    if rules.engine == "search":
        cpu_s = rules.cpu_s if IS_COMPILED else rules.cpu_s + SLOW_CPU_S
        return improve(arrays, routes, stay, seed=seed, limits=Limits(cpu_s=cpu_s), settings=rules.settings).routes
    if rules.insert_first:
        placed = {job for route in routes for job in route}
        routes = insert_all(arrays, routes, stay, [job for job in range(arrays.jobs) if job not in placed])
    if rules.engine == "insertion":
        return routes
    return solve_by_model(arrays, routes, rules.cpu_s)


def turnable(day: Day, job: int, count: int) -> list[int]:
    """Return the qualified technicians nearest to a job who drive to something else than an emergency."""
    able = [c for c in day.crews if c.qualified and c.heads_for >= 0 and day.priority[c.heads_for] != EMERGENCY]
    goal = day.spots[job]
    return [c.index for c in sorted(able, key=lambda c: seconds(c.position(day.now_s), goal))[:count]]


def lay_down(day: Day, view: View, routes: Routes) -> None:
    """Make routes the technicians' tails; whoever no longer drives to the first of them is turned round."""
    for crew, planned in zip(day.crews, view.tails(routes), strict=True):
        tail = planned
        if crew.index in view.divertible:
            if tail and tail[0] == crew.heads_for:
                tail = tail[1:]
            else:
                day.recall(crew)
        crew.tail = tail
