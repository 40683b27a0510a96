"""How well one more visit would fit into each of several windows: exact insertion, no search, nothing compiled."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from routing.grid import build_grid
from routing.insertion import find_best_position, insert_all, unserved_reason
from routing.plan import Plan
from routing.problem import Job, Problem, Value, Window
from routing.state import state_of
from routing.travel import StraightLine, TravelTimes


class Fit(Value, frozen=True, kw_only=True):
    """One window (start of service, both ends included): what the visit would add, or why nobody can.

    ``added_s`` is the growth of the exact objective in driving seconds, lateness of others included, but without the
    price of the skill reserve: it tells what a window costs those who are served.
    """

    window: Window
    technician_id: str | None = None
    added_s: float | None = None
    reason: str | None = None


def fit_windows(
    problem: Problem, plan: Plan | None, job: Job, windows: Sequence[Window], travel: TravelTimes | None = None
) -> tuple[Fit, ...]:
    """Return for each window the cheapest sound position of the job in the plan that stands (IN-17).

    Jobs that the plan leaves out are inserted first where they are cheapest; the plan itself is not changed.
    Raise DomainError ``problem_invalid``.
    """
    probes = [
        msgspec.structs.replace(job, id=f"{job.id}@{number}", windows=(window,), due_s=window[1])
        for number, window in enumerate(windows)
    ]
    asked = msgspec.structs.replace(problem, jobs=(*problem.jobs, *probes))
    grid = build_grid(asked, travel or StraightLine(problem.profile))
    state = state_of(grid, plan, keep_first=True)
    first = len(problem.jobs)
    insert_all(state, [one for one in state.unplanned() if one < first])
    found = []
    for number, window in enumerate(windows):
        best = find_best_position(state, first + number)
        if best is None:
            found.append(Fit(window=window, reason=unserved_reason(state, first + number)))
        else:
            name, reserve = grid.technicians[best.tech].id, grid.reserve_price(best.tech, first + number)
            found.append(Fit(window=window, technician_id=name, added_s=best.delta - reserve))
    return tuple(found)
