"""Walks through the phone's screens in a real Kivy window and keeps a picture of each."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.lang import Builder

from mobile.app import make_ui
from mobile.screens.ui import Ui
from mobile.service import Phone
from mobile.widgets.theme import THEME, register_fonts

if TYPE_CHECKING:
    from deploy.phone_tour import Place

_FRAMES: Final = 3
_LAYOUT_FRAMES: Final = 6
_PICTURE_FRAMES: Final = 3


@dataclasses.dataclass(frozen=True)
class Look:
    """In which language, theme, size (dp) and text size a picture is taken; `density` is pixels per dp."""

    language: str
    theme: str
    size_dp: tuple[int, int]
    text_scale: float
    density: int

    @property
    def name(self) -> str:
        """Return the look as part of a file's name."""
        width, height = self.size_dp
        return f"{self.theme}-{self.language}-{width}x{height}-{self.text_scale:.1f}"


def set_size(size_dp: tuple[int, int], density: int) -> None:
    """Make the window as large as a phone's screen."""
    Window.size = (size_dp[0] * density, size_dp[1] * density)


def settle(frames: int = _FRAMES) -> None:
    """Let the layout come to rest without drawing it: words and places are final, no picture is made."""
    for _ in range(frames):
        Clock.tick()
        Builder.sync()
        Clock.tick_draw()


def draw(frames: int = _PICTURE_FRAMES) -> None:
    """Draw so many frames, also when nothing has changed: both buffers of the window then hold the same picture."""
    for _ in range(frames):
        Window.canvas.ask_update()
        EventLoop.idle()


def show(ui: Ui) -> None:
    """Put a phone's root into the window."""
    for child in list(Window.children):
        Window.remove_widget(child)
    Window.add_widget(ui)
    settle()


def take_pictures(phone: Phone, places: Iterable[Place], look: Look, out: Path) -> None:
    """Keep a picture of every place in one look."""
    register_fonts()
    set_size(look.size_dp, look.density)
    THEME.name, THEME.text_scale = look.theme, look.text_scale
    ui = make_ui(phone, look.language)
    ui.home()
    show(ui)
    for name, screen, arguments in places:
        ui.go(screen, **arguments)
        settle(_LAYOUT_FRAMES)
        if screen == "pad":
            _write_name(ui)
        if name == "step-reading":
            for key in "0.8":
                ui.page.keypad.press(key)
        draw()
        _picture(out / f"phone-{name}-{look.name}.png")


def _write_name(ui: Ui) -> None:
    """Write on the pad with real touches."""
    from kivy.tests.common import UnitTestTouch  # noqa: PLC0415 - Kivy's own test helper, only for pictures

    pad = ui.page.pad
    points = [(0.12, 0.5), (0.2, 0.8), (0.26, 0.35), (0.34, 0.7), (0.42, 0.38), (0.55, 0.6), (0.7, 0.45), (0.86, 0.55)]
    places = [(pad.x + x * pad.width, pad.y + y * pad.height) for x, y in points]
    touch = UnitTestTouch(*places[0])
    touch.touch_down()
    for place in places[1:]:
        touch.touch_move(*place)
    touch.touch_up()


def _picture(path: Path) -> None:
    """Keep what the window shows; Kivy numbers its files, so the picture is moved to its own name."""
    folder = Path(tempfile.mkdtemp())
    name = Window.screenshot(name=str(folder / "shot.png"))
    shutil.move(name, path)
    shutil.rmtree(folder)
