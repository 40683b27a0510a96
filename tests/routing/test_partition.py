"""The choice of routes out of a pool equals brute force, and each rule between routes changes what is chosen."""

from __future__ import annotations

import math
import random
from itertools import product

import pytest

from routing.partition import (
    Column,
    Coverage,
    Effort,
    Meeting,
    Precedence,
    Rules,
    Scarce,
    Use,
    choose,
    idle_columns,
)

WANG, LI, SUN = 0, 1, 2


def a_pool(seed: int) -> tuple[list[Column], Rules]:
    """Return a random pool of three technicians and five jobs with every kind of rule."""
    luck = random.Random(seed)
    pool = list(idle_columns(range(3), {WANG: frozenset({(0, 0)}), LI: frozenset({(0, 0)})}))
    for technician in range(3):
        for _ in range(6):
            jobs = tuple(luck.sample(range(5), luck.randint(1, 3)))
            starts = tuple(float(luck.choice((0, 30, 60))) for _ in jobs)
            use = (Use(0, starts[0], starts[0] + 31),) if luck.random() < 0.5 else ()
            pool.append(
                Column(
                    technician,
                    jobs,
                    float(luck.randint(10, 60)),
                    starts,
                    tuple(start + luck.choice((0, 30)) for start in starts),
                    overtime_s=float(luck.choice((0, 0, 10, 20))),
                    moved=luck.randint(0, 1),
                    uses=use,
                    free=frozenset({(0, 0)}) if luck.random() < 0.3 else frozenset(),
                )
            )
    rules = Rules(
        {job: 40.0 + job for job in range(5)},
        meetings=(Meeting((0, 1)),),
        precedences=(Precedence(2, 3, 30.0),),
        scarce=(Scarce(0, 1), Scarce(0, 2, in_total=True)),
        coverage=(Coverage((0, 0), 1, 15.0),),
        most_overtime_price=0.5,
        overtime_spread_price=0.25,
        promised=frozenset({4}),
        max_moved=2,
    )
    return pool, rules


def _span(column: Column, job: int) -> tuple[float, float]:
    at = column.jobs.index(job)
    coupled = sum(1 for other in column.jobs if other < 4)
    return column.start_s[at], column.latest_s[at] if coupled == 1 else column.start_s[at]


def _breaks_a_rule(chosen: list[Column], holder: dict[int, Column], rules: Rules) -> bool:
    """Say whether a choice breaks a hard rule of ``a_pool``, by looking at the pairs themselves."""
    if (0 in holder) != (1 in holder) or (3 in holder and 2 not in holder):
        return True
    if 0 in holder:
        (low, high), (begin, end) = _span(holder[0], 0), _span(holder[1], 1)
        if holder[0] is holder[1] or low > end or begin > high:
            return True
    if 3 in holder and _span(holder[2], 2)[0] + 30 > _span(holder[3], 3)[1]:
        return True
    uses = [use for column in chosen for use in column.uses]
    crowded = any(sum(1 for use in uses if use.from_s <= t < use.to_s) > 1 for t in range(0, 120, 5))
    moved = sum(column.moved for column in chosen) + (4 not in holder)
    return crowded or len(uses) > 2 or moved > (rules.max_moved or 0)


def brute_force(pool: list[Column], rules: Rules) -> float:
    """Return the least cost over every choice of one column per technician; inf when every one breaks a rule."""
    best = math.inf
    for chosen in product(*([one for one in pool if one.technician == technician] for technician in range(3))):
        jobs = [job for column in chosen for job in column.jobs]
        holder = {job: column for column in chosen for job in column.jobs}
        if len(set(jobs)) < len(jobs) or _breaks_a_rule(list(chosen), holder, rules):
            continue
        overtime = [column.overtime_s for column in chosen]
        cost = sum(column.cost for column in chosen) + sum(40.0 + job for job in range(5) if job not in holder)
        cost += 0.5 * max(overtime) + 0.25 * (max(overtime) - min(overtime))
        cost += 15.0 * (not any((0, 0) in column.free for column in chosen))
        best = min(best, cost)
    return best


@pytest.mark.parametrize("seed", range(40))
def test_choice_costs_what_brute_force_finds_when_every_rule_holds(seed: int) -> None:
    """All rules at once, over random pools small enough to try every choice."""
    pool, rules = a_pool(seed)
    choice, best = choose(pool, rules), brute_force(pool, rules)
    assert choice.status == ("optimal" if best < math.inf else "infeasible")
    assert choice.cost == pytest.approx(best)
    assert choice.bound == pytest.approx(best)


def test_same_pool_gives_the_same_choice_under_a_limit() -> None:
    """One worker and a deterministic limit: nothing depends on the machine's speed."""
    pool, rules = a_pool(1)
    effort = Effort(deterministic_s=0.01, seed=3)
    assert choose(pool, rules, effort=effort) == choose(pool, rules, effort=effort)


def test_incumbent_is_given_back_when_the_limit_allows_no_search() -> None:
    """A limit of nothing still returns the plan in force."""
    pool = [*idle_columns(range(2)), Column(WANG, (0,), 5.0), Column(LI, (0,), 4.0)]
    choice = choose(pool, Rules({0: 100.0}), effort=Effort(deterministic_s=0.0), incumbent=(1, 2))
    assert choice.status == "feasible"
    assert choice.columns == (1, 2)


def test_two_person_job_is_given_to_those_who_can_start_together() -> None:
    """The cheaper pair starts at different times and is refused for the meeting only."""
    pool = [
        Column(WANG, (0,), 10.0, (0.0,)),
        Column(LI, (1,), 10.0, (60.0,)),
        Column(LI, (1,), 25.0, (0.0,)),
    ]
    prices = {0: math.inf, 1: math.inf}
    assert choose(pool, Rules(prices)).columns == (0, 1)
    assert choose(pool, Rules(prices, meetings=(Meeting((0, 1)),))).columns == (0, 2)


def test_two_person_job_uses_the_slack_of_one_who_can_wait() -> None:
    """Wang may start as late as 60, so Li's start at 60 meets him."""
    pool = [Column(WANG, (0,), 10.0, (0.0,), (60.0,)), Column(LI, (1,), 10.0, (60.0,))]
    choice = choose(pool, Rules({0: math.inf, 1: math.inf}, meetings=(Meeting((0, 1)),)))
    assert choice.status == "optimal"


def test_slack_is_not_spent_twice_when_one_route_has_two_meetings() -> None:
    """Wang's two meetings would each need a different delay of the same route."""
    pool = [
        Column(WANG, (0, 2), 10.0, (0.0, 100.0), (60.0, 160.0)),
        Column(LI, (1,), 10.0, (60.0,)),
        Column(SUN, (3,), 10.0, (100.0,)),
    ]
    rules = Rules(dict.fromkeys(range(4), math.inf), meetings=(Meeting((0, 1)), Meeting((2, 3))))
    assert choose(pool, rules).status == "infeasible"


def test_later_job_waits_for_the_earlier_one_of_another_technician() -> None:
    """Reinstating comes after the repair; without the rule the cheaper early start is chosen."""
    pool = [
        Column(WANG, (0,), 10.0, (50.0,)),
        Column(LI, (1,), 10.0, (20.0,)),
        Column(LI, (1,), 12.0, (90.0,)),
    ]
    prices = {0: math.inf, 1: math.inf}
    assert choose(pool, Rules(prices)).columns == (0, 1)
    assert choose(pool, Rules(prices, precedences=(Precedence(0, 1, gap_s=40.0),))).columns == (0, 2)


def test_later_job_is_left_out_with_the_earlier_one() -> None:
    """Nobody can do the earlier job, so the later one is not begun."""
    pool = [*idle_columns([WANG]), Column(WANG, (1,), 1.0, (0.0,))]
    choice = choose(pool, Rules({0: 50.0, 1: 50.0}, precedences=(Precedence(0, 1),)))
    assert choice.unserved == (0, 1)


def test_scarce_instrument_is_held_by_one_technician_at_a_time() -> None:
    """Two routes that need it in the same hour are not chosen together; one after the other they are."""
    pool = [
        Column(WANG, (0,), 10.0, uses=(Use(7, 0.0, 60.0),)),
        Column(LI, (1,), 10.0, uses=(Use(7, 30.0, 90.0),)),
        Column(LI, (1,), 15.0, uses=(Use(7, 60.0, 120.0),)),
    ]
    prices = {0: math.inf, 1: math.inf}
    assert choose(pool, Rules(prices)).columns == (0, 1)
    assert choose(pool, Rules(prices, scarce=(Scarce(7, 1),))).columns == (0, 2)


def test_parts_at_the_depot_are_counted_over_the_whole_plan() -> None:
    """Three meters at the depot do not fill two routes that fetch two each."""
    pool = [
        *idle_columns([LI]),
        Column(WANG, (0,), 10.0, uses=(Use(3, amount=2),)),
        Column(LI, (1,), 10.0, uses=(Use(3, amount=2),)),
    ]
    prices = {0: math.inf, 1: 100.0}
    assert choose(pool, Rules(prices)).unserved == ()
    assert choose(pool, Rules(prices, scarce=(Scarce(3, 3, in_total=True),))).unserved == (1,)


def test_overtime_is_shared_when_its_peak_is_priced() -> None:
    """One technician with 100 s of overtime is cheaper, two with 40 s are fairer."""
    pool = [
        *idle_columns([LI]),
        Column(WANG, (0, 1), 20.0, overtime_s=100.0),
        Column(WANG, (0,), 15.0, overtime_s=40.0),
        Column(LI, (1,), 15.0, overtime_s=40.0),
    ]
    prices = {0: math.inf, 1: math.inf}
    assert choose(pool, Rules(prices)).columns == (0, 1)
    assert choose(pool, Rules(prices, most_overtime_price=1.0)).columns == (2, 3)
    assert choose(pool, Rules(prices, overtime_spread_price=1.0)).columns == (2, 3)


def test_moved_stops_stay_within_the_budget() -> None:
    """The cheaper plan moves two promised stops; with a budget of one the dearer plan is taken."""
    pool = [Column(WANG, (0,), 10.0, moved=2), Column(WANG, (0,), 30.0, moved=1)]
    prices = {0: math.inf}
    assert choose(pool, Rules(prices)).columns == (0,)
    assert choose(pool, Rules(prices, max_moved=1)).columns == (1,)


def test_promised_job_left_out_counts_as_moved() -> None:
    """A budget of nothing forbids to drop what was promised."""
    pool = [*idle_columns([WANG]), Column(WANG, (0,), 100.0)]
    prices = {0: 10.0}
    assert choose(pool, Rules(prices, promised=frozenset({0}))).unserved == (0,)
    assert choose(pool, Rules(prices, promised=frozenset({0}), max_moved=0)).unserved == ()


def test_technician_is_kept_free_when_his_cell_would_stand_empty() -> None:
    """The plan that leaves Li free in the half hour costs 10 more and saves the price of 50."""
    pool = [
        Column(LI, free=frozenset({(2, 20)})),
        Column(LI, (0,), 10.0),
        *idle_columns([WANG]),
        Column(WANG, (0,), 20.0),
    ]
    prices = {0: math.inf}
    assert choose(pool, Rules(prices)).columns == (1, 2)
    assert choose(pool, Rules(prices, coverage=(Coverage((2, 20), 1, 50.0),))).columns == (0, 3)


def test_job_that_must_be_served_makes_a_pool_without_it_infeasible() -> None:
    """Nothing is chosen and the status says why."""
    choice = choose(list(idle_columns([WANG])), Rules({0: math.inf}))
    assert choice.status == "infeasible"
    assert choice.columns == ()
    assert choice.cost == math.inf


def test_column_with_times_for_other_jobs_is_refused() -> None:
    """A time too few names the technician."""
    with pytest.raises(ValueError, match="technician 0"):
        choose([Column(WANG, (0, 1), 1.0, (0.0,))], Rules({}))
