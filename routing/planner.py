"""The day plan: leaks first and fixed, the rest by insertion and search, never worse than where it started."""

from __future__ import annotations

import random
import time
from functools import partial

from routing.budget import list_moves, within_budget
from routing.certificate import Certificate
from routing.coupling import plan_coupled
from routing.grid import build_grid
from routing.insertion import insert_all, insertion_orders
from routing.knots import has_couplings
from routing.optimiser import insert_compiled, is_compiled, waiting_jobs
from routing.plan import Plan, PlanResult
from routing.problem import Problem
from routing.state import State, state_of
from routing.stop import Limits, Stop
from routing.travel import StraightLine, TravelTimes
from routing.urgent import Stand, finished, first_tier_order, place_first, stand, with_moved

# Above so many jobs one pass of insertion is enough: the search does the rest.
_FULL_ORDERS = 600
# More jobs than this without a place are inserted by the compiled search, which is faster and needs no second order.
_FEW_JOBS = 100
# Up to so many nodes the search wants the whole matrix anyway; beyond, regions ask for theirs.
_WHOLE_NODES = 1_500
# A run limited by time searches at least for this share of it, however long the preparations took.
_LEAST_SHARE = 0.2


def plan_routes(
    problem: Problem,
    *,
    seed: int,
    stop: Stop,
    warm: Plan | None = None,
    travel: TravelTimes | None = None,
    max_moved: int | None = None,
    workers: int = 1,
) -> PlanResult:
    """Plan the whole problem; the same problem, seed and ``MaxIterations`` give the same plan (decision 18).

    Emergencies, then urgent leaks, are placed exactly and stay fixed (decision 9). The result is never worse in the
    exact objective than the warm start. With ``max_moved`` at most so many stops of ``problem.previous`` change their
    technician (those that leaks push away are not prevented, but count). ``workers`` searches run side by side where
    the fleet is large; ``MaxSeconds`` are CPU seconds of each. Raise DomainError ``problem_invalid``.
    """
    if has_couplings(problem):
        plain = partial(plan_routes, seed=seed, stop=stop, travel=travel, max_moved=max_moved, workers=workers)
        return plan_coupled(problem, warm, travel, lambda anchored, start: plain(anchored, warm=start))
    began = time.thread_time()
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    if not is_compiled() or grid.legs.free <= _WHOLE_NODES:
        grid.legs.whole()
    state = state_of(grid, warm, keep_first=False)
    before = stand(state_of(grid, warm, keep_first=True))
    certificates = _place_first_tiers(state)
    state = _insert_rest(state, seed)
    asked = stop.limits()
    limits = _left(asked, time.thread_time() - began)
    found = within_budget(state, limits, seed, max_moved=max_moved, workers=workers, asked=asked)
    plan = finished(found.state, ("insertion", *found.engines))
    return PlanResult(
        plan=plan,
        certificates=tuple(_completed(one, found.state, before) for one in certificates),
        engines=plan.engines,
        objective=plan.objective,
        moved=list_moves(found.state, before),
        moved_budget_bound=found.is_bound,
    )


def _left(limits: Limits, spent_s: float) -> Limits:
    if limits.seconds is None:
        return limits
    return Limits(iterations=limits.iterations, seconds=max(limits.seconds - spent_s, limits.seconds * _LEAST_SHARE))


def _place_first_tiers(state: State) -> list[Certificate]:
    certificates = []
    for job in first_tier_order(state.grid, state.unplanned()):
        certificate, _ = place_first(state, job)
        certificates.append(certificate)
    return certificates


def _completed(certificate: Certificate, state: State, before: Stand) -> Certificate:
    if certificate.technician_id is None:
        return certificate
    return with_moved(certificate, state, before, of_technician=certificate.technician_id)


def _insert_rest(state: State, seed: int) -> State:
    jobs = waiting_jobs(state)
    if len(jobs) > _FEW_JOBS and is_compiled():
        return insert_compiled(state)
    orders = insertion_orders(state.grid, jobs)
    random.Random(seed).shuffle(orders)
    best: State | None = None
    for order in orders[: 1 if len(jobs) > _FULL_ORDERS else None]:
        trial = state.copy()
        insert_all(trial, insert_all(trial, order))
        if best is None or trial.objective().total < best.objective().total:
            best = trial
    return best if best is not None else state
