"""Icons drawn as lines and areas, so that no glyph can be missing from a font."""

from __future__ import annotations

import math
from typing import Any

from kivy.graphics import Color, Ellipse, Line, Mesh, Rectangle
from kivy.metrics import dp
from kivy.uix.widget import Widget

from mobile.widgets.theme import THEME


class Icon(Widget):
    """One icon by its name: diamond, triangle, disc, square, tick, cross, back, gear, sync."""

    def __init__(self, name: str, role: str = "ink", *, size_dp: float = 24) -> None:
        """`role` is a colour of the theme."""
        super().__init__(size_hint=(None, None), size=(dp(size_dp), dp(size_dp)))
        self._name, self._role = name, role
        self.bind(pos=self._draw, size=self._draw)
        self._draw()

    def _draw(self, *_: Any) -> None:
        self.canvas.clear()
        with self.canvas:
            Color(*THEME.color(self._role))
            getattr(self, f"_draw_{self._name}")()

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self.x + x * self.width, self.y + y * self.height

    def _area(self, *points: tuple[float, float]) -> None:
        corners = [self._at(x, y) for x, y in points]
        vertices = [value for x, y in corners for value in (x, y, 0, 0)]
        Mesh(vertices=vertices, indices=list(range(len(corners))), mode="triangle_fan")

    def _stroke(self, *points: tuple[float, float], close: bool = False) -> None:
        flat = [value for x, y in points for value in self._at(x, y)]
        Line(points=flat, width=max(dp(1.2), self.width / 11), cap="round", joint="round", close=close)

    def _draw_diamond(self) -> None:
        self._area((0.5, 1.0), (1.0, 0.5), (0.5, 0.0), (0.0, 0.5))

    def _draw_triangle(self) -> None:
        self._area((0.5, 0.95), (1.0, 0.08), (0.0, 0.08))

    def _draw_disc(self) -> None:
        Ellipse(pos=self._at(0.05, 0.05), size=(self.width * 0.9, self.height * 0.9))

    def _draw_square(self) -> None:
        Rectangle(pos=self._at(0.1, 0.1), size=(self.width * 0.8, self.height * 0.8))

    def _draw_tick(self) -> None:
        self._stroke((0.15, 0.5), (0.42, 0.22), (0.88, 0.78))

    def _draw_cross(self) -> None:
        self._stroke((0.22, 0.22), (0.78, 0.78))
        self._stroke((0.22, 0.78), (0.78, 0.22))

    def _draw_back(self) -> None:
        self._stroke((0.58, 0.86), (0.22, 0.5), (0.58, 0.14))
        self._stroke((0.24, 0.5), (0.9, 0.5))

    def _draw_gear(self) -> None:
        Line(circle=(*self._at(0.5, 0.5), self.width * 0.2), width=self.width / 12)
        for spoke in range(8):
            x, y = math.cos(spoke * math.pi / 4), math.sin(spoke * math.pi / 4)
            self._stroke((0.5 + 0.32 * x, 0.5 + 0.32 * y), (0.5 + 0.44 * x, 0.5 + 0.44 * y))

    def _draw_chevron(self) -> None:
        self._stroke((0.36, 0.86), (0.7, 0.5), (0.36, 0.14))
