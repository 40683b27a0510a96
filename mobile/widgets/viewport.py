"""Which part of the ground a map shows: plain numbers, no pictures. Ground in metres, screen in pixels, north is up."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Final

METRES_PER_DEGREE: Final = 111_195.0
_NICE: Final = (1, 2, 5)
_FARTHEST: Final = 0.004  # pixels per metre: 100 km across a phone
_NEAREST: Final = 4.0
_AROUND: Final = 6
_TOUCHING: Final = 0.99
_SINGLE_M: Final = 600.0  # one place alone is shown with its surroundings

Xy = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Ground:
    """A plane in metres east and north of an origin; true enough within one day's work."""

    lat: float
    lon: float

    def to_metres(self, lat: float, lon: float) -> Xy:
        """Return a place on the plane."""
        return (lon - self.lon) * METRES_PER_DEGREE * math.cos(math.radians(self.lat)), (
            lat - self.lat
        ) * METRES_PER_DEGREE


@dataclasses.dataclass
class Viewport:
    """The middle of the picture on the ground (metres), its scale (pixels per metre) and its size (pixels)."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 0.1
    width: float = 1.0
    height: float = 1.0
    is_chosen: bool = False  # somebody has moved or enlarged it: from then on it is left as it is

    def to_screen(self, point: Xy) -> Xy:
        """Return where a place of the ground lies in the picture, from its lower left corner."""
        return self.width / 2 + (point[0] - self.x) * self.scale, self.height / 2 + (point[1] - self.y) * self.scale

    def to_ground(self, pixel: Xy) -> Xy:
        """Return which place of the ground lies under a pixel."""
        return self.x + (pixel[0] - self.width / 2) / self.scale, self.y + (pixel[1] - self.height / 2) / self.scale

    def pan(self, dx: float, dy: float) -> None:
        """Move the ground with the finger, in pixels."""
        self.x -= dx / self.scale
        self.y -= dy / self.scale
        self.is_chosen = True

    def zoom(self, factor: float, around: Xy) -> None:
        """Enlarge around a pixel: what lies under it stays there."""
        held = self.to_ground(around)
        self.scale = min(_NEAREST, max(_FARTHEST, self.scale * factor))
        now = self.to_ground(around)
        self.x += held[0] - now[0]
        self.y += held[1] - now[1]
        self.is_chosen = True

    def fit(self, places: Sequence[Xy], margin: float) -> None:
        """Show all places with a margin in pixels; one place with its surroundings; none leaves the view as it is."""
        if not places:
            return
        xs, ys = [x for x, _ in places], [y for _, y in places]
        self.x, self.y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        wide, high = max(max(xs) - min(xs), _SINGLE_M), max(max(ys) - min(ys), _SINGLE_M)
        room = max(1.0, self.width - 2 * margin), max(1.0, self.height - 2 * margin)
        self.scale = min(_NEAREST, max(_FARTHEST, min(room[0] / wide, room[1] / high)))

    def scale_bar(self, longest: float) -> tuple[int, float]:
        """Return a round distance in metres and its length in pixels, no longer than `longest`."""
        limit_m = max(1.0, longest / self.scale)
        power = 10 ** math.floor(math.log10(limit_m))
        metres = max(step * power for step in _NICE if step * power <= limit_m)
        return metres, metres * self.scale


def spread(places: Sequence[Xy], least: float) -> list[Xy]:
    """Return the places, each at least `least` from the ones before it: round about where it would lie on another."""
    found: list[Xy] = []
    for x, y in places:
        spot, turn = (x, y), 0
        while any(math.dist(spot, other) < least * _TOUCHING for other in found):
            radius, angle = least * (1 + turn // _AROUND), 2 * math.pi * turn / _AROUND
            spot, turn = (x + radius * math.cos(angle), y + radius * math.sin(angle)), turn + 1
        found.append(spot)
    return found


def ribbon(points: Sequence[Xy], half: float) -> list[float]:
    """Return a line as triangles, `half` to each side: x and y of three corners each; ends are drawn out to meet."""
    found: list[float] = []
    for (ax, ay), (bx, by) in itertools.pairwise(points):
        length = math.hypot(bx - ax, by - ay)
        if not length:
            continue
        ux, uy = (bx - ax) / length * half, (by - ay) / length * half
        a, b = (ax - ux / 2, ay - uy / 2), (bx + ux / 2, by + uy / 2)
        left_a, right_a = (a[0] - uy, a[1] + ux), (a[0] + uy, a[1] - ux)
        left_b, right_b = (b[0] - uy, b[1] + ux), (b[0] + uy, b[1] - ux)
        for corner in (left_a, right_a, left_b, left_b, right_a, right_b):
            found += corner
    return found


def fan(ring: Sequence[Xy]) -> list[float]:
    """Return a convex outline as triangles: x and y of three corners each."""
    found: list[float] = []
    for second, third in itertools.pairwise(ring[1:]):
        for corner in (ring[0], second, third):
            found += corner
    return found
