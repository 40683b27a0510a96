"""Words that are not broken in the middle: Kivy breaks between letters when a word is wider than its label."""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from kivy.core.text import Label as CoreLabel
from kivy.uix.label import Label

from mobile.widgets.theme import FONT, THEME

_STEPS: Final = (1.0, 0.95, 0.9, 0.85)  # few, for each size is a font of its own in memory
_HANZI: Final = "\u2e80-\U0010ffff"  # with their full-width marks: a line may end at any of them
_RUN: Final = re.compile(rf"[^\s{_HANZI}]+")
_OPENING: Final = "（《「『【“"
_CLOSING: Final = "，。、：；！？）》」』】”"
_MIXED: Final = re.compile(rf"[{_HANZI}][0-9A-Za-z]|[0-9A-Za-z][{_HANZI}]|[{_HANZI}][{_OPENING}{_CLOSING}]")
_PIECE: Final = re.compile(
    rf"\n|[^\S\n]+|[{_OPENING}]*(?:[^\s{_HANZI}{_OPENING}{_CLOSING}]+|[{_HANZI}])[{_CLOSING}]*|[{_OPENING}{_CLOSING}]+"
)
_ROUNDING_PX: Final = 1.0


class Wording(Label):
    """A label that wraps between words; a word that is wider than it is set smaller, down to 85 %.

    What needs still more room says so by `least_px`, and the widget around it gives its words a line of their own.
    """

    def __init__(self, *, type_size: str, **options: Any) -> None:
        """`type_size` is a name of the theme, `options` are Kivy's."""
        self.full_px = THEME.size(type_size)
        super().__init__(font_name=FONT, font_size=self.full_px, **options)
        self.bind(text=self._fit_words, text_size=self._fit_words)

    @property
    def least_px(self) -> float:
        """Return how wide the widest word is at the smallest size, in pixels."""
        return widest_px(self.text, self.full_px * _STEPS[-1], is_bold=self.bold)

    def texture_update(self, *largs: Any) -> None:
        """Lay the words out; among hanzi Kivy knows neither words nor marks, so lines are ended here."""
        self._label.text = end_lines(self.text, self.font_size, self.text_size[0], is_bold=self.bold)
        super().texture_update(*largs)

    def _fit_words(self, *_: Any) -> None:
        self.font_size = fitting_px(self.text, self.full_px, self.text_size[0], is_bold=self.bold)


def fitting_px(text: str, size_px: float, room_px: float | None, *, is_bold: bool) -> float:
    """Return the largest size at which no word is wider than the room, at least 85 % of the wanted one."""
    if room_px is None or max(map(len, _RUN.findall(text)), default=0) * size_px <= room_px:
        return size_px  # no letter is wider than high: nothing need be measured
    sizes = (size_px * step for step in _STEPS)
    return next((size for size in sizes if widest_px(text, size, is_bold=is_bold) <= room_px), size_px * _STEPS[-1])


def widest_px(text: str, size_px: float, *, is_bold: bool) -> float:
    """Return the width of the widest word or figure of a text, in pixels."""
    return max((_width_px(run, size_px, is_bold) for run in _RUN.findall(text)), default=0.0)


def end_lines(text: str, size_px: float, room_px: float | None, *, is_bold: bool) -> str:
    """Return a text of hanzi with figures, Latin words or marks with its line ends set; any other as it is.

    No figure is broken, no line begins with a mark that closes or ends with one that opens.
    """
    if room_px is None or len(text) * size_px <= room_px or not _MIXED.search(text):
        return text
    lines, used = [""], 0.0
    for piece in _PIECE.findall(text):
        # Hanzi are square, of whole pixels.
        width = _width_px(piece, size_px, is_bold) if _RUN.search(piece) else len(piece) * int(size_px)
        if piece == "\n" or used + width > room_px - _ROUNDING_PX:
            lines.append("" if piece.isspace() else piece)
            used = 0.0 if piece.isspace() else width
        else:
            lines[-1] += piece
            used += width
    return "\n".join(lines)


@functools.lru_cache(maxsize=4096)
def _width_px(run: str, size_px: float, is_bold: bool) -> float:  # noqa: FBT001 - a key of the cache
    return float(_ruler(size_px, is_bold).get_extents(run)[0])


@functools.lru_cache(maxsize=32)
def _ruler(size_px: float, is_bold: bool) -> Any:  # noqa: FBT001 - a key of the cache
    return CoreLabel(font_name=FONT, font_size=size_px, bold=is_bold)
