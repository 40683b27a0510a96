"""Depots with little on their shelves: what several routes want to fetch is shared out, and the rest goes without."""

from __future__ import annotations

from collections import Counter

from routing.grid import is_first
from routing.state import State


def enforce_depot_stock(state: State) -> list[int]:
    """Take stops out of routes until no depot gives more than it has; return them.

    The stop that is cheapest to leave out goes first; what goes first is never taken out, for it fetches nothing.
    """
    dropped: list[int] = []
    while (short := _shortage(state)) is not None:
        job = _cheapest(state, *short)
        if job is None:
            break
        state.remove(job)
        dropped += [job, *state.repair()]
    return dropped


def _shortage(state: State) -> tuple[int, str] | None:
    """Return depot and part of which the routes fetch more than there is."""
    taken: dict[int, Counter[str]] = {}
    if not state.grid.any_needs:
        return None
    for tech in range(len(state.routes)):
        visit = state.walked(tech).depot
        if visit is not None:
            taken.setdefault(visit[0].depot, Counter()).update(visit[0].parts)
    for depot, parts in sorted(taken.items()):
        stock = state.grid.problem.depots[depot].stock
        for kind, count in sorted(parts.items()):
            if stock is not None and count > stock.get(kind, 0):
                return depot, kind
    return None


def _cheapest(state: State, depot: int, kind: str) -> int | None:
    grid = state.grid
    wanted = [
        job
        for tech, route in enumerate(state.routes)
        if (visit := state.walked(tech).depot) is not None and visit[0].depot == depot and kind in visit[0].parts
        for job in route
        if grid.jobs[job].parts.get(kind, 0) and not is_first(grid.tier[job])
    ]
    return min(wanted, key=lambda job: (grid.jobs[job].unserved_penalty, job), default=None)
