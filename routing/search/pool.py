"""Distinct good routes met during a search: the columns out of which a plan is put together afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from routing.search.layout import INF, State

LARGEST = 5000


class Pool:
    """Routes by technician and order of stops, with their costs; when full, the oldest goes: a search cools down."""

    def __init__(self, largest: int = LARGEST) -> None:
        self.largest = largest
        self._costs: dict[tuple[int, tuple[int, ...]], float] = {}

    def __len__(self) -> int:
        return len(self._costs)

    def __iter__(self) -> Iterator[tuple[int, tuple[int, ...], float]]:
        """Yield technician, stops and cost of each route, in the order met."""
        for (route, stops), cost in self._costs.items():
            yield route, stops, cost

    def add(self, route: int, stops: tuple[int, ...], cost: float) -> None:
        """Keep a route unless it is known, empty or infeasible."""
        if not stops or cost >= INF or (route, stops) in self._costs:
            return
        if len(self._costs) >= self.largest:
            del self._costs[next(iter(self._costs))]
        self._costs[route, stops] = cost

    def collect(self, plan: State) -> None:
        """Keep every route of a plan of the search."""
        jobs = int(plan.locked.shape[0])
        after, costs = plan.after.tolist(), plan.cost.tolist()
        for route, cost in enumerate(costs):
            stops, stop = [], after[jobs + route]
            while stop < jobs:
                stops.append(stop)
                stop = after[stop]
            self.add(route, tuple(stops), cost)
