"""Splitting a large problem into neighbourhoods: blocks one OR-Tools model can carry, and regions for the search.

Regions are cut along a line that turns from round to round, so that what was a border becomes interior.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from routing.grid import Grid
from routing.model import Block, is_movable, open_jobs
from routing.problem import Place
from routing.state import State

Floats = npt.NDArray[np.float64]

# The size up to which OR-Tools answers within seconds (measured at 480 nodes; above 1000 it does not).
_MAX_TECHNICIANS = 40
_MAX_JOBS = 400
# So much of a turn between two rounds never brings an old border back (the golden angle).
_TURN_RAD = math.pi * (3.0 - math.sqrt(5.0))

_KM_PER_DEGREE = 111.3
# A guess at the way to a job, and by how much a group may be loaded above the mean when jobs are first shared out.
_DRIVE_S = 600
_UNEVEN = 1.1


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


def cut_regions(points: Floats, count: int, turn: int) -> list[list[int]]:
    """Return ``count`` groups of points [n, 2] of equal size, each a neighbourhood; ``turn`` turns the cuts.

    Groups are halved along their longer side, measured on axes that are turned for every round.
    """
    angle = turn * _TURN_RAD
    axes = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return _bisected(points @ axes, np.arange(len(points)), max(1, count))


def _bisected(turned: Floats, members: npt.NDArray[np.int64], count: int) -> list[list[int]]:
    if count == 1 or len(members) <= 1:
        return [sorted(members.tolist())]
    spans = np.ptp(turned[members], axis=0)
    ordered = members[np.argsort(turned[members, int(np.argmax(spans))], kind="stable")]
    first = count // 2
    middle = len(ordered) * first // count
    return [*_bisected(turned, ordered[:middle], first), *_bisected(turned, ordered[middle:], count - first)]


def flat_km(places: Sequence[Place], around: Place) -> Floats:
    """Return places as kilometres east and north [n, 2] of one of them, good enough to tell neighbours."""
    degrees = np.array([(place.lon, place.lat) for place in places], dtype=np.float64).reshape(-1, 2)
    per_degree = np.array([_KM_PER_DEGREE * math.cos(math.radians(around.lat)), _KM_PER_DEGREE])
    km: Floats = (degrees - np.array([around.lon, around.lat])) * per_degree
    return km


def share_out(state: State, jobs: Sequence[int], groups: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return for each group of technicians the waiting jobs it gets: the nearest with the skills and hours left.

    Jobs whose second nearest group is much farther choose first; what nobody may take is given to nobody.
    """
    shares: list[list[int]] = [[] for _ in groups]
    if not jobs or not groups:
        return shares
    far = _distances_km(state.grid, jobs, groups)
    work_s = np.array([state.grid.jobs[job].service_s + _DRIVE_S for job in jobs], dtype=np.float64)
    room_s = _room_s(state, groups, float(work_s.sum()))
    order = np.sort(far, axis=1)
    reached = np.isfinite(order[:, 0])
    regret = np.full(len(jobs), np.inf)
    if len(groups) > 1:
        regret[reached] = order[reached, 1] - order[reached, 0]
    for index in np.argsort(-regret, kind="stable").tolist():
        if not reached[index]:
            continue
        with_room = np.where(room_s >= work_s[index], far[index], np.inf)
        group = int(np.argmin(with_room if np.isfinite(with_room).any() else far[index]))
        shares[group].append(jobs[index])
        room_s[group] -= work_s[index]
    return shares


def _distances_km(grid: Grid, jobs: Sequence[int], groups: Sequence[Sequence[int]]) -> Floats:
    """Return kilometres from each job to the nearest technician of each group who may take it, [jobs, groups]."""
    around = grid.technicians[0].place
    homes = flat_km([technician.place for technician in grid.technicians], around)
    where = flat_km([grid.jobs[job].place for job in jobs], around)
    far = np.full((len(jobs), len(groups)), np.inf)
    kinds = [_kind(grid, job) for job in jobs]
    one_of = dict(zip(kinds, jobs, strict=True))
    masks = {kind: grid.allowed_mask(job) for kind, job in one_of.items()}
    for kind, mask in masks.items():
        rows = [index for index, other in enumerate(kinds) if other == kind]
        for column, group in enumerate(groups):
            crew = [tech for tech in group if mask[tech]]
            if crew:
                gaps = where[rows, None, :] - homes[None, crew, :]
                far[rows, column] = np.sqrt((gaps * gaps).sum(axis=2).min(axis=1))
    return far


def _kind(grid: Grid, job: int) -> tuple[int, int, frozenset[int]]:
    # Jobs of one kind may be taken by the same technicians.
    return grid.skill_class[job], grid.locked[job], grid.barred[job]


def _room_s(state: State, groups: Sequence[Sequence[int]], work_s: float) -> Floats:
    """Return the seconds of work each group may still get, so that all are loaded alike."""
    grid = state.grid
    load, hours = np.zeros(len(groups)), np.zeros(len(groups))
    for number, group in enumerate(groups):
        for tech in group:
            hours[number] += max(0, grid.technicians[tech].shift_end_s - grid.ready[tech])
            load[number] += sum(grid.jobs[job].service_s + _DRIVE_S for job in state.routes[tech])
    share = (work_s + load.sum()) / max(1.0, hours.sum())
    room_s: Floats = hours * share * _UNEVEN - load
    return room_s
