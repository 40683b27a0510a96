"""A square table of legs between points asked for before; new points are added by a row and a column each."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Final

import numpy as np

from server.dispatch.travel.geometry import Floats, Index

# Returns the legs from each of some points to each of some others; inf where no way leads.
FindLegs = Callable[[Index, Index], Floats]

_ROOM: Final = 256


@dataclasses.dataclass(frozen=True)
class _Table:
    """What is known at one moment: row numbers by point, the points in their order, and the legs."""

    row: dict[int, int]
    points: Index
    legs: Floats


def _empty() -> _Table:
    return _Table({}, np.zeros(0, dtype=np.int64), np.full((_ROOM, _ROOM), np.inf))


class Known:
    """Legs between points. Readers never wait for a search: they see the table as it was last completed."""

    def __init__(self, find_legs: FindLegs, most: int, at_once: int) -> None:
        """Ask `find_legs` for up to `at_once` new points; above `most` points those unused for longest are forgotten.

        One call may ask for more than `most`: what it asks for is never forgotten before it is answered.
        """
        self._find_legs = find_legs
        self._most = most
        self._at_once = at_once
        self._table = _empty()
        self._searching = threading.Lock()
        self._used: dict[int, int] = {}
        self._asked = 0

    def missing(self, points: Index) -> list[int]:
        """Return the points without a row, each once."""
        row = self._table.row
        return [point for point in dict.fromkeys(points.tolist()) if point not in row]

    def look_up(self, points: Index) -> tuple[Floats, Index]:
        """Return all known legs and the rows of these points in them; searches for those that are new.

        Legs of a row never change afterwards. Raises what the search raises.
        """
        self._mark_used(points)
        table = self._complete(points)
        return table.legs, _numbers(table, points)

    def between(self, rows: Index, columns: Index) -> Floats:
        """Return the legs of shape (rows, columns), searching for those that are new. Raises what the search raises."""
        legs, numbers = self.look_up(np.concatenate([rows, columns]))
        return legs[numbers[: len(rows), None], numbers[len(rows) :]]

    def _mark_used(self, points: Index) -> None:
        self._asked += 1
        self._used.update(dict.fromkeys(points.tolist(), self._asked))

    def learn(self, points: Index, wait_s: float | None) -> bool:
        """Search for what is missing; False, with nothing done, when another search is not over in time.

        ``wait_s`` None waits as long as it takes.
        """
        self._mark_used(points)
        if wait_s is None:
            self._complete(points)
        if not self.missing(points):
            return True
        if not self._searching.acquire(timeout=wait_s or 0.0):
            return False
        try:
            self._search_some(points, len(points))
        finally:
            self._searching.release()
        return True

    def _complete(self, wanted: Index) -> _Table:
        """Return a table with all points, searching a few at a time: whoever cannot wait gets in between."""
        points = wanted.tolist()
        table = self._table
        while any(point not in table.row for point in points):
            with self._searching:
                self._search_some(wanted, self._at_once)
            table = self._table
        return table

    def _search_some(self, wanted: Index, count: int) -> None:
        """Search for up to so many missing points and publish the table with them."""
        # The first time all are new: one search each instead of two, and nothing is known that could be waited for.
        new = np.array(self.missing(wanted)[: count if self._table.row else None], dtype=np.int64)
        self._table = self._extended(self._with_room(wanted, len(new)), new)

    def _with_room(self, wanted: Index, more: int) -> _Table:
        """Return the table, or one half as large of what was used last when it would grow too large."""
        table = self._table
        if len(table.points) + more <= self._most:
            return table
        needed = set(wanted.tolist())
        room = max(self._most // 2, len(needed))
        newest = sorted(table.row, key=lambda point: (point in needed, self._used.get(point, 0)))[-room:]
        kept = _numbers(table, np.array(newest, dtype=np.int64))
        self._used = {point: self._used.get(point, 0) for point in newest}
        row = {point: index for index, point in enumerate(newest)}
        return _Table(row, np.array(newest, dtype=np.int64), table.legs[kept[:, None], kept])

    def _extended(self, table: _Table, new: Index) -> _Table:
        if not len(new):
            return table
        old, count, total = table.points, len(table.points), len(table.points) + len(new)
        points = np.concatenate([old, new])
        legs = _with_space(table.legs, total)
        legs[count:total, :total] = self._find_legs(new, points)
        legs[:count, count:total] = self._find_legs(old, new)
        row = table.row | {int(point): count + index for index, point in enumerate(new)}
        return _Table(row, points, legs)


def _numbers(table: _Table, points: Index) -> Index:
    return np.fromiter((table.row[point] for point in points.tolist()), dtype=np.int64, count=len(points))


def _with_space(legs: Floats, total: int) -> Floats:
    room = len(legs)
    if total <= room:
        # Only rows that no published table names are written to.
        return legs
    wider = np.full((max(total, 2 * room),) * 2, np.inf)
    wider[:room, :room] = legs
    return wider
