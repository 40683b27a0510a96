"""Best insertion of ordinary jobs: cheap, in the exact objective, and the warm start of every other engine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.errands import list_errands
from routing.grid import NOBODY, Grid, is_first
from routing.problem import Tier
from routing.schedule import NO_START_S, insertion_cost, visit, walk
from routing.state import State
from routing.visits import ends_before_absence

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_PENALTY_BAND = 10_000.0
# Who is kept away by the first of these is nearest to being able to go.
_ALONE = ("no_room", "window_closed", "away", "off_shift", "no_parts", "no_instrument", "skill_expired")
_BARS = ("closed_territory", "calibration_expired", "no_instrument", "level_too_low", "no_skill", "barred")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a job goes (technician index, position in his route) and what that costs in driving seconds."""

    tech: int
    position: int
    delta: float


def find_best_position(state: State, job: int, techs: Sequence[int] | None = None) -> Position | None:
    """Return the cheapest sound position of a job over all (or the given) technicians, or None.

    Positions are tried in the order of a lower bound (detour, own lateness, moved price); the exact cost with
    everything pushed behind is walked only while the bound still promises more.
    """
    slots, bound = _bounded_slots(state, job, techs)
    best: Position | None = None
    for slot in np.argsort(bound, kind="stable").tolist():
        if not bound[slot] < (math.inf if best is None else best.delta):
            break
        best = _better(state, job, slots, slot, best)
    return best


def best_by_technician(state: State, job: int) -> dict[int, Position]:
    """Return the cheapest sound position of a job at each technician who has one."""
    slots, bound = _bounded_slots(state, job, None)
    found: dict[int, Position] = {}
    for slot in np.argsort(bound, kind="stable").tolist():
        best = found.get(int(slots.owner[slot]))
        if bound[slot] < (math.inf if best is None else best.delta):
            better = _better(state, job, slots, slot, best)
            if better is not None:
                found[better.tech] = better
    return found


def _better(state: State, job: int, slots: _Slots, slot: int, best: Position | None) -> Position | None:
    tech, position = int(slots.owner[slot]), int(slots.position[slot])
    delta = _exact(state, job, tech, position)
    return Position(tech, position, delta) if delta < (math.inf if best is None else best.delta) else best


def insert_all(state: State, jobs: Iterable[int]) -> list[int]:
    """Insert jobs in the given order where each is cheapest; return those left out (no room, or too dear)."""
    left: list[int] = []
    for job in jobs:
        best = find_best_position(state, job)
        if best is None or best.delta >= state.grid.jobs[job].unserved_penalty:
            left.append(job)
        else:
            state.insert(best.tech, best.position, job)
    return left


def insertion_orders(grid: Grid, jobs: Sequence[int]) -> list[list[int]]:
    """Return the orders worth trying: by window end, by window width, by distance from the middle."""
    by_close = sorted(jobs, key=lambda job: (*_importance(grid, job), _closes(grid, job), job))
    by_width = sorted(jobs, key=lambda job: (*_importance(grid, job), _width(grid, job), job))
    starts = grid.start_node or [0]
    by_far = sorted(jobs, key=lambda job: (*_importance(grid, job), -int(grid.legs.column(job)[starts].min()), job))
    return [by_close, by_width, by_far]


def unserved_reason(state: State, job: int) -> str:
    """Return the reason that binds a job left out.

    ``locked_technician_missing``, ``barred``, ``no_skill``, ``level_too_low``, ``no_instrument``,
    ``calibration_expired``, ``closed_territory``, ``skill_expired``, ``no_parts``, ``away``, ``off_shift``,
    ``window_closed``, ``no_room`` or ``too_costly``: the one that stands nearest to somebody who could go.
    """
    grid = state.grid
    if grid.locked[job] not in (NOBODY, *range(len(grid.technicians))):
        return "locked_technician_missing"
    crew = [tech for tech in range(len(state.routes)) if grid.allowed(tech, job)]
    if not crew:
        bars = {grid.bar_of(tech, job) for tech in range(len(state.routes))}
        return next((name for name in _BARS if name in bars), "no_skill")
    if find_best_position(state, job, crew) is not None:
        return "too_costly"
    reasons = {_alone(state, tech, job) for tech in crew}
    return next(name for name in _ALONE if name in reasons)


def _alone(state: State, tech: int, job: int) -> str:
    # Why he cannot take it even with nothing else planned behind his first stops.
    grid, walked, head = state.grid, state.walked(tech), state.head(tech)
    node, ready = walked.node_before[head], walked.ready_before[head]
    _, start = visit(grid, tech, job, node, ready)
    first = state.routes[tech][:head]
    if grid.has_needs[job] and not list_errands(grid, tech, [*first, job]):
        return "no_instrument" if grid.fetched_tools(tech, job) else "no_parts"
    if start != NO_START_S:
        leaves_for = min(state.leaves_for[tech], head)
        alone = insertion_cost(grid, tech, first, leaves_for, head, job, walk(grid, tech, first, leaves_for))
        return "no_room" if alone < math.inf else "off_shift"
    reach = ready + grid.travel[node][job]
    if reach > grid.valid_until[tech, grid.skill_class[job]]:
        return "skill_expired"
    if is_first(grid.tier[job]) and not ends_before_absence(grid, tech, job, reach):
        return "away"
    return "off_shift" if reach > grid.technicians[tech].shift_end_s else _window_or_shift(grid, reach, job)


def _window_or_shift(grid: Grid, reach_s: int, job: int) -> str:
    windows = grid.windows[job]
    return "window_closed" if windows and reach_s > windows[-1][1] else "off_shift"


@dataclass(frozen=True, slots=True)
class _Slots:
    """Every place for one more stop: whose, before which position, from which node, ready when, and what follows."""

    owner: Ints
    position: Ints
    node: Ints
    follow: Ints
    ready: Ints
    leg: Ints


def _bounded_slots(state: State, job: int, techs: Sequence[int] | None) -> tuple[_Slots, Floats]:
    mask = state.grid.allowed_mask(job)
    partner = state.grid.partner[job]
    if partner != NOBODY:
        # Nobody is two people: the second person is somebody else.
        mask[[tech for tech, route in enumerate(state.routes) if partner in route]] = False
    crew = range(len(state.routes)) if techs is None else techs
    slots = _slots(state, [tech for tech in crew if mask[tech]])
    return slots, _bounds(state.grid, job, slots)


def _slots(state: State, techs: Sequence[int]) -> _Slots:
    owner: list[int] = []
    position: list[int] = []
    node: list[int] = []
    follow: list[int] = []
    ready: list[int] = []
    for tech in techs:
        walked, route, head = state.walked(tech), state.routes[tech], state.head(tech)
        count = len(route) - head + 1
        owner += [tech] * count
        position += range(head, len(route) + 1)
        node += walked.node_before[head:]
        ready += walked.ready_before[head:]
        follow += route[head:]
        follow.append(state.grid.end_node[tech])
    travel = state.grid.travel
    leg = [travel[here][there] for here, there in zip(node, follow, strict=True)]
    return _Slots(*(np.array(column, dtype=np.int64) for column in (owner, position, node, follow, ready, leg)))


def _bounds(grid: Grid, job: int, slots: _Slots) -> Floats:
    spec, owner = grid.jobs[job], slots.owner
    reach = grid.legs.column(job)[slots.node].astype(np.int64)
    bound: Floats = (reach + grid.legs.row(job)[slots.follow] - slots.leg).astype(np.float64)
    start = np.maximum(slots.ready + reach, max(spec.release_s, spec.earliest_s))
    if spec.due_s is not None:
        bound += np.maximum(start - spec.due_s, 0) * spec.lateness_weight
    if grid.previous[job] != NOBODY:
        moved = grid.problem.moved_stop_price if spec.moved_price is None else spec.moved_price
        bound += np.where(owner == grid.previous[job], 0.0, moved)
    if grid.windows[job] and grid.tier[job] > Tier.EMERGENCY:
        bound[start > grid.windows[job][-1][1]] = math.inf
    return bound


def _exact(state: State, job: int, tech: int, position: int) -> float:
    grid, route = state.grid, state.routes[tech]
    grows = insertion_cost(grid, tech, route, state.leaves_for[tech], position, job, state.walked(tech))
    return grows + grid.pair_price(tech, job)


def _importance(grid: Grid, job: int) -> tuple[int, int]:
    # Dear jobs first, but in wide bands only: within a band the order of the day matters more.
    return grid.tier[job], -int(math.log10(1.0 + grid.jobs[job].unserved_penalty / _PENALTY_BAND))


def _closes(grid: Grid, job: int) -> int:
    spec, windows = grid.jobs[job], grid.windows[job]
    ends = [windows[-1][1]] if windows else []
    return min([*ends, spec.due_s if spec.due_s is not None else 1 << 60])


def _width(grid: Grid, job: int) -> int:
    return sum(closes - opens for opens, closes in grid.windows[job]) or 1 << 60
