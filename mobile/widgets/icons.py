"""Icons drawn as lines and areas, so that no glyph can be missing from a font."""

from __future__ import annotations

import math
from typing import Any

from kivy.graphics import Color, Ellipse, Line, Mesh, Rectangle
from kivy.metrics import dp
from kivy.uix.widget import Widget

from mobile.widgets.theme import THEME


class Icon(Widget):
    """One icon by its name: the priorities' shapes, and what the `_draw_` methods below are called."""

    def __init__(self, name: str, role: str = "ink", *, size_dp: float = 24) -> None:
        """`role` is a colour of the theme."""
        super().__init__(size_hint=(None, None), size=(dp(size_dp), dp(size_dp)))
        self._name, self._role = name, role
        self.bind(pos=self._draw, size=self._draw)
        self._draw()

    def become(self, name: str, role: str) -> None:
        """Show another icon in the same place."""
        if (self._name, self._role) != (name, role):
            self._name, self._role = name, role
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

    def _draw_lock(self) -> None:
        Rectangle(pos=self._at(0.15, 0.05), size=(self.width * 0.7, self.height * 0.5))
        self._stroke((0.28, 0.55), (0.28, 0.78), (0.4, 0.93), (0.6, 0.93), (0.72, 0.78), (0.72, 0.55))

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

    def _draw_menu(self) -> None:
        for y in (0.22, 0.5, 0.78):
            self._stroke((0.1, y), (0.9, y))

    def _draw_sync(self) -> None:
        Line(circle=(*self._at(0.5, 0.5), self.width * 0.34, 30, 330), width=self.width / 12)
        self._area((0.56, 0.98), (0.92, 0.86), (0.6, 0.62))

    def _draw_clock(self) -> None:
        Line(circle=(*self._at(0.5, 0.5), self.width * 0.4), width=self.width / 12)
        self._stroke((0.5, 0.74), (0.5, 0.5), (0.68, 0.4))

    def _draw_message(self) -> None:
        self._stroke(
            (0.08, 0.85), (0.92, 0.85), (0.92, 0.32), (0.45, 0.32), (0.25, 0.1), (0.25, 0.32), (0.08, 0.32), close=True
        )

    def _draw_camera(self) -> None:
        self._stroke(
            (0.06, 0.72),
            (0.3, 0.72),
            (0.38, 0.86),
            (0.62, 0.86),
            (0.7, 0.72),
            (0.94, 0.72),
            (0.94, 0.16),
            (0.06, 0.16),
            close=True,
        )
        Line(circle=(*self._at(0.5, 0.44), self.width * 0.16), width=self.width / 12)

    def _draw_pin(self) -> None:
        Line(circle=(*self._at(0.5, 0.64), self.width * 0.28), width=self.width / 11)
        self._stroke((0.27, 0.5), (0.5, 0.04), (0.73, 0.5))

    def _draw_map(self) -> None:
        self._stroke(
            (0.06, 0.78),
            (0.35, 0.9),
            (0.65, 0.78),
            (0.94, 0.9),
            (0.94, 0.22),
            (0.65, 0.1),
            (0.35, 0.22),
            (0.06, 0.1),
            close=True,
        )
        self._stroke((0.35, 0.9), (0.35, 0.22))
        self._stroke((0.65, 0.78), (0.65, 0.1))

    def _draw_eye(self) -> None:
        self._stroke(
            (0.04, 0.5),
            (0.28, 0.76),
            (0.5, 0.82),
            (0.72, 0.76),
            (0.96, 0.5),
            (0.72, 0.24),
            (0.5, 0.18),
            (0.28, 0.24),
            close=True,
        )
        Ellipse(pos=self._at(0.36, 0.36), size=(self.width * 0.28, self.height * 0.28))

    def _draw_person(self) -> None:
        Line(circle=(*self._at(0.5, 0.72), self.width * 0.2), width=self.width / 11)
        self._stroke((0.12, 0.08), (0.16, 0.3), (0.34, 0.42), (0.66, 0.42), (0.84, 0.3), (0.88, 0.08))

    def _draw_nose(self) -> None:
        for y in (0.25, 0.5, 0.75):
            self._stroke((0.08, y), (0.3, y + 0.12), (0.5, y), (0.7, y - 0.12), (0.92, y))
