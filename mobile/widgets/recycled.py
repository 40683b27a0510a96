"""A list of any length from a handful of rows: only what is in sight has widgets (mobile.md section 5)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from kivy.clock import Clock
from kivy.uix.scrollview import ScrollView
from kivy.uix.widget import Widget

_SPARE: Final = 2


class RecycledList(Widget):
    """Rows of equal height inside a scroll view; `show` fills row `index` of the list into a row widget."""

    def __init__(
        self, view: ScrollView, row_px: float, make_row: Callable[[], Widget], show: Callable[[Any, int], None]
    ) -> None:
        """`row_px` is the height of a row with the gap below it."""
        super().__init__(size_hint_y=None, height=0)
        self._view, self._row_px, self._make_row, self._show = view, row_px, make_row, show
        self._rows: list[Widget] = []
        self._shown: list[int | None] = []
        self._count = 0
        self._place_soon = Clock.create_trigger(self._place, -1)
        view.bind(scroll_y=self._place, height=self._place_soon)
        self.bind(pos=self._place_soon, size=self._place_soon)

    @property
    def rows(self) -> Sequence[Widget]:
        """Return the row widgets in use."""
        return [row for row, index in zip(self._rows, self._shown, strict=True) if index is not None]

    def set_count(self, count: int) -> None:
        """Say how many rows there are; every row in sight is filled anew."""
        self._count = count
        self.height = count * self._row_px
        self._shown = [None] * len(self._rows)
        self._place_soon()

    def refill(self) -> None:
        """Fill the rows in sight anew: the same rows say something else."""
        for row, index in zip(self._rows, self._shown, strict=True):
            if index is not None and index < self._count:
                self._show(row, index)

    def _place(self, *_: Any) -> None:
        first, last = self._range_in_sight()
        self._grow_pool(last - first)
        if not self._rows:
            return
        for index in range(first, last):
            place = index % len(self._rows)
            row = self._rows[place]
            if self._shown[place] != index:
                self._shown[place] = index
                self._show(row, index)
            row.opacity = 1
            row.width = self.width
            row.pos = (self.x, self.y + self.height - (index + 1) * self._row_px)
        self._hide_others(first, last)

    def _hide_others(self, first: int, last: int) -> None:
        for place, index in enumerate(self._shown):
            if index is None or not first <= index < last:
                self._shown[place] = None
                self._rows[place].y = -10 * self._row_px  # below everything, untouchable
                self._rows[place].opacity = 0

    def _range_in_sight(self) -> tuple[int, int]:
        content = self._view.children[0] if self._view.children else self
        low = self._view.scroll_y * max(0.0, content.height - self._view.height)
        top = self.y + self.height
        first = math.floor((top - low - self._view.height) / self._row_px)
        last = math.ceil((top - low) / self._row_px)
        return max(0, min(first, self._count)), max(0, min(last, self._count))

    def _grow_pool(self, needed: int) -> None:
        if needed <= len(self._rows):
            return
        while len(self._rows) < needed + _SPARE:
            row = self._make_row()
            self._rows.append(row)
            self.add_widget(row)
        self._shown = [None] * len(self._rows)
