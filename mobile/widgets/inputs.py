"""What a gloved hand fills in: boxes to tick, a keypad for readings, a pad to sign on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kivy.clock import Clock
from kivy.graphics import Color, Line, RoundedRectangle
from kivy.metrics import dp
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.gridlayout import GridLayout
from kivy.uix.textinput import TextInput
from kivy.uix.widget import Widget

from mobile.platform import android
from mobile.widgets.basics import TARGET_DP, Column, PushButton, Text
from mobile.widgets.icons import Icon
from mobile.widgets.theme import FONT, THEME, gap
from shared.facts import Stroke

_PAD: Final = 1000
_KEYS: Final = ("7", "8", "9", "4", "5", "6", "1", "2", "3", ".", "0", "<")
_LONGEST: Final = 9
_ROW_DP: Final = 64
_FIELD_DP: Final = 52
_LINE: Final = 1.5  # a line of the CJK face is so much higher than its size


class Box(ButtonBehavior, FloatLayout):
    """A large box: empty, ticked or crossed."""

    def __init__(self, mark: str, on_tap: Callable[..., object]) -> None:
        """`mark` is pass, fail or empty."""
        super().__init__(size_hint=(None, None), size=(dp(TARGET_DP), dp(TARGET_DP)))
        self._on_tap = on_tap
        role = {"pass": "ok", "fail": "p1"}.get(mark, "ink_2")
        side = dp(32)
        with self.canvas.before:
            self._color = Color(*THEME.color(role))
            self._ground = RoundedRectangle(radius=[dp(5)], size=(side, side)) if mark else None
            self._outline = Line(width=dp(1.3))
        icon = {"pass": "tick", "fail": "cross"}.get(mark)
        if icon:
            self.add_widget(_centred(Icon(icon, "surface", size_dp=20)))
        self.bind(pos=self._place, size=self._place)

    def on_release(self) -> None:
        """Carry out the tap."""
        self._on_tap()

    def _place(self, *_: Any) -> None:
        side = dp(32)
        left, low = self.center_x - side / 2, self.center_y - side / 2
        if self._ground is not None:
            self._ground.pos = (left, low)
        self._outline.rounded_rectangle = (left, low, side, side, dp(5))


def _centred(widget: Widget) -> Widget:
    widget.pos_hint = {"center_x": 0.5, "center_y": 0.5}
    return widget


class StepRow(BoxLayout):
    """A statement with its value or hint, and a box at the right edge."""

    def __init__(
        self, title: str, value: str, mark: str, on_tap: Callable[..., object], *, value_role: str = "ink_2"
    ) -> None:
        """`mark` is pass, fail or empty."""
        super().__init__(size_hint_y=None, spacing=gap(2), padding=(0, gap(1)))
        self.value_label = Text(value, "small", value_role)
        words = Column(Text(title), *([self.value_label] if value else []), spacing=0.5)
        words.pos_hint = {"center_y": 0.5}
        self.box = Box(mark, on_tap)
        self.box.pos_hint = {"center_y": 0.5}
        self.add_widget(words)
        self.add_widget(self.box)
        words.bind(height=self._fit)
        self._words = words
        with self.canvas.after:
            Color(*THEME.color("line"))
            self._line = Line(width=dp(0.6))
        self.bind(pos=self._place, size=self._place)
        self._fit()

    def _fit(self, *_: Any) -> None:
        self.height = max(dp(_ROW_DP), self._words.height + gap(4))

    def _place(self, *_: Any) -> None:
        self._line.points = [self.x, self.y, self.right, self.y]


class Keypad(GridLayout):
    """Figures for a reading, large enough for gloves; `value` is what is written so far."""

    def __init__(self, on_change: Callable[[str], None]) -> None:
        """`on_change` hears every change."""
        super().__init__(cols=3, spacing=gap(2), size_hint_y=None)
        self.bind(minimum_height=self.setter("height"))
        self.value = ""
        self._on_change = on_change
        self.keys = {key: PushButton("←" if key == "<" else key, lambda k=key: self.press(k)) for key in _KEYS}
        for button in self.keys.values():
            self.add_widget(button)

    def press(self, key: str) -> None:
        """Write one figure, the point once, or take the last one back."""
        if key == "<":
            self.value = self.value[:-1]
        elif len(self.value) < _LONGEST and not (key == "." and "." in self.value):
            self.value += key
        self._on_change(self.value)


Points = list[tuple[int, ...]]


class SignaturePad(Widget):
    """The customer writes here; strokes are kept in thousandths of the pad with their time, and pressure if felt."""

    def __init__(self, now_ms: Callable[[], int], strokes: list[Points] | None = None) -> None:
        """`now_ms` tells the time, the first touch is 0; `strokes` is the caller's: it outlives a rebuild."""
        super().__init__()
        self._now_ms, self._started_ms = now_ms, now_ms()
        self._strokes = strokes if strokes is not None else []
        if self._strokes:
            self._started_ms -= self._strokes[-1][-1][2]
        self._lines: list[Line] = []
        self._open: dict[Any, int] = {}
        with self.canvas.before:
            Color(*THEME.color("surface"))
            self._ground = RoundedRectangle(radius=[dp(12)])
            Color(*THEME.color("line"))
            self._outline = Line(width=dp(1))
            self._base = Line(width=dp(0.8))
        self.bind(pos=self._place, size=self._place)

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """Return what was written."""
        return tuple(Stroke(points=tuple(points)) for points in self._strokes)

    def clear(self) -> None:
        """Wipe the pad."""
        self._strokes.clear()
        self._open.clear()
        self._redraw()

    def on_touch_down(self, touch: Any) -> bool:
        """Begin a line."""
        if not self.collide_point(*touch.pos):
            return bool(super().on_touch_down(touch))
        touch.grab(self)
        if not self._strokes:
            self._started_ms = self._now_ms()
        self._open[touch.uid] = len(self._strokes)
        self._strokes.append([self._point(touch)])
        self._draw(self._strokes[-1])
        return True

    def on_touch_move(self, touch: Any) -> bool:
        """Go on with the line."""
        index = self._open.get(touch.uid)
        if touch.grab_current is not self or index is None:
            return bool(super().on_touch_move(touch))
        self._strokes[index].append(self._point(touch))
        self._lines[index].points = self._places(self._strokes[index])
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """End the line."""
        if touch.grab_current is self:
            touch.ungrab(self)
            self._open.pop(touch.uid, None)
            return True
        return bool(super().on_touch_up(touch))

    def _point(self, touch: Any) -> tuple[int, ...]:
        x = round(_PAD * (touch.x - self.x) / max(1.0, self.width))
        y = round(_PAD * (self.top - touch.y) / max(1.0, self.height))
        felt = (touch.pressure,) if "pressure" in touch.profile else ()
        return _bound(x), _bound(y), max(0, self._now_ms() - self._started_ms), *(_bound(round(_PAD * p)) for p in felt)

    def _places(self, points: Points) -> list[float]:
        """Return points as pixels of the pad as it lies now."""
        return [
            n for x, y, *_ in points for n in (self.x + self.width * x / _PAD, self.y + self.height * (1 - y / _PAD))
        ]

    def _draw(self, points: Points) -> None:
        with self.canvas:
            Color(*THEME.color("ink"))
            self._lines.append(Line(points=self._places(points), width=dp(1.8), cap="round", joint="round"))

    def _redraw(self) -> None:
        self.canvas.clear()
        self._lines.clear()
        for points in self._strokes:
            self._draw(points)

    def _place(self, *_: Any) -> None:
        self._ground.pos, self._ground.size = self.pos, self.size
        self._outline.rounded_rectangle = (*self.pos, *self.size, dp(12))
        base = self.y + self.height * 0.14
        self._base.points = [self.x + gap(6), base, self.right - gap(6), base]
        self._redraw()


def _bound(value: int) -> int:
    return max(0, min(_PAD, value))


class Field(TextInput):
    """One line of free text; on Android a native dialog stands before it (handbook: mobile, section 3)."""

    def __init__(self, text: str, hint: str) -> None:
        """`hint` is shown while the field is empty."""
        super().__init__(
            text=text,
            hint_text=hint,
            multiline=False,
            font_name=FONT,
            font_size=THEME.size("body"),
            size_hint_y=None,
            height=max(dp(_FIELD_DP), THEME.size("body") * _LINE + gap(6)),
            padding=(gap(3), gap(3)),
            background_normal="",
            background_active="",
            background_color=THEME.color("surface"),
            foreground_color=THEME.color("ink"),
            hint_text_color=THEME.color("ink_2"),
            cursor_color=THEME.color("brand"),
        )
        with self.canvas.after:
            Color(*THEME.color("line"))
            self._outline = Line(width=dp(1))
        self.bind(pos=self._place, size=self._place)

    def on_touch_down(self, touch: Any) -> bool:
        """Let Android's own dialog take the words where there is one: every Chinese keyboard works there."""
        if android.is_android() and self.collide_point(*touch.pos):
            android.ask_text(self.hint_text, self.text, self._take)
            return True
        return bool(super().on_touch_down(touch))

    def _take(self, words: str) -> None:
        # The dialog answers in Android's thread; a field is changed in Kivy's.
        Clock.schedule_once(lambda _dt: setattr(self, "text", words))

    def _place(self, *_: Any) -> None:
        self._outline.rounded_rectangle = (*self.pos, *self.size, dp(8))
