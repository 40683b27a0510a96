"""One planning run from its problem to its worth: what the solving process does, and the only import of solvers.

Gateway and worker reach this by `load` and `in_solving_process` alone (decision 11), both run in the solving process:
solvers never meet monkey patching, and gateway and worker start without loading them.
"""

from __future__ import annotations

import msgspec

from routing.plan import Plan
from routing.problem import Problem
from routing.stop import Stop
from routing.travel import TravelTimes
from server.dispatch.judged import Judged


def load() -> None:
    """Load the solvers, and with them the compiled search: on a slow machine the longest part of the first run."""
    import routing.planner  # noqa: PLC0415 - see the module
    import routing.quality  # noqa: F401, PLC0415 - see the module


def in_solving_process(
    problem: Problem, warm: Plan, *, seed: int, stop: Stop, max_moved: int, travel: TravelTimes | None = None
) -> Judged:
    """Plan within the budget of moved stops, and judge the plan against its bound. Raise `problem_invalid`."""
    from routing.planner import plan_routes  # noqa: PLC0415 - see the module
    from routing.quality import plan_quality  # noqa: PLC0415 - see the module

    result = plan_routes(problem, seed=seed, stop=stop, warm=warm, travel=travel, max_moved=max_moved)
    quality = msgspec.to_builtins(plan_quality(problem, result.plan, travel))
    return Judged(result.plan, result.certificates, quality, result.moved_budget_bound)
