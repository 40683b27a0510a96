"""Text, cards, chips and buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from kivy.graphics import Color, Line, RoundedRectangle
from kivy.metrics import dp
from kivy.properties import NumericProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from mobile.widgets.icons import Icon
from mobile.widgets.theme import FONT, THEME, gap, readable
from mobile.widgets.wording import Wording

BUTTON_DP: Final = 56
TARGET_DP: Final = 48
PRIORITY: Final = {1: "p1", 2: "p2", 3: "p3", 4: "p4"}
SHAPE: Final = {1: "diamond", 2: "triangle", 3: "disc", 4: "square"}
_CHIP_DP: Final = 30
_RIM: Final = 3  # steps of the grid beside a button's words


class Text(Wording):
    """Words that wrap to the width they get and are as high as they need."""

    def __init__(
        self, text: str, size: str = "body", role: str = "ink", *, bold: bool = False, align: str = "left"
    ) -> None:
        """`size` and `role` are names of the theme."""
        super().__init__(
            type_size=size,
            text=readable(text),
            color=THEME.color(role),
            bold=bold,
            halign=align,
            valign="middle",
            size_hint_y=None,
        )
        self.bind(width=self._wrap, texture_size=self._grow)

    def _wrap(self, *_: Any) -> None:
        self.text_size = (self.width, None)

    def _grow(self, *_: Any) -> None:
        self.height = self.texture_size[1]


class Word(Label):
    """One short piece of text as wide as it is: a figure, a chip's label."""

    def __init__(self, text: str, size: str = "body", role: str = "ink", *, bold: bool = False) -> None:
        """`size` and `role` are names of the theme."""
        super().__init__(
            text=readable(text),
            font_name=FONT,
            font_size=THEME.size(size),
            color=THEME.color(role),
            bold=bold,
            size_hint=(None, None),
        )
        self.bind(texture_size=self._fit)
        self.texture_update()
        self._fit()

    def _fit(self, *_: Any) -> None:
        self.size = self.texture_size


class Column(BoxLayout):
    """Widgets below each other, as high as they are together."""

    def __init__(self, *children: Widget, spacing: float = 2, padding: float = 0) -> None:
        """`spacing` and `padding` are steps of the grid."""
        super().__init__(orientation="vertical", spacing=gap(spacing), padding=gap(padding), size_hint_y=None)
        self.bind(minimum_height=self.setter("height"))
        for child in children:
            self.add_widget(child)


class Row(BoxLayout):
    """Widgets beside each other, as high as the highest."""

    def __init__(self, *children: Widget, spacing: float = 2) -> None:
        """`spacing` is in steps of the grid."""
        super().__init__(orientation="horizontal", spacing=gap(spacing), size_hint_y=None)
        for child in children:
            child.bind(height=self._fit)
            self.add_widget(child)
        self._fit()

    def _fit(self, *_: Any) -> None:
        self.height = max((child.height for child in self.children), default=0)
        for child in self.children:
            if child.size_hint_y is None and isinstance(child, (Text, Word, Chip, Icon)):
                child.pos_hint = {"center_y": 0.5}


class ButtonRow(BoxLayout):
    """Buttons beside each other, all as high as the one that needs most; below each other when a word would break."""

    def __init__(self, *buttons: Widget, spacing: float = 2, columns: int = 0, like: Sequence[Widget] = ()) -> None:
        """`spacing` is in steps of the grid, `columns` the room to leave; `like` are all that stand the same way."""
        super().__init__(size_hint_y=None, spacing=gap(spacing))
        self._is_column = False
        self._like = [button for button in like or buttons if isinstance(button, PushButton)]
        self._fillers = [Widget() for _ in range(columns - len(buttons))]
        for button in (*buttons, *self._fillers):
            button.size_hint_y = 1
            if isinstance(button, PushButton):
                button.bind(needed_px=self._fit, text=self._turn)
            self.add_widget(button)
        self.bind(width=self._turn)
        self._fit()

    def _turn(self, *_: Any) -> None:
        """Stand below each other when a word does not fit beside the other buttons, else beside each other."""
        count = len(self.children) + len(self._fillers) * self._is_column
        room = (self.width - self.spacing * (count - 1)) / count - gap(_RIM)
        is_column = max((button.least_px for button in self._like), default=0.0) > room
        if is_column != self._is_column:
            self._is_column, self.orientation = is_column, "vertical" if is_column else "horizontal"
            for filler in self._fillers:
                (self.remove_widget if is_column else self.add_widget)(filler)
            self._fit()

    def _fit(self, *_: Any) -> None:
        needs = [child.needed_px for child in self.children if isinstance(child, PushButton)]
        lines = len(self.children) if self._is_column else 1
        self.height = max(needs, default=dp(BUTTON_DP)) * lines + self.spacing * (lines - 1)


class Beside(BoxLayout):
    """Words with something at their right edge; it stands below them when a word would break for lack of room."""

    def __init__(self, words: Column, aside: Widget, *, spacing: float = 2) -> None:
        """`aside` has a size of its own; `spacing` is in steps of the grid."""
        super().__init__(size_hint_y=None, spacing=gap(spacing))
        self._words, self._aside, self._is_beside = words, aside, True
        for widget in (words, aside):
            widget.pos_hint = {"center_y": 0.5}
            self.add_widget(widget)
        for label in words.children:
            label.bind(text=self._turn)
        words.bind(height=self._fit)
        aside.bind(size=self._turn)
        self.bind(width=self._turn)
        self._fit()

    def _turn(self, *_: Any) -> None:
        least = max((label.least_px for label in self._words.children if isinstance(label, Wording)), default=0.0)
        self._is_beside = not self._aside.width or least <= self.width - self.spacing - self._aside.width
        self.orientation = "horizontal" if self._is_beside else "vertical"
        self._fit()

    def _fit(self, *_: Any) -> None:
        heights = (self._words.height, self._aside.height)
        self.height = max(heights) if self._is_beside else sum(heights) + self.spacing


class Surface(Column):
    """A column on a ground of its own: a card with rounded corners, and a stripe in a priority's colour."""

    def __init__(self, *children: Widget, role: str = "surface", stripe: str = "", spacing: float = 2) -> None:
        """`role` is the ground's colour, `stripe` the colour of the left edge."""
        super().__init__(*children, spacing=spacing, padding=4)
        with self.canvas.before:
            self._edge_color = Color(*THEME.color(stripe or role))
            self._edge = RoundedRectangle(radius=[dp(12)])
            Color(*THEME.color(role))
            self._ground = RoundedRectangle(radius=[dp(12)])
        self._stripe_px = dp(5) if stripe else 0
        self.bind(pos=self._place, size=self._place)

    def _place(self, *_: Any) -> None:
        self._edge.pos, self._edge.size = self.pos, self.size
        self._ground.pos = (self.x + self._stripe_px, self.y)
        self._ground.size = (self.width - self._stripe_px, self.height)


class Chip(BoxLayout):
    """A small label on a tinted ground, with the priority's shape where there is one."""

    def __init__(self, text: str, role: str = "p4", *, shape: str = "") -> None:
        """`role` is a colour that has a `_bg` beside it."""
        super().__init__(size_hint=(None, None), height=dp(_CHIP_DP), spacing=gap(1), padding=(gap(2), 0))
        if shape:
            icon = Icon(shape, role, size_dp=12)
            icon.pos_hint = {"center_y": 0.5}
            self.add_widget(icon)
        word = Word(text, "small", role, bold=True)
        word.pos_hint = {"center_y": 0.5}
        self.add_widget(word)
        self.bind(minimum_width=self.setter("width"))
        with self.canvas.before:
            Color(*THEME.color(f"{role}_bg"))
            self._ground = RoundedRectangle(radius=[dp(6)])
        self.bind(pos=self._place, size=self._place)

    def _place(self, *_: Any) -> None:
        self._ground.pos, self._ground.size = self.pos, self.size


class Tappable(ButtonBehavior, Column):
    """A column that can be tapped as a whole."""

    def __init__(self, *children: Widget, on_tap: Callable[..., object]) -> None:
        """`on_tap` is called once per tap."""
        super().__init__(spacing=0)
        for child in children:
            self.add_widget(child)
        self._on_tap = on_tap

    def on_release(self) -> None:
        """Carry out the tap."""
        self._on_tap()


class PushButton(ButtonBehavior, Wording):
    """A button: one filled primary per screen, the others outlined; as high as its words need, at least 56 dp."""

    needed_px = NumericProperty(0)

    def __init__(self, text: str, on_tap: Callable[..., object], *, primary: bool = False, role: str = "brand") -> None:
        """`on_tap` is called once per tap; a disabled button does nothing and says so by its paleness."""
        ink = THEME.color("on_brand") if primary else THEME.color(role)
        super().__init__(
            type_size="name" if primary else "body",
            text=text,
            bold=True,
            color=ink,
            size_hint_y=None,
            height=dp(BUTTON_DP),
            halign="center",
            valign="middle",
            shorten=False,
        )
        self._on_tap = on_tap
        with self.canvas.before:
            self._color = Color(*THEME.color(role if primary else "surface"))
            self._ground = RoundedRectangle(radius=[dp(12)])
            Color(*THEME.color(role))
            self._outline = Line(width=dp(1.1))
        self.bind(pos=self._place, size=self._place, state=self._tint, disabled=self._tint)
        self._primary, self._role = primary, role
        self.needed_px = dp(BUTTON_DP)
        self.bind(texture_size=self._grow)

    def on_release(self) -> None:
        """Carry out the tap."""
        self._on_tap()

    def _grow(self, *_: Any) -> None:
        self.needed_px = max(dp(BUTTON_DP), self.texture_size[1] + gap(4))
        if self.size_hint_y is None:
            self.height = self.needed_px

    def _place(self, *_: Any) -> None:
        self.text_size = (self.width - gap(_RIM), None)
        self._ground.pos, self._ground.size = self.pos, self.size
        self._outline.rounded_rectangle = (self.x, self.y, self.width, self.height, dp(12))

    def _tint(self, *_: Any) -> None:
        red, green, blue, alpha = THEME.color(self._role if self._primary else "surface")
        fade = 0.35 if self.disabled else 0.8 if self.state == "down" else 1.0
        self._color.rgba = (red, green, blue, alpha * fade)
