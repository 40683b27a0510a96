"""One planning run from its problem to its quality: what a solving process does, apart from any database."""

from __future__ import annotations

import dataclasses

from routing.certificate import Certificate
from routing.plan import Plan
from routing.planner import plan_routes
from routing.problem import Problem
from routing.quality import PlanQuality, plan_quality
from routing.stop import Stop
from routing.travel import TravelTimes


@dataclasses.dataclass(frozen=True)
class Judged:
    """A plan with its proofs, what it is worth against a bound, and whether its budget of moved stops was used up."""

    plan: Plan
    certificates: tuple[Certificate, ...]
    quality: PlanQuality
    is_budget_bound: bool


def plan_and_judge(
    problem: Problem, warm: Plan, *, seed: int, stop: Stop, max_moved: int, travel: TravelTimes | None = None
) -> Judged:
    """Plan within the budget of moved stops, and judge the plan against its bound. Raise `problem_invalid`."""
    result = plan_routes(problem, seed=seed, stop=stop, warm=warm, travel=travel, max_moved=max_moved)
    quality = plan_quality(problem, result.plan, travel)
    return Judged(result.plan, result.certificates, quality, result.moved_budget_bound)
