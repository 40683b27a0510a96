"""What a technician does between his stops: rests, and one visit to a depot for what his van lacks.

A rest is taken before he leaves for an ordinary stop: at the first departure at or after its earliest second, or at
the last one from which that stop would end after its latest. The depot stands before the first stop that needs more
than the van holds, at the place in the route where it costs least. Neither ever delays what goes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from routing.grid import Grid, is_first
from routing.problem import Break
from routing.visits import NO_START_S, home_s, opening, visit


@dataclass(frozen=True, slots=True)
class Fetch:
    """A visit to a depot (its index in the problem) in the leg before a stop, and what is taken from it."""

    depot: int
    position: int
    parts: dict[str, int]
    instruments: tuple[str, ...]


@dataclass(slots=True)
class Errands:
    """The errands of one walk: what is owed, and when it was done (position, start, end; the depot also arrival)."""

    grid: Grid
    tech: int
    fetch: Fetch | None = None
    owed: list[Break] = field(default_factory=list)
    breaks: list[tuple[int, int, int]] = field(default_factory=list)
    visited: tuple[int, int, int] | None = None
    first: int = 0
    is_broken: bool = False

    def before(self, position: int, job: int, node: int, ready_s: int) -> tuple[int, int, int]:
        """Do what belongs into the leg before a stop; return node, second and seconds driven on errands."""
        if position < self.first:
            return node, ready_s, 0
        drive = 0
        if self.fetch is not None and self.fetch.position == position:
            node, ready_s, drive = self._visit_depot(position, node, ready_s)
        return node, self._rest(position, job, node, ready_s), drive

    def before_home(self, position: int, node: int, ready_s: int) -> int:
        """Rest before the drive home where he would else come home after the rest had to begin; return the second."""
        home = home_s(self.grid, self.tech, node)
        # A rest that went by during what goes first is not made up for on the way home.
        self.owed = [rest for rest in self.owed if rest.latest_s >= ready_s]
        while self.owed and self.owed[0].latest_s < ready_s + home:
            ready_s = self._take(position, ready_s)
        return ready_s

    def _visit_depot(self, position: int, node: int, ready_s: int) -> tuple[int, int, int]:
        grid, fetch = self.grid, self.fetch
        depot = grid.problem.depots[fetch.depot if fetch is not None else 0]
        target = grid.depot_node[fetch.depot if fetch is not None else 0]
        drive = grid.travel[node][target]
        end = self._loaded_at(ready_s + drive, depot.windows, depot.visit_s)
        while self.owed and self._is_due(ready_s, end):
            ready_s = self._take(position, ready_s)
            end = self._loaded_at(ready_s + drive, depot.windows, depot.visit_s)
        arrival = ready_s + drive
        start = opening(tuple(sorted(depot.windows)), arrival)
        self.is_broken |= start == NO_START_S
        start = max(start, arrival)
        self.visited = (arrival, start, start + depot.visit_s)
        return target, start + depot.visit_s, drive

    def _loaded_at(self, arrival_s: int, windows: Sequence[tuple[int, int]], visit_s: int) -> int:
        return max(arrival_s, opening(tuple(sorted(windows)), arrival_s)) + visit_s

    def _rest(self, position: int, job: int, node: int, ready_s: int) -> int:
        while self.owed:
            arrival, start = visit(self.grid, self.tech, job, node, ready_s)
            if not self._is_due(ready_s, max(arrival, start) + self.grid.jobs[job].service_s):
                break
            ready_s = self._take(position, ready_s)
        return ready_s

    def _is_due(self, ready_s: int, end_s: int) -> bool:
        return ready_s >= self.owed[0].earliest_s or end_s > self.owed[0].latest_s

    def _take(self, position: int, ready_s: int) -> int:
        rest = self.owed.pop(0)
        start = max(ready_s, rest.earliest_s)
        # Too late is a fault of this route only when ordinary work stood before it; what goes first may last.
        self.is_broken |= start > rest.latest_s and self._has_worked(position)
        self.breaks.append((position, start, start + rest.duration_s))
        return start + rest.duration_s

    def _has_worked(self, position: int) -> bool:
        return position > self.first


def owed_breaks(grid: Grid, tech: int) -> list[Break]:
    """Return the rests a technician is still owed, by time: those that need not have begun before he is free."""
    return [rest for rest in grid.rests[tech] if rest.latest_s >= grid.ready[tech]]


def list_errands(grid: Grid, tech: int, route: Sequence[int]) -> list[Errands]:
    """Return every way to do the errands of a route: one without a depot, or one for each depot and place."""
    first = next((place for place, job in enumerate(route) if not is_first(grid.tier[job])), len(route))
    fetches = list_fetches(grid, tech, route, first)
    return [Errands(grid, tech, fetch, owed_breaks(grid, tech), first=first) for fetch in fetches]


def list_fetches(grid: Grid, tech: int, route: Sequence[int], first: int) -> list[Fetch | None]:
    """Return the visits to a depot that would serve a route, ``[None]`` when it needs none; empty when none would do.

    What goes first is never sent to a depot: a lack there has no remedy.
    """
    need, tools, since = _lacking(grid, tech, route)
    if since is None:
        return [None]
    return [
        Fetch(depot, position, need, tools)
        for depot in range(len(grid.problem.depots))
        if _has_all(grid, depot, need, tools)
        for position in range(first, since + 1)
    ]


def _lacking(grid: Grid, tech: int, route: Sequence[int]) -> tuple[dict[str, int], tuple[str, ...], int | None]:
    """Return parts and instruments the van lacks for a route, and the first stop that misses something."""
    left = Counter(grid.technicians[tech].stock)
    tools: set[str] = set()
    since: int | None = None
    for position, job in enumerate(route):
        if not grid.has_needs[job]:
            continue
        left.subtract(grid.jobs[job].parts)
        missing = grid.fetched_tools(tech, job)
        if grid.tier[job] < 0:
            # Under way or on site: a fact, whatever the van held.
            left = Counter({kind: max(0, count) for kind, count in left.items()})
            continue
        tools.update(missing)
        if since is None and (missing or any(count < 0 for count in left.values())):
            since = position
    return {kind: -count for kind, count in left.items() if count < 0}, tuple(sorted(tools)), since


def _has_all(grid: Grid, depot: int, need: dict[str, int], tools: tuple[str, ...]) -> bool:
    spec = grid.problem.depots[depot]
    held = {instrument.kind for instrument in spec.instruments}
    is_stocked = spec.stock is None or all(spec.stock.get(kind, 0) >= count for kind, count in need.items())
    return is_stocked and held.issuperset(tools)


def lacks_parts(grid: Grid, tech: int, head: Sequence[int], job: int) -> bool:
    """Tell whether a van has not enough for a job after what stands before it at the head of the route."""
    left = Counter(grid.technicians[tech].stock)
    for one in head:
        left.subtract(grid.jobs[one].parts)
    return any(max(0, left[kind]) < count for kind, count in grid.jobs[job].parts.items())
