"""The map of the day: ground, jobs, own place; dragged and pinched with gloves on, in two lights and two languages."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from kivy.core.text import Label as CoreLabel
from kivy.graphics import (
    Color,
    Ellipse,
    InstructionGroup,
    Line,
    Mesh,
    PopMatrix,
    PushMatrix,
    Rectangle,
    Scale,
    Translate,
    Triangle,
)
from kivy.graphics.tesselator import Tesselator
from kivy.metrics import dp
from kivy.uix.stencilview import StencilView
from kivy.utils import get_color_from_hex

from mobile.widgets.theme import FONT, THEME
from mobile.widgets.viewport import Ground, Viewport, Xy, fan, ribbon, spread
from shared import day_map
from shared.day_map import DayMap

_MESH_CORNERS: Final = 60_000  # indices of a mesh are 16 bits
_INKS: Final = {
    "light": {"none": "#F3F5F8", "land": "#EEF1EC", "water": "#BFDDF0", "park": "#DCEAD3", "building": "#E2E5E1",
              "road": "#FFFFFF", "main": "#F7D9A6"},
    "dark": {"none": "#0E1419", "land": "#141C22", "water": "#13303F", "park": "#17271F", "building": "#1B252C",
             "road": "#33424E", "main": "#5C5136"},
}  # fmt: skip
_MAIN: Final = frozenset({"motorway", "trunk", "primary", "secondary", "main"})
_MOST_NAMES: Final = 14
_PIN_DP: Final = 17
_TAP_DP: Final = 28
_STILL_DP: Final = 10


@dataclasses.dataclass(frozen=True)
class Pin:
    """A job on the map: its place among the day's jobs, its priority 1 to 4, where it is (WGS-84)."""

    work_order_id: str
    number: int
    priority: int
    lat: float
    lon: float


@dataclasses.dataclass(frozen=True)
class Scene:
    """What a map shows; `ground` is None or empty without a base map, `own` is the own latitude and longitude."""

    ground: DayMap | None
    pins: Sequence[Pin]
    own: Xy | None
    language: str

    def origin(self) -> Ground:
        """Return the plane that everything is drawn on."""
        if self.ground is not None:
            return Ground(self.ground.area.south, self.ground.area.west)
        places = [(pin.lat, pin.lon) for pin in self.pins] or ([self.own] if self.own else [(0.0, 0.0)])
        return Ground(*places[0])

    @property
    def has_ground(self) -> bool:
        """Tell whether there is anything under the jobs."""
        return self.ground is not None and bool(self.ground.roads or self.ground.areas)


class DayMapView(StencilView):
    """Draws a scene. `on_pin` gets the work order of a tapped job; `words` gives texts by their key."""

    def __init__(
        self,
        scene: Scene,
        words: Callable[..., str],
        on_pin: Callable[[str], object],
        viewport: Viewport | None = None,
    ) -> None:
        """`viewport` keeps the part that was shown before; without one all jobs are shown."""
        super().__init__()
        self.scene, self._words, self._on_pin = scene, words, on_pin
        self._plane = scene.origin()
        self.viewport = viewport or Viewport()
        self._areas, self._roads, self._marks = InstructionGroup(), InstructionGroup(), InstructionGroup()
        self._drawn_scale, self._drawn_theme = 0.0, ""
        self._taken: list[tuple[float, float, float, float]] = []
        self._fingers: dict[Any, Xy] = {}
        self._start: Xy | None = None
        with self.canvas:
            self._paper_color, self._paper = Color(), Rectangle()
        self.canvas.add(PushMatrix())
        self._corner, self._shift, self._zoom = Translate(0, 0), Translate(0, 0), Scale(1, 1, 1)
        for instruction in (self._corner, self._zoom, self._shift, self._areas, self._roads, PopMatrix(), self._marks):
            self.canvas.add(instruction)
        self.bind(size=self._resize, pos=self._resize)

    # What is shown

    def show_all(self) -> None:
        """Show every job, and the own place with them."""
        places = [self._pin_place(pin) for pin in self.scene.pins]
        own = [self._plane.to_metres(*self.scene.own)] if self.scene.own else []
        self.viewport.fit(places + own, dp(_PIN_DP * 2.5))
        self.redraw()

    def pin_places(self) -> dict[str, Xy]:
        """Return where each job is drawn, in this widget's parent; jobs at one door stand beside each other."""
        spots = spread([self._at(self._pin_place(pin)) for pin in self.scene.pins], dp(_PIN_DP * 2.3))
        return {pin.work_order_id: spot for pin, spot in zip(self.scene.pins, spots, strict=True)}

    def redraw(self) -> None:
        """Draw everything anew: after the scale, the theme or the size changed."""
        if self._drawn_theme != THEME.name:
            self._draw_areas()
            self._drawn_scale = 0.0
        if self._drawn_scale != self.viewport.scale:
            self._draw_roads()
        self._move()

    def _resize(self, *_: Any) -> None:
        self._paper.pos, self._paper.size = self.pos, self.size
        self._paper_color.rgba = get_color_from_hex(self._ink("none"))
        self.viewport.width, self.viewport.height = self.size
        if not self.viewport.is_chosen:
            self.show_all()
        self.redraw()

    def _move(self) -> None:
        """Bring the ground under the picture and the marks onto it; cheap, for every movement of a finger."""
        view = self.viewport
        self._corner.xy = (self.x + view.width / 2, self.y + view.height / 2)
        self._zoom.xyz = (view.scale, view.scale, 1)
        self._shift.xy = (-view.x, -view.y)
        self._draw_marks()

    def _at(self, place: Xy) -> Xy:
        x, y = self.viewport.to_screen(place)
        return self.x + x, self.y + y

    def _pin_place(self, pin: Pin) -> Xy:
        return self._plane.to_metres(pin.lat, pin.lon)

    def _ink(self, name: str) -> str:
        return _INKS[THEME.name][name]

    # The ground, in metres

    def _draw_areas(self) -> None:
        """Draw what has no width of its own: once for each light."""
        self._areas.clear()
        self._drawn_theme = THEME.name
        if self.scene.ground is None:
            return
        for name in ("land", "water", "park"):
            self._areas.add(Color(*get_color_from_hex(self._ink(name))))
            for ring in self.scene.ground.areas.get(name, ()):
                self._add_area(self._line(ring))
        self._areas.add(Color(*get_color_from_hex(self._ink("building"))))
        houses = [fan(self._line(ring)) for ring in self.scene.ground.areas.get("building", ())]
        _add_triangles(self._areas, houses)

    def _draw_roads(self) -> None:
        """Draw the roads, never thinner than can be seen: for each scale anew."""
        self._roads.clear()
        self._drawn_scale = self.viewport.scale
        if self.scene.ground is None:
            return
        for ink, widest_m, least_px, is_main in (("road", 7.0, 1.2, False), ("main", 12.0, 2.6, True)):
            self._roads.add(Color(*get_color_from_hex(self._ink(ink))))
            half = max(widest_m, dp(least_px) / self.viewport.scale) / 2
            roads = zip(self.scene.ground.roads, self._streets, strict=True)
            lines = [ribbon(line, half) for road, line in roads if (road.kind in _MAIN) == is_main]
            _add_triangles(self._roads, lines)

    def _line(self, told: Sequence[int]) -> list[Xy]:
        if self.scene.ground is None:
            return []
        area, unit = self.scene.ground.area, day_map.UNITS_PER_DEGREE
        return [
            self._plane.to_metres(area.south + y / unit, area.west + x / unit) for x, y in day_map.decode_points(told)
        ]

    def _add_area(self, ring: list[Xy]) -> None:
        tesselator = Tesselator()
        tesselator.add_contour([number for point in ring for number in point])
        if tesselator.tesselate():
            for vertices, indices in tesselator.meshes:
                self._areas.add(Mesh(vertices=vertices, indices=indices, mode="triangle_fan"))

    # The marks, in pixels

    def _draw_marks(self) -> None:
        self._marks.clear()
        self._taken = []
        spots = self.pin_places()
        for pin in reversed(self.scene.pins):
            self._draw_pin(pin, *spots[pin.work_order_id])
        if self.scene.own is not None:
            self._draw_own(self._at(self._plane.to_metres(*self.scene.own)))
        self._draw_scale()
        self._draw_north()
        self._draw_names()

    def _draw_pin(self, pin: Pin, x: float, y: float) -> None:
        for role, size in (("surface", dp(_PIN_DP + 3)), (f"p{min(4, max(1, pin.priority))}", dp(_PIN_DP))):
            self._marks.add(Color(*THEME.color(role)))
            for shape in _shape(pin.priority, x, y, size):
                self._marks.add(shape)
        self._put(str(pin.number), "body", THEME.color("surface"), (x, y), is_bold=True)
        self._taken.append((x - dp(_PIN_DP), y - dp(_PIN_DP), x + dp(_PIN_DP), y + dp(_PIN_DP)))

    def _draw_own(self, at: Xy) -> None:
        for role, size in (("surface", dp(11)), ("brand", dp(8))):
            self._marks.add(Color(*THEME.color(role)))
            self._marks.add(Ellipse(pos=(at[0] - size, at[1] - size), size=(size * 2, size * 2)))
        self._marks.add(Line(circle=(*at, dp(16)), width=dp(1.4)))

    def _draw_scale(self) -> None:
        metres, pixels = self.viewport.scale_bar(self.width / 3)
        left, low = self.x + dp(12), self.y + dp(14)
        self._marks.add(Color(*THEME.color("ink")))
        self._marks.add(
            Line(points=[left, low + dp(6), left, low, left + pixels, low, left + pixels, low + dp(6)], width=dp(1.2))
        )
        key, count = ("scale_km", metres // 1000) if metres >= 1000 else ("scale_m", metres)  # noqa: PLR2004 - a kilometre
        self._put(
            self._words(f"day_map.{key}", count=count), "small", THEME.color("ink"), (left + pixels / 2, low + dp(16))
        )

    def _draw_north(self) -> None:
        x, y = self.right - dp(24), self.top - dp(22)
        self._marks.add(Color(*THEME.color("ink")))
        self._marks.add(Triangle(points=[x - dp(7), y - dp(8), x + dp(7), y - dp(8), x, y + dp(12)]))
        self._put(self._words("day_map.north"), "small", THEME.color("ink"), (x, y - dp(18)), is_bold=True)

    @functools.cached_property
    def _names(self) -> list[tuple[str, float, Xy]]:
        """Return the names on the ground with how long their thing is in metres: districts first, then long streets."""
        if self.scene.ground is None:
            return []
        found: dict[str, tuple[float, Xy]] = {}
        for label in self.scene.ground.labels:
            found[self._name(label.name, label.name_en)] = (math.inf, self._line((label.x, label.y))[0])
        for road, line in zip(self.scene.ground.roads, self._streets, strict=True):
            name, length = self._name(road.name, road.name_en), math.dist(line[0], line[-1])
            if name and length > found.get(name, (0.0,))[0]:
                half = line[len(line) // 2]
                found[name] = (length, ((line[0][0] + half[0]) / 2, (line[0][1] + half[1]) / 2))
        return sorted(((name, *rest) for name, rest in found.items()), key=lambda item: -item[1])

    @functools.cached_property
    def _streets(self) -> list[list[Xy]]:
        return [self._line(road.points) for road in self.scene.ground.roads] if self.scene.ground else []

    def _draw_names(self) -> None:
        """Write names where there is room; never over a job, and no street's that is shorter than half its name."""
        left = _MOST_NAMES
        for name, length, place in self._names:
            at = self._at(place)
            if not left or not self.collide_point(*at):
                continue
            is_district = math.isinf(length)
            picture = _picture(name, THEME.size("small"), is_bold=is_district)
            width, height = picture.size
            box = (at[0] - width / 2, at[1] - height / 2, at[0] + width / 2, at[1] + height / 2)
            if length * self.viewport.scale >= width / 2 and self._is_free(box):
                self._taken.append(box)
                self._put(name, "small", THEME.color("ink_2"), at, is_bold=is_district)
                left -= 1

    def _is_free(self, box: tuple[float, float, float, float]) -> bool:
        inside = box[0] >= self.x and box[2] <= self.right and box[1] >= self.y and box[3] <= self.top
        return inside and not any(
            box[0] < other[2] and box[2] > other[0] and box[1] < other[3] and box[3] > other[1] for other in self._taken
        )

    def _name(self, name: str, name_en: str) -> str:
        return name_en or name if self.scene.language == "en" else name or name_en

    def _put(self, text: str, size: str, color: Sequence[float], at: Xy, *, is_bold: bool = False) -> None:
        picture = _picture(text, THEME.size(size), is_bold=is_bold)
        self._marks.add(Color(*color))
        self._marks.add(
            Rectangle(texture=picture, pos=(at[0] - picture.width / 2, at[1] - picture.height / 2), size=picture.size)
        )

    # Fingers

    def on_touch_down(self, touch: Any) -> bool:
        """Take a finger, or turn the wheel."""
        if not self.collide_point(*touch.pos):
            return False
        if touch.is_mouse_scrolling:
            self._zoom_by(1.25 if touch.button == "scrolldown" else 0.8, touch.pos)
            return True
        touch.grab(self)
        self._fingers[touch.uid] = touch.pos
        self._start = touch.pos if len(self._fingers) == 1 else None
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """Drag with one finger; two fingers also enlarge by how far apart they go."""
        if touch.grab_current is not self or touch.uid not in self._fingers:
            return False
        before = self._spread()
        (old_x, old_y), self._fingers[touch.uid] = self._fingers[touch.uid], touch.pos
        share = len(self._fingers)
        self.viewport.pan((touch.x - old_x) / share, (touch.y - old_y) / share)
        after = self._spread()
        if before and after:
            xs, ys = zip(*self._fingers.values(), strict=True)
            middle = (sum(xs) / share - self.x, sum(ys) / share - self.y)
            self.viewport.zoom(after / before, middle)
        self._move()
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """Let a finger go; one that did not move taps what lies under it."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self._fingers.pop(touch.uid, None)
        start, self._start = self._start, None
        if start is not None and math.dist(start, touch.pos) < dp(_STILL_DP):
            self._tap(touch.pos)
        self.redraw()
        return True

    def zoom_in(self) -> None:
        """Enlarge around the middle."""
        self._zoom_by(1.6, self.center)

    def zoom_out(self) -> None:
        """Show more around the middle."""
        self._zoom_by(1 / 1.6, self.center)

    def _zoom_by(self, factor: float, at: Xy) -> None:
        self.viewport.zoom(factor, (at[0] - self.x, at[1] - self.y))
        self.redraw()

    def _spread(self) -> float:
        places = list(self._fingers.values())
        return math.dist(places[0], places[1]) if len(places) == 2 else 0.0  # noqa: PLR2004 - a pinch is two fingers

    def _tap(self, at: Xy) -> None:
        near = [(math.dist(place, at), name) for name, place in self.pin_places().items()]
        if near and min(near)[0] <= dp(_TAP_DP):
            self._on_pin(min(near)[1])


def _add_triangles(group: InstructionGroup, pieces: list[list[float]]) -> None:
    """Draw many small areas at once: one instruction for thousands of streets or houses."""
    corners = [number for piece in pieces for number in piece]
    for start in range(0, len(corners), _MESH_CORNERS * 2):
        part = corners[start : start + _MESH_CORNERS * 2]
        vertices = [number for at in range(0, len(part), 2) for number in (part[at], part[at + 1], 0.0, 0.0)]
        group.add(Mesh(vertices=vertices, indices=list(range(len(part) // 2)), mode="triangles"))


def _shape(priority: int, x: float, y: float, size: float) -> list[Any]:
    """Return the priority's own shape around a place, so that colour never speaks alone."""
    if priority == 1:
        return [
            Triangle(points=[x - size * 1.25, y, x + size * 1.25, y, x, y + size * 1.25]),
            Triangle(points=[x - size * 1.25, y, x + size * 1.25, y, x, y - size * 1.25]),
        ]
    if priority == 2:  # noqa: PLR2004 - urgent
        low = y - size * 0.8
        return [Triangle(points=[x - size * 1.3, low, x + size * 1.3, low, x, y + size * 1.35])]
    if priority == 3:  # noqa: PLR2004 - normal
        return [Ellipse(pos=(x - size, y - size), size=(size * 2, size * 2))]
    return [Rectangle(pos=(x - size * 0.9, y - size * 0.9), size=(size * 1.8, size * 1.8))]


@functools.lru_cache(maxsize=256)
def _picture(text: str, size_px: float, *, is_bold: bool) -> Any:
    label = CoreLabel(text=text, font_name=FONT, font_size=size_px, bold=is_bold)
    label.refresh()
    return label.texture
