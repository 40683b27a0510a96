"""Colours, type scale and spacing: one palette for two themes, the same tokens as console and paper."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from kivy.core.text import LabelBase
from kivy.metrics import dp, sp
from kivy.utils import get_color_from_hex

Rgba = tuple[float, float, float, float]

_FONTS: Final = Path(__file__).resolve().parents[1] / "assets" / "fonts"
FONT: Final = "LeakfirstSans"
GRID: Final = 4
_FIRST_HANZI: Final = 0x3400
_FULL_WIDTH: Final = 0xFF00
_LAST_OF_PLANE: Final = 0xFFFF
_FALLBACK: Final = "Roboto"


@dataclasses.dataclass(frozen=True)
class Palette:
    """Roles of one theme as hexadecimal colours."""

    bg: str
    surface: str
    ink: str
    ink_2: str
    line: str
    brand: str
    on_brand: str
    p1: str
    p1_bg: str
    p2: str
    p2_bg: str
    p3: str
    p3_bg: str
    p4: str
    p4_bg: str
    ok: str
    ok_bg: str

    def rgba(self, role: str) -> Rgba:
        """Return a role as Kivy wants it."""
        red, green, blue, alpha = get_color_from_hex(getattr(self, role))
        return red, green, blue, alpha


LIGHT: Final = Palette(
    bg="#F3F5F8", surface="#FFFFFF", ink="#14202B", ink_2="#4A5B6B", line="#D5DCE4", brand="#0B5C8A",
    on_brand="#FFFFFF", p1="#B3261E", p1_bg="#FBE4E2", p2="#A84C06", p2_bg="#FCEBD3", p3="#1C69A9", p3_bg="#E0EEF9",
    p4="#4A5B6B", p4_bg="#E8EDF2", ok="#1B7A43", ok_bg="#DDF2E4",
)  # fmt: skip
DARK: Final = Palette(
    bg="#0E1419", surface="#182128", ink="#E8EEF3", ink_2="#A3B3C1", line="#2C3943", brand="#4FB0E5",
    on_brand="#06202F", p1="#FF8A80", p1_bg="#4A1C19", p2="#FFB74D", p2_bg="#43300F", p3="#7CC4F5", p3_bg="#14344B",
    p4="#A3B3C1", p4_bg="#222D36", ok="#7BD69B", ok_bg="#153A25",
)  # fmt: skip
PALETTES: Final = {"light": LIGHT, "dark": DARK}
SIZES: Final = {"huge": 40, "figure": 30, "title": 22, "number": 20, "name": 18, "body": 16, "small": 14}


@dataclasses.dataclass
class Theme:
    """The theme in force and the reader's text size (1.0 to 1.3)."""

    name: str = "light"
    text_scale: float = 1.0

    @property
    def palette(self) -> Palette:
        """Return the colours in force."""
        return PALETTES[self.name]

    def color(self, role: str) -> Rgba:
        """Return a colour by its role."""
        return self.palette.rgba(role)

    def size(self, name: str) -> float:
        """Return a type size in pixels."""
        return float(sp(SIZES[name] * self.text_scale))


THEME: Final = Theme()
_MORNING_H: Final = 7
_EVENING_H: Final = 19


def name_at(choice: str, hour: int) -> str:
    """Return the theme's name for the technician's choice; `auto` is light by day and dark by night (local hour)."""
    if choice != "auto":
        return choice if choice in PALETTES else "light"
    return "light" if _MORNING_H <= hour < _EVENING_H else "dark"


def readable(text: str) -> str:
    """Return words with every character that the font lacks as its code point: a name is never an empty box.

    The font made at set-up holds GB 2312 and Latin; rarer hanzi stand as [U+20BB7] (mobile.md section 3).
    """
    return text if text.isascii() else "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if not (_FIRST_HANZI <= ord(letter) < _FULL_WIDTH or ord(letter) > _LAST_OF_PLANE):
        return letter
    try:
        letter.encode("gb2312")
    except UnicodeEncodeError:
        return f"[U+{ord(letter):04X}]"
    return letter


def gap(steps: float) -> float:
    """Return a distance on the 4 dp grid in pixels."""
    return float(dp(GRID * steps))


def register_fonts() -> str:
    """Register the CJK face made at set-up and return the name of the font to use."""
    regular, bold = _FONTS / "NotoSansSC-Regular.ttf", _FONTS / "NotoSansSC-Bold.ttf"
    if not regular.exists():
        return _FALLBACK
    LabelBase.register(FONT, str(regular), fn_bold=str(bold))
    return FONT
