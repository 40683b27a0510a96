"""Splitting a large problem into blocks one model can carry: neighbouring technicians with what they have to do."""

from __future__ import annotations

from collections.abc import Sequence

from routing.grid import Grid
from routing.model import Block, is_movable, open_jobs
from routing.state import State

# The size up to which OR-Tools answers within seconds (measured at 480 nodes; above 1000 it does not).
_MAX_TECHNICIANS = 40
_MAX_JOBS = 400


def split_blocks(state: State) -> list[Block]:
    """Return disjoint blocks of technicians with their open stops and the unserved jobs nearest to them."""
    groups = _halve(state, list(range(len(state.routes))))
    waiting = _shared_out(state, groups)
    return [
        Block(techs=tuple(group), jobs=tuple(sorted([*open_jobs(state, group), *extra])))
        for group, extra in zip(groups, waiting, strict=True)
        if group
    ]


def _halve(state: State, techs: list[int]) -> list[list[int]]:
    load = len(open_jobs(state, techs))
    if len(techs) <= 1 or (len(techs) <= _MAX_TECHNICIANS and load <= _MAX_JOBS):
        return [techs]
    ordered = _along_longer_axis(state.grid, techs)
    middle = len(ordered) // 2
    return [*_halve(state, sorted(ordered[:middle])), *_halve(state, sorted(ordered[middle:]))]


def _along_longer_axis(grid: Grid, techs: Sequence[int]) -> list[int]:
    places = {tech: grid.technicians[tech].place for tech in techs}
    lats = [place.lat for place in places.values()]
    lons = [place.lon for place in places.values()]
    if max(lats) - min(lats) >= max(lons) - min(lons):
        return sorted(techs, key=lambda tech: (places[tech].lat, tech))
    return sorted(techs, key=lambda tech: (places[tech].lon, tech))


def _shared_out(state: State, groups: Sequence[Sequence[int]]) -> list[list[int]]:
    grid, owner = state.grid, {tech: number for number, group in enumerate(groups) for tech in group}
    shares: list[list[int]] = [[] for _ in groups]
    for job in state.unplanned():
        crew = [tech for tech in owner if grid.allowed(tech, job)]
        if crew and is_movable(grid, job):
            nearest = min(crew, key=lambda tech: (grid.travel[grid.start_node[tech]][job], tech))
            number = owner[nearest]
            if len(shares[number]) < _MAX_JOBS:
                shares[number].append(job)
    return shares
