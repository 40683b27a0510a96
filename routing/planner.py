"""The day plan: leaks first and fixed, the rest by insertion and OR-Tools, never worse than where it started."""

from __future__ import annotations

import random
from collections.abc import Sequence

from routing.certificate import Certificate
from routing.grid import build_grid
from routing.insertion import insert_all, insertion_orders
from routing.model import Block, improve, is_movable
from routing.plan import Plan, PlanResult
from routing.problem import Problem
from routing.regions import split_blocks
from routing.state import State, state_of
from routing.stop import Limits, Stop
from routing.travel import StraightLine, TravelTimes
from routing.urgent import Stand, finished, first_tier_order, place_first, stand, with_moved

# Above so many jobs one pass of insertion is enough: the blocks' solvers do the rest.
_FULL_ORDERS = 600


def plan_routes(
    problem: Problem,
    *,
    seed: int,
    stop: Stop,
    warm: Plan | None = None,
    travel: TravelTimes | None = None,
) -> PlanResult:
    """Plan the whole problem; the same problem, seed and ``MaxIterations`` give the same plan (decision 18).

    Emergencies, then urgent leaks, are placed exactly and stay fixed (decision 9). The result is never worse in the
    exact objective than the warm start. Raise DomainError ``problem_invalid``.
    """
    grid = build_grid(problem, travel or StraightLine(problem.profile))
    state = state_of(grid, warm, keep_first=False)
    before = stand(state_of(grid, warm, keep_first=True))
    certificates = _place_first_tiers(state)
    state = _insert_rest(state, seed)
    engines = ["insertion"]
    if _optimise(state, stop.limits(), seed):
        engines.append("ortools")
    plan = finished(state, tuple(engines))
    return PlanResult(
        plan=plan,
        certificates=tuple(_completed(one, state, before) for one in certificates),
        engines=plan.engines,
        objective=plan.objective,
    )


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
    # An emergency that nobody may take stays out: it must not be served late by way of its cost.
    jobs = [job for job in state.unplanned() if is_movable(state.grid, job)]
    orders = insertion_orders(state.grid, jobs)
    random.Random(seed).shuffle(orders)
    best: State | None = None
    for order in orders[: 1 if len(jobs) > _FULL_ORDERS else None]:
        trial = state.copy()
        insert_all(trial, insert_all(trial, order))
        if best is None or trial.objective().total < best.objective().total:
            best = trial
    return best if best is not None else state


def _optimise(state: State, limits: Limits, seed: int) -> bool:
    """Improve the state block by block, in place; tell whether any block became better."""
    blocks = split_blocks(state)
    share = _shared(limits, len(blocks))
    is_better = False
    for number, block in enumerate(blocks):
        is_better |= _improve_block(state, block, share, seed + number)
    return is_better


def _improve_block(state: State, block: Block, limits: Limits, seed: int) -> bool:
    if not block.jobs or limits.iterations == 0 or limits.seconds == 0.0:
        return False
    better = improve(state, block, limits, seed)
    if better is None:
        return False
    for tech in block.techs:
        state.set_route(tech, better.routes[tech])
    return True


def _shared(limits: Limits, blocks: int) -> Limits:
    parts: Sequence[int] = range(max(1, blocks))
    return Limits(
        iterations=None if limits.iterations is None else -(-limits.iterations // len(parts)),
        seconds=None if limits.seconds is None else limits.seconds / len(parts),
    )
