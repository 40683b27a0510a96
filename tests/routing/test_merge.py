"""Routes seen by searches are put together to a plan that is never worse and keeps what couples them."""

from __future__ import annotations

import math
import random

import pytest
from msgspec.structs import replace

from routing.grid import build_grid
from routing.knots import open_problem
from routing.merge import count_moves, merge
from routing.partition import Effort
from routing.persons import second_id
from routing.planner import plan_routes
from routing.problem import After, Depot, Problem, Standby
from routing.search.compiled import IS_COMPILED
from routing.standby import free_at
from routing.state import State, state_of
from routing.stop import MaxIterations
from routing.travel import StraightLine
from routing.verify import verify_plan
from shared.errors import DomainError
from tests.routing.full_worlds import full_problem
from tests.routing.worlds import DAY_END, DAY_START, HOUR, a_job, a_problem, a_technician, east, random_problem


def a_state(problem: Problem, *routes: list[int]) -> State:
    """Return the state with these routes behind what is committed."""
    state = State(build_grid(problem, StraightLine(problem.profile)))
    for tech, route in enumerate(routes):
        state.set_route(tech, [*state.routes[tech], *route])
    return state


def two_towns(**fields: object) -> Problem:
    """Return Wang in the west and Li in the east, each with a job at his door."""
    technicians = [a_technician("wang", east(-8000)), a_technician("li", east(8000))]
    jobs = [a_job("west", east(-7500)), a_job("east", east(7500))]
    return a_problem(technicians, jobs, **fields)


def test_better_routes_out_of_the_pool_replace_the_present_ones() -> None:
    """The present plan sends each across the town; the pool holds the other way round."""
    state = a_state(two_towns(), [1], [0])
    merged = merge(state, [(0, (0,)), (1, (1,))])
    assert merged is not None
    assert merged.state.routes == [[0], [1]]
    assert merged.choice.status == "optimal"
    assert merged.choice.cost == pytest.approx(merged.state.objective().total, abs=0.01)


def test_nothing_is_returned_when_the_pool_holds_nothing_better() -> None:
    """The present plan is the best; the crossed routes change nothing."""
    state = a_state(two_towns(), [0], [1])
    assert merge(state, [(0, (1,)), (1, (0,))]) is None


@pytest.mark.parametrize("seed", range(8))
def test_random_pool_never_makes_the_plan_worse_or_unsound(seed: int) -> None:
    """Any candidates, broken ones among them; what goes first stays where it was."""
    problem = random_problem(seed, emergencies=0)
    grid = build_grid(problem, StraightLine(problem.profile))
    state, luck = state_of(grid, None, keep_first=False), random.Random(seed)
    free = [job for job in state.unplanned() if grid.tier[job] == 2]
    lines = [(luck.randrange(len(state.routes)), tuple(luck.sample(free, luck.randint(1, 3)))) for _ in range(200)]
    merged = merge(state, lines, effort=Effort(deterministic_s=1.0))
    assert merged is not None
    assert merged.state.objective().total < state.objective().total
    assert merged.state.repair() == []
    for before, after in zip(state.routes, merged.state.routes, strict=True):
        assert after[: len(before)] == before


def test_budget_of_moved_stops_is_kept() -> None:
    """Both stops stood crossed; with a budget of one nothing better is left than leaving them."""
    crossed = {"west": "li", "east": "wang"}
    problem = two_towns(previous=crossed, moved_stop_price=0.0)
    lines = [(0, (0,)), (1, (1,)), (0, (1, 0)), (1, (0, 1))]
    free, held = merge(a_state(problem, [1], [0]), lines), merge(a_state(problem, [1], [0]), lines, max_moved=1)
    assert free is not None
    assert count_moves(free.state) == 2
    assert held is not None
    assert count_moves(held.state) == 1
    assert merge(a_state(problem, [1], [0]), lines, max_moved=0) is None


def test_plan_over_the_budget_is_brought_back_under_it_though_it_costs_more() -> None:
    """The search moved both; the dispatcher allows none."""
    problem = two_towns(previous={"west": "li", "east": "wang"}, moved_stop_price=0.0)
    merged = merge(a_state(problem, [0], [1]), [(0, (1,)), (1, (0,))], max_moved=0)
    assert merged is not None
    assert merged.state.routes == [[1], [0]]


def test_part_of_which_the_depot_has_one_is_fetched_once() -> None:
    """Each could fetch the valve; the second route with it is not chosen."""
    depot = Depot(id="depot", place=east(0), stock={"valve": 1})
    problem = two_towns(depots=(depot,))
    problem = replace(problem, jobs=tuple(replace(job, parts={"valve": 1}) for job in problem.jobs))
    merged = merge(a_state(problem, [], []), [(0, (0,)), (1, (1,))])
    assert merged is not None
    assert sum(len(route) for route in merged.state.routes) == 1
    plenty = replace(problem, depots=(replace(depot, stock={"valve": 2}),))
    both = merge(a_state(plenty, [], []), [(0, (0,)), (1, (1,))])
    assert both is not None
    assert sum(len(route) for route in both.state.routes) == 2


def test_both_persons_of_a_job_are_taken_at_one_start_or_not_at_all() -> None:
    """Wang alone would come at another second than Li; only the pair that meets is chosen."""
    meter = a_job("meter", east(0), crew_size=2)
    opens = 10 * HOUR
    late = a_job("late", east(100), windows=((opens, opens + HOUR),))
    base = a_problem([a_technician("wang", east(-4000)), a_technician("li", east(6000))], [meter, late])
    opened, _ = open_problem(base, None)
    names = [job.id for job in opened.jobs]
    first, second, other = names.index("meter"), names.index(second_id("meter")), names.index("late")
    alone = merge(a_state(opened), [(0, (first,)), (1, (second,))])
    assert alone is None
    anchored = replace(
        opened,
        jobs=tuple(
            replace(job, windows=((opens - HOUR, opens - HOUR),)) if job.id != "late" else job for job in opened.jobs
        ),
    )
    merged = merge(a_state(anchored), [(0, (first,)), (1, (second,)), (1, (second, other))])
    assert merged is not None
    assert merged.state.routes == [[first], [second, other]]


def test_job_that_waits_for_another_is_not_chosen_before_it() -> None:
    """Li could be at the later job before Wang has ended; the later route of Li is taken."""
    repair = a_job("repair", east(-7500))
    relight = a_job("relight", east(7500), after=(After(job_id="repair"),))
    other = a_job("other", east(7600), service_s=2 * HOUR)
    technicians = [a_technician("wang", east(-8000)), a_technician("li", east(8000))]
    opened, _ = open_problem(a_problem(technicians, [repair, relight, other]), None)
    merged = merge(a_state(opened), [(0, (0,)), (1, (1, 2)), (1, (2, 1)), (1, (1,)), (1, (2,))])
    assert merged is not None
    assert merged.state.routes == [[0], [2, 1]]


def test_overtime_is_shared_when_its_peak_has_a_price() -> None:
    """One technician with all the overtime drives least; the fair plan costs driving and is chosen for its price."""
    people = [
        a_technician("wang", east(0), overtime_from_s=9 * HOUR),
        a_technician("li", east(3000), overtime_from_s=9 * HOUR),
    ]
    problem = a_problem(people, [a_job("one", east(10)), a_job("two", east(20)), a_job("three", east(30))])
    lines = [(0, (0, 1)), (1, (2,))]
    assert merge(a_state(problem, [0, 1, 2], []), lines) is None
    for price in ("longest_overtime_price_per_h", "overtime_spread_price_per_h"):
        fair = merge(a_state(replace(problem, **{price: 18_000.0}), [0, 1, 2], []), lines)
        assert fair is not None
        assert fair.state.routes == [[0, 1], [2]]


def test_technician_is_kept_free_near_the_place_that_wishes_for_one() -> None:
    """Li does the job of the east at half past eight; the wish keeps her free and sends Wang, for its price only."""
    job = a_job("east", east(7500), windows=((DAY_START, DAY_START + 2 * HOUR),))
    people = [a_technician("wang", east(-2000)), a_technician("li", east(8000))]
    wish = Standby(place=east(8200), at_s=DAY_START + HOUR // 2, reach_s=300, price=5000.0, skills=("gas",))
    problem = a_problem(people, [job])
    lines = [(0, (0,)), (1, (0,))]
    assert merge(a_state(problem, [], [0]), lines) is None
    kept = merge(a_state(replace(problem, standby=(wish,)), [], [0]), lines)
    assert kept is not None
    assert kept.state.routes == [[0], []]
    other_skill = replace(wish, skills=("weld",))
    assert merge(a_state(replace(problem, standby=(other_skill,)), [], [0]), lines) is None


def test_technician_is_free_while_he_waits_and_after_work_but_not_on_the_way() -> None:
    """One stop with a late window: free before he must leave, busy on the way and at work, free again until home."""
    late = a_job("late", east(5000), windows=((DAY_START + 2 * HOUR, DAY_END),))
    state = a_state(a_problem([a_technician("wang", east(0), end_place=east(0))], [late]), [0])
    drive_s = state.grid.travel[state.grid.start_node[0]][0]

    def free(at_s: int) -> int | None:
        return free_at(state.grid, 0, state.routes[0], state.walked(0), at_s)

    assert free(DAY_START - 1) is None
    assert free(DAY_START + 2 * HOUR - drive_s) == state.grid.start_node[0]
    assert free(DAY_START + 2 * HOUR - drive_s + 1) is None
    assert free(DAY_START + 2 * HOUR + 60) is None
    assert free(DAY_START + 3 * HOUR) == 0
    assert free(DAY_END - drive_s) == 0
    assert free(DAY_END - drive_s + 1) is None


@pytest.mark.parametrize(
    "field",
    [
        {"standby": (Standby(place=east(0), at_s=DAY_START, reach_s=-1),)},
        {"standby": (Standby(place=east(0), at_s=DAY_START, reach_s=60, price=math.inf),)},
        {"standby": (Standby(place=east(0), at_s=10**11, reach_s=60),)},
        {"longest_overtime_price_per_h": -1.0},
        {"overtime_spread_price_per_h": math.nan},
    ],
)
def test_wish_that_makes_no_sense_is_refused_by_name(field: dict[str, object]) -> None:
    """Built in code, where no decoder checks."""
    with pytest.raises(DomainError) as refused:
        build_grid(replace(two_towns(), **field), StraightLine(two_towns().profile))
    assert str(refused.value.data["field"]).startswith(next(iter(field)))


@pytest.mark.skipif(not IS_COMPILED, reason="only the compiled search keeps the routes it has seen")
@pytest.mark.parametrize("seed", [10, 12, 20, 40, 51, 71])
def test_whole_plan_with_a_merge_passes_the_judge(seed: int) -> None:
    """Breaks, depots, couplings, overtime and territories in one problem; the merge may only make it cheaper."""
    problem = full_problem(seed, crew=5, count=22)
    merged = plan_routes(problem, seed=1, stop=MaxIterations(1000))
    assert verify_plan(problem, merged.plan) == []
    assert merged.objective.total <= plan_routes(problem, seed=1, stop=MaxIterations(0)).objective.total
