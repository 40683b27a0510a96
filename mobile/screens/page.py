"""The frame of every screen: header, scrolling body, one primary action at the foot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, Line, Rectangle
from kivy.metrics import dp
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.scrollview import ScrollView
from kivy.uix.widget import Widget

from mobile.screens.ui import Ui
from mobile.widgets.basics import TARGET_DP, Beside, ButtonRow, Column, Surface, Text
from mobile.widgets.icons import Icon
from mobile.widgets.theme import THEME, gap

_HEADER_DP = 72
_FAST_S = 0.1


class IconButton(ButtonBehavior, FloatLayout):
    """An icon with a touch target of its own."""

    def __init__(self, icon: str, on_tap: Callable[..., object]) -> None:
        """`on_tap` is called once per tap."""
        super().__init__(size_hint=(None, None), size=(dp(TARGET_DP), dp(TARGET_DP)))
        picture = Icon(icon, "ink", size_dp=24)
        picture.pos_hint = {"center_x": 0.5, "center_y": 0.5}
        self.add_widget(picture)
        self._on_tap = on_tap

    def on_release(self) -> None:
        """Carry out the tap."""
        self._on_tap()


class Page(BoxLayout):
    """One screen. `body` is the scrolling column, `foot` holds one or two buttons."""

    def __init__(
        self,
        ui: Ui,
        title: str,
        subtitle: str = "",
        *,
        chip: Widget | None = None,
        has_back: bool = True,
        icon: tuple[str, Callable[[], None]] | None = None,
    ) -> None:
        """`chip` stands at the header's right edge, `icon` is a button beside it."""
        super().__init__(orientation="vertical")
        self.ui = ui
        self._ticking: list[Callable[[], None]] = []
        self.add_widget(self._header(title, subtitle, chip, icon, has_back=has_back))
        self.body = Column(spacing=3)
        self.body.padding = (gap(4), gap(4), gap(4), gap(6))
        self.view = self._view = ScrollView(do_scroll_x=False, bar_width=0)
        self._view.add_widget(self.body)
        self.add_widget(self._view)
        self.foot = BoxLayout(size_hint_y=None, height=0, padding=(gap(4), gap(4)))
        _ground(self.foot, "surface", line_at="top")
        self.add_widget(self.foot)
        _ground(self, "bg")
        if ui.problem:
            self.body.add_widget(Surface(Text(ui.problem, role="p1", bold=True), role="p1_bg"))

    def _header(
        self,
        title: str,
        subtitle: str,
        chip: Widget | None,
        icon: tuple[str, Callable[[], None]] | None,
        *,
        has_back: bool,
    ) -> Widget:
        bar = BoxLayout(size_hint_y=None, height=dp(_HEADER_DP), spacing=gap(2), padding=(gap(4), 0))
        bar.bind(minimum_height=lambda _bar, height: setattr(bar, "height", max(dp(_HEADER_DP), height + gap(3))))
        if has_back:
            bar.padding = (gap(1), 0, gap(4), 0)
            bar.add_widget(_middle(IconButton("back", self._back)))
        words = Column(Text(title, "title" if len(title) < 14 else "name", bold=True), spacing=0)  # noqa: PLR2004 - long titles step down
        if subtitle:
            words.add_widget(Text(subtitle, "small", "ink_2"))
        self.title_label = words.children[-1]
        self._chip_at = BoxLayout(size_hint=(None, None))
        self.set_chip(chip)
        bar.add_widget(_middle(Beside(words, self._chip_at)))
        if icon is not None:
            bar.add_widget(_middle(IconButton(*icon)))
        _ground(bar, "surface", line_at="bottom")
        return bar

    def set_chip(self, chip: Widget | None) -> None:
        """Put a chip at the header's right edge in place of the earlier one."""
        self._chip_at.clear_widgets()
        self._chip_at.size = chip.size if chip is not None else (0, 0)
        if chip is not None:
            chip.bind(size=self._chip_at.setter("size"))
            self._chip_at.add_widget(chip)

    def _back(self) -> None:
        self.ui.back()

    @property
    def scroll_y(self) -> float:
        """Return how far the body is scrolled; 1 is the top."""
        return float(self._view.scroll_y)

    @scroll_y.setter
    def scroll_y(self, value: float) -> None:
        self._view.scroll_y = value

    def add(self, *widgets: Widget) -> None:
        """Put widgets at the end of the body."""
        for widget in widgets:
            self.body.add_widget(widget)

    def set_foot(self, *buttons: Widget) -> None:
        """Put the actions at the foot: the primary one last, where the thumb is."""
        self.foot.clear_widgets()
        row = ButtonRow(*buttons, spacing=3)
        row.bind(height=lambda _row, height: setattr(self.foot, "height", height + gap(8)))
        self.foot.height = row.height + gap(8)
        self.foot.add_widget(row)

    def fill(self, widget: Widget) -> None:
        """Put a widget between body and foot that takes all the room there is left."""
        self._view.size_hint_y = None
        self.body.bind(height=self._shrink)
        self._shrink()
        frame = BoxLayout(padding=(gap(4), 0, gap(4), gap(4)))
        frame.add_widget(widget)
        self.add_widget(frame, index=1)

    def _shrink(self, *_: Any) -> None:
        self._view.height = min(self.body.height, self.height * 0.5 if self.height > dp(200) else dp(400))

    def every_second(self, act: Callable[[], None]) -> None:
        """Do something at each tick while the screen is shown, and now."""
        self._ticking.append(act)
        act()

    def run(self, act: Callable[[], None]) -> None:
        """Do something ten times a second while the screen is shown: a timer's figure."""
        event = Clock.schedule_interval(lambda _dt: act(), _FAST_S)
        self.bind(parent=lambda _page, parent: event.cancel() if parent is None else None)
        act()

    def tick(self) -> None:
        """Let running figures go on."""
        for act in self._ticking:
            act()


def _middle(widget: Widget) -> Widget:
    widget.pos_hint = {"center_y": 0.5}
    return widget


def _ground(widget: Widget, role: str, line_at: str = "") -> None:
    """Paint a ground, with a thin line at the top or bottom."""
    with widget.canvas.before:
        Color(*THEME.color(role))
        area = Rectangle()
        Color(*THEME.color("line" if line_at else role))
        line = Line(width=dp(0.6))

    def place(*_: Any) -> None:
        area.pos, area.size = widget.pos, widget.size
        # Kivy's aliases `top` and `right` may still be old here.
        edge = widget.y + (widget.height if line_at == "top" else 0)
        line.points = [widget.x, edge, widget.x + widget.width, edge] if line_at else []

    widget.bind(pos=place, size=place)
