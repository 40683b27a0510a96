"""Who stands by: technicians free and qualified near a place at a moment, for the wishes of the problem.

A technician is free while he waits between two stops, where the last one ended, and after his last stop while he can
still be home by the end of his shift. Reach is judged by straight lines: wishes name places that no matrix knows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from routing.grid import Grid
from routing.partition import Cell, Coverage
from routing.problem import Standby, Technician
from routing.schedule import Walk
from routing.travel import StraightLine


class Watch:
    """The standby wishes of a grid, with the drives to them worked out once."""

    def __init__(self, grid: Grid) -> None:
        """Measure from every job and every technician to every wished place."""
        self._grid = grid
        self._wishes = grid.problem.standby
        sources = [*(job.place for job in grid.jobs), *(one.place for one in grid.technicians)]
        targets = [wish.place for wish in self._wishes]
        now_s = grid.problem.now_s
        line = StraightLine(grid.problem.profile)
        self._drive_s = line.matrix(sources, targets, now_s)[0] if targets else np.zeros((0, 0), np.int32)

    def coverage(self) -> tuple[Coverage, ...]:
        """Return the wishes as the choice of routes takes them; a cell is the number of the wish."""
        return tuple(Coverage((number, 0), wish.least, wish.price) for number, wish in enumerate(self._wishes))

    def cells(self, tech: int, route: Sequence[int], walked: Walk) -> frozenset[Cell]:
        """Return the wishes that a technician on this walked route helps to fulfil."""
        return frozenset(
            (number, 0)
            for number, wish in enumerate(self._wishes)
            if _is_qualified(self._grid.technicians[tech], wish) and self._is_near(tech, route, walked, number)
        )

    def missing_price(self, routes: Sequence[Sequence[int]], walks: Sequence[Walk]) -> float:
        """Return what the wishes left open cost in a plan."""
        held = [self.cells(tech, route, walks[tech]) for tech, route in enumerate(routes)]
        return sum(
            wish.price * max(0, wish.least - sum((number, 0) in cells for cells in held))
            for number, wish in enumerate(self._wishes)
        )

    def _is_near(self, tech: int, route: Sequence[int], walked: Walk, number: int) -> bool:
        wish = self._wishes[number]
        node = free_at(self._grid, tech, route, walked, wish.at_s)
        if node is None:
            return False
        row = node if node < len(self._grid.jobs) else len(self._grid.jobs) + tech
        return bool(self._drive_s[row, number] <= wish.reach_s)


def free_at(grid: Grid, tech: int, route: Sequence[int], walked: Walk, at_s: int) -> int | None:
    """Return the node where a technician stands free at a second, None while he drives, works, rests or is off."""
    if any(start <= at_s < end for _, start, end in walked.breaks):
        return None
    fetching = walked.depot[0].position if walked.depot is not None else -1
    for position, job in enumerate(route):
        node = walked.node_before[position]
        leaves_s = walked.start_s[position] - grid.travel[node][job]
        if walked.ready_before[position] <= at_s <= leaves_s:
            return node if position != fetching else None
    node, ready_s = walked.node_before[-1], walked.ready_before[-1]
    is_on_shift = at_s + grid.travel[node][grid.end_node[tech]] <= grid.technicians[tech].shift_end_s
    return node if ready_s <= at_s and is_on_shift else None


def _is_qualified(technician: Technician, wish: Standby) -> bool:
    held = {
        skill.name for skill in technician.skills if skill.valid_until_s is None or skill.valid_until_s >= wish.at_s
    }
    return set(wish.skills) <= held
