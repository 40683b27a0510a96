"""Driving seconds between the nodes of a grid, asked of the provider only where somebody wants to know.

A day of 1,500 orders and 200 technicians has four million legs; the answer to one emergency looks at a few thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from routing.problem import Place
from routing.travel import TravelTimes

Ints = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.int32]

# Up to so many nodes one call for the whole matrix costs less than several for its parts.
_WHOLE_NODES = 160
# Chains of nodes asked for in one call: wide enough to spread the call's own cost, narrow enough to waste few legs.
_CHAINS_PER_CALL = 6
# After so many single legs the whole row of a node is the cheaper question.
_MISSES_PER_ROW = 3


class Row(dict[int, int]):
    """The legs from one node, filled when they are asked for."""

    __slots__ = ("_legs", "_misses", "_node")

    def __init__(self, legs: Legs, node: int) -> None:
        """Start empty."""
        super().__init__()
        self._legs, self._node, self._misses = legs, node, 0

    def __missing__(self, target: int) -> int:
        """Ask for the leg; whoever asks often gets the whole row."""
        self._misses += 1
        legs, node = self._legs, self._node
        if self._misses > _MISSES_PER_ROW or legs.has_row(node):
            seconds = int(legs.row(node)[target])
        elif legs.has_column(target):
            seconds = int(legs.column(target)[node])
        else:
            seconds = int(legs.block([node], [target])[0, 0])
        self[target] = seconds
        return seconds


class Rows(dict[int, Row]):
    """The rows of all nodes, made when they are asked for: ``rows[a][b]`` are the seconds from a to b."""

    __slots__ = ("_legs",)

    def __init__(self, legs: Legs) -> None:
        """Start empty."""
        super().__init__()
        self._legs = legs

    def __missing__(self, node: int) -> Row:
        """Make a row."""
        row = self[node] = Row(self._legs, node)
        return row


class Legs:
    """Legs between places; the last node is free: it is reached from everywhere, and left, in 0 s."""

    def __init__(self, places: Sequence[Place], travel: TravelTimes, when_s: int) -> None:
        """Keep what to ask; nothing is asked of the provider yet unless the grid is small."""
        self._places, self._travel, self._when_s = list(places), travel, when_s
        self.free = len(self._places)
        self._rows: dict[int, Seconds] = {}
        self._columns: dict[int, Seconds] = {}
        self._whole: Seconds | None = None
        self.rows = Rows(self)
        if len(self._places) <= _WHOLE_NODES:
            self.whole()

    def has_row(self, node: int) -> bool:
        """Tell whether all legs from a node are there."""
        return self._whole is not None or node in self._rows

    def has_column(self, node: int) -> bool:
        """Tell whether all legs to a node are there."""
        return self._whole is not None or node in self._columns

    def whole(self) -> Seconds:
        """Return the whole matrix, shape (nodes, nodes), asked for once."""
        if self._whole is None:
            self._whole = np.zeros((self.free + 1, self.free + 1), dtype=np.int32)
            if self._places:
                self._whole[:-1, :-1] = self._travel.matrix(self._places, self._places, self._when_s)[0]
        return self._whole

    def row(self, node: int) -> Seconds:
        """Return driving seconds from one node to every node."""
        if self._whole is not None:
            whole_row: Seconds = self._whole[node]
            return whole_row
        known = self._rows.get(node)
        if known is None:
            known = self._rows[node] = np.zeros(self.free + 1, dtype=np.int32)
            if node != self.free:
                known[:-1] = self._travel.matrix([self._places[node]], self._places, self._when_s)[0][0]
        return known

    def column(self, node: int) -> Seconds:
        """Return driving seconds from every node to one node."""
        if self._whole is not None:
            whole_column: Seconds = self._whole[:, node]
            return whole_column
        known = self._columns.get(node)
        if known is None:
            known = self._columns[node] = np.zeros(self.free + 1, dtype=np.int32)
            if node != self.free:
                known[:-1] = self._travel.matrix(self._places, [self._places[node]], self._when_s)[0][:, 0]
        return known

    def block(self, sources: Sequence[int] | Ints, targets: Sequence[int] | Ints) -> Seconds:
        """Return driving seconds of shape (sources, targets)."""
        if self._whole is not None:
            return self._whole[np.ix_(np.asarray(sources, dtype=np.int64), np.asarray(targets, dtype=np.int64))]
        return self._ask(sources, targets)

    def fill_chains(self, chains: Iterable[Sequence[int]]) -> None:
        """Fetch the legs between neighbours of each chain of nodes, a few chains per call."""
        todo = [chain for chain in chains if len(chain) > 1]
        if self._whole is not None:
            return
        for first in range(0, len(todo), _CHAINS_PER_CALL):
            self._fill(todo[first : first + _CHAINS_PER_CALL])

    def fill_column(self, sources: Iterable[int], node: int) -> None:
        """Fetch the legs from some nodes to one node."""
        column, rows = self.column(node), self.rows
        for source in sources:
            rows[source][node] = int(column[source])

    def _fill(self, chains: Sequence[Sequence[int]]) -> None:
        sources = [node for chain in chains for node in chain[:-1]]
        targets = [node for chain in chains for node in chain[1:]]
        seconds = self._ask(sources, targets).diagonal().tolist()
        for source, target, leg in zip(sources, targets, seconds, strict=True):
            self.rows[source][target] = leg

    def _ask(self, sources: Sequence[int] | Ints, targets: Sequence[int] | Ints) -> Seconds:
        from_nodes, to_nodes = list(map(int, sources)), list(map(int, targets))
        if self.free not in from_nodes and self.free not in to_nodes:
            return self._provided(from_nodes, to_nodes)
        rows = [index for index, node in enumerate(from_nodes) if node != self.free]
        columns = [index for index, node in enumerate(to_nodes) if node != self.free]
        seconds = np.zeros((len(from_nodes), len(to_nodes)), dtype=np.int32)
        if rows and columns:
            asked = self._provided([from_nodes[index] for index in rows], [to_nodes[index] for index in columns])
            seconds[np.ix_(rows, columns)] = asked
        return seconds

    def _provided(self, sources: Sequence[int], targets: Sequence[int]) -> Seconds:
        places = self._places
        return self._travel.matrix([places[n] for n in sources], [places[n] for n in targets], self._when_s)[0]
