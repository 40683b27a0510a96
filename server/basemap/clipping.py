"""Plane geometry of a packed map: what lies inside a box, and lines with fewer points (all in the units given)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # west, south, east, north


def clip_line(line: Sequence[Point], box: Box) -> list[list[Point]]:
    """Return the parts of a line inside the box (Liang-Barsky, segment by segment)."""
    parts: list[list[Point]] = []
    for start, end in itertools.pairwise(line):
        piece = clip_segment(start, end, box)
        if piece is None:
            continue
        if parts and parts[-1][-1] == piece[0]:
            parts[-1].append(piece[1])
        else:
            parts.append(list(piece))
    return parts


def clip_segment(start: Point, end: Point, box: Box) -> tuple[Point, Point] | None:
    """Return the part of a segment inside the box, None when it passes by."""
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    enter, leave = 0.0, 1.0
    for step, room in ((-dx, x - box[0]), (dx, box[2] - x), (-dy, y - box[1]), (dy, box[3] - y)):
        if step == 0:
            if room < 0:
                return None
            continue
        at = room / step
        enter, leave = (max(enter, at), leave) if step < 0 else (enter, min(leave, at))
    if enter > leave:
        return None
    return (x + dx * enter, y + dy * enter) if enter else start, (x + dx * leave, y + dy * leave) if leave < 1 else end


def clip_ring(ring: Sequence[Point], box: Box) -> list[Point]:
    """Return a polygon's ring cut to the box (Sutherland-Hodgman), open; empty when nothing is left."""
    left = list(ring[:-1]) if len(ring) > 1 and ring[0] == ring[-1] else list(ring)
    for axis, limit, sign in ((0, box[0], 1), (0, box[2], -1), (1, box[1], 1), (1, box[3], -1)):
        left = _cut(left, lambda p, a=axis, b=limit, s=sign: s * (p[a] - b))  # type: ignore[misc] # mypy: lambda defaults
    return left if len(left) > 2 else []  # noqa: PLR2004 - two corners enclose nothing


def _cut(ring: list[Point], depth: Callable[[Point], float]) -> list[Point]:
    """Keep what lies on the side where `depth` is not negative."""
    kept: list[Point] = []
    for before, point in zip([ring[-1], *ring[:-1]] if ring else [], ring, strict=True):
        behind, here = depth(before), depth(point)
        if (behind < 0) != (here < 0):
            share = behind / (behind - here)
            kept.append((before[0] + (point[0] - before[0]) * share, before[1] + (point[1] - before[1]) * share))
        if here >= 0:
            kept.append(point)
    return kept


def simplify(line: Sequence[Point], tolerance: float) -> list[Point]:
    """Return the line without the points that lie nearer than `tolerance` to it (Douglas-Peucker, both ends kept)."""
    if len(line) < 3:  # noqa: PLR2004 - two points are a line already
        return list(line)
    kept = {0, len(line) - 1}
    open_spans = [(0, len(line) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        far, distance = _farthest(line, first, last)
        if distance > tolerance:
            kept.add(far)
            open_spans += [(first, far), (far, last)]
    return [line[index] for index in sorted(kept)]


def _farthest(line: Sequence[Point], first: int, last: int) -> tuple[int, float]:
    found = max(range(first + 1, last), key=lambda i: _distance(line[i], line[first], line[last]), default=first)
    return found, _distance(line[found], line[first], line[last])


def _distance(point: Point, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length == 0:
        return math.hypot(point[0] - start[0], point[1] - start[1])
    return abs(dx * (start[1] - point[1]) - dy * (start[0] - point[0])) / length
