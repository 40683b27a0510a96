"""One planning run from its problem to its worth: what the solving process does, and the only import of solvers.

Gateway and worker reach this by `load` and `in_solving_process` alone (decision 11), both run in the solving process:
solvers never meet monkey patching, and gateway and worker start without loading them.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from routing.plan import Plan
from routing.problem import Problem
from routing.stop import Stop
from routing.travel import TravelTimes
from server.dispatch.judged import Judged

# Orders and technicians of a plan that is judged at all, and of one that is judged exactly: each in about a second.
_MOST_JUDGED: Final = 3_000
_ASSIGNED: Final = 1_200


def load() -> None:
    """Load the solvers, and with them the compiled search: on a slow machine the longest part of the first run."""
    import routing.planner  # noqa: PLC0415 - see the module
    import routing.quality  # noqa: F401, PLC0415 - see the module


def in_solving_process(
    problem: Problem,
    warm: Plan,
    *,
    seed: int,
    stop: Stop,
    max_moved: int,
    travel: TravelTimes | None = None,
    workers: int = 1,
) -> Judged:
    """Plan within the budget of moved stops, and judge the plan against its bound. Raise `problem_invalid`.

    ``workers`` search a large fleet side by side. A plan waits for its judgement, so that of a very large one is left
    out, and that of a large one is the weaker and quicker one.
    """
    from routing.planner import plan_routes  # noqa: PLC0415 - see the module

    result = plan_routes(problem, seed=seed, stop=stop, warm=warm, travel=travel, max_moved=max_moved, workers=workers)
    return Judged(result.plan, result.certificates, _judge(problem, result.plan, travel), result.moved_budget_bound)


def _judge(problem: Problem, plan: Plan, travel: TravelTimes | None) -> dict[str, Any]:
    from routing.quality import plan_quality  # noqa: PLC0415 - see the module

    if len(problem.jobs) + len(problem.technicians) > _MOST_JUDGED:
        return {}
    found: dict[str, Any] = msgspec.to_builtins(plan_quality(problem, plan, travel, largest=_ASSIGNED))
    return found
