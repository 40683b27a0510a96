"""Rows for gloves: a job in a long list, an action with its icon, a counter with two large keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kivy.graphics import Color, RoundedRectangle
from kivy.metrics import dp
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from mobile.widgets.basics import BUTTON_DP, Beside, Chip, Column, PushButton, Text, Word
from mobile.widgets.icons import Icon
from mobile.widgets.theme import FONT, THEME, gap, readable

ROW_GAP: Final = 2
_ROW_DP: Final = 64
_STRIPE_DP: Final = 5


def job_row_px() -> float:
    """Return the height of a job's row with the gap below it: three lines of words at the size in force."""
    return THEME.size("name") * 1.5 + THEME.size("small") * 3.0 + gap(6)


class JobRow(ButtonBehavior, Widget):
    """One job in a long list; its labels are filled anew when the row is used for another one."""

    def __init__(self, on_tap: Callable[[str], object]) -> None:
        """`on_tap` hears the job's key."""
        super().__init__(size_hint=(None, None), height=job_row_px() - gap(ROW_GAP))
        self.key = ""
        self._on_tap = on_tap
        with self.canvas.before:
            self._stripe = Color(*THEME.color("p4"))
            self._edge = RoundedRectangle(radius=[dp(12)])
            Color(*THEME.color("surface"))
            self._ground = RoundedRectangle(radius=[dp(12)])
        self._icon = Icon("square", "p4", size_dp=16)
        self.title, self.place, self.state_line = _line("body", "ink", bold=True), _line("small"), _line("small")
        self.figure = Word("", "name", "ink", bold=True)
        for widget in (self._icon, self.title, self.place, self.state_line, self.figure):
            self.add_widget(widget)
        self.bind(pos=self._place, size=self._place)

    def on_release(self) -> None:
        """Open the job."""
        self._on_tap(self.key)

    def fill(self, key: str, icon: tuple[str, str], title: str, place: str, state: str) -> None:
        """Say something else: `icon` is the priority's shape and colour."""
        self.key = key
        self._icon.become(*icon)
        self._stripe.rgba = THEME.color(icon[1])
        for label, text in ((self.title, title), (self.place, place), (self.state_line, state)):
            label.text = readable(text)

    def set_figure(self, text: str, role: str) -> None:
        """Show the time that is left."""
        self.figure.color = THEME.color(role)
        if self.figure.text != text:
            self.figure.text = text
            self.figure.texture_update()
            self.figure.size = self.figure.texture_size
            self._place()

    def _place(self, *_: Any) -> None:
        stripe, top = dp(_STRIPE_DP), self.y + self.height - gap(2)
        self._edge.pos, self._edge.size = self.pos, self.size
        self._ground.pos, self._ground.size = (self.x + stripe, self.y), (self.width - stripe, self.height)
        left, right = self.x + gap(4), self.x + self.width - gap(3)
        self.figure.pos = (right - self.figure.width, top - self.figure.height)
        self._icon.pos = (left, top - THEME.size("name") * 0.75 - self._icon.height / 2)
        inner = left + self._icon.width + gap(2)
        room = max(1.0, right - inner)
        beside = max(1.0, room - self.figure.width - gap(2))
        high = THEME.size("name") * 1.5  # the first line is as high as the figure beside it
        lines = ((self.title, beside, high), (self.place, room, 0.0), (self.state_line, room, 0.0))
        for label, width, height in lines:
            label.size = (width, height or label.font_size * 1.5)
            label.text_size = label.size
            top -= label.height
            label.pos = (inner, top)


def _line(size: str, role: str = "ink_2", *, bold: bool = False) -> Label:
    """Return a line that ends in dots when it is too long: the job itself shows it whole."""
    return Label(
        font_name=FONT,
        font_size=THEME.size(size),
        color=THEME.color(role),
        bold=bold,
        halign="left",
        valign="middle",
        shorten=True,
        shorten_from="right",
        max_lines=1,
        size_hint=(None, None),
    )


class ActionRow(ButtonBehavior, BoxLayout):
    """An action as a whole row: icon, words, a chip with a count, and where it leads."""

    def __init__(
        self, icon: str, title: str, on_tap: Callable[..., object], *, hint: str = "", chip: Chip | None = None
    ) -> None:
        """`hint` is a smaller second line."""
        super().__init__(size_hint_y=None, spacing=gap(3), padding=(gap(4), gap(2)))
        self._on_tap = on_tap
        words = Column(Text(title, bold=True), *([Text(hint, "small", "ink_2")] if hint else []), spacing=0.5)
        self._words = words if chip is None else Beside(words, chip, spacing=3)
        self._words.bind(height=self._fit)
        for widget in (Icon(icon, "brand", size_dp=26), self._words, Icon("chevron", "ink_2", size_dp=16)):
            widget.pos_hint = {"center_y": 0.5}
            self.add_widget(widget)
        with self.canvas.before:
            Color(*THEME.color("surface"))
            self._ground = RoundedRectangle(radius=[dp(12)])
        self.bind(pos=self._place, size=self._place)
        self._fit()

    def on_release(self) -> None:
        """Carry out the tap."""
        self._on_tap()

    def _fit(self, *_: Any) -> None:
        self.height = max(dp(_ROW_DP), self._words.height + gap(4))

    def _place(self, *_: Any) -> None:
        self._ground.pos, self._ground.size = self.pos, self.size


class Counter(Beside):
    """Words with a count between a minus and a plus, each large enough for gloves."""

    def __init__(
        self, title: str, hint: str, count: int, on_change: Callable[[int], object], *, most: int = 99
    ) -> None:
        """`on_change` hears the new count, 0 to `most`."""
        words = Column(Text(title, bold=True), *([Text(hint, "small", "ink_2")] if hint else []), spacing=0.5)
        figure = Text(str(count), "number", bold=True, align="center")
        figure.size_hint_x, figure.width = None, dp(44)
        figure.pos_hint = {"center_y": 0.5}
        self.less = _key("−", lambda: on_change(max(0, count - 1)), is_off=count == 0)
        self.more = _key("+", lambda: on_change(min(most, count + 1)), is_off=count >= most)
        keys = BoxLayout(size_hint=(None, None), height=dp(BUTTON_DP), spacing=gap(2))
        keys.bind(minimum_width=keys.setter("width"))
        for widget in (self.less, figure, self.more):
            keys.add_widget(widget)
        super().__init__(words, keys)


def _key(text: str, on_tap: Callable[[], object], *, is_off: bool) -> PushButton:
    key = PushButton(text, on_tap)
    key.size_hint_x, key.width, key.disabled = None, dp(BUTTON_DP), is_off
    return key
