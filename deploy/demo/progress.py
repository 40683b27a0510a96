"""A progress bar in one line of the terminal; where output is not a terminal, one line an hour."""

from __future__ import annotations

import datetime as dt
import sys
import zoneinfo
from typing import Final

_WIDTH: Final = 28
_HOUR_MS: Final = 3_600_000


class Bar:
    """Shows the run's time and how many of the day's calls have come in."""

    def __init__(self, start_ms: int, calls: int, time_zone: str) -> None:
        """`calls` is how many there will be."""
        self._calls, self._zone = max(1, calls), zoneinfo.ZoneInfo(time_zone)
        self._shown_ms = start_ms - _HOUR_MS
        self._is_terminal = sys.stdout.isatty()

    def show(self, now_ms: int, done: int) -> None:
        """Show a moment of the run."""
        if not self._is_terminal and now_ms - self._shown_ms < _HOUR_MS:
            return
        self._shown_ms = now_ms
        local = dt.datetime.fromtimestamp(now_ms / 1000, self._zone).strftime("%m-%d %H:%M")
        filled = _WIDTH * done // self._calls
        line = f"{local} [{'█' * filled}{'·' * (_WIDTH - filled)}] {done}/{self._calls}"
        sys.stdout.write(f"\r{line} " if self._is_terminal else f"{line}\n")
        sys.stdout.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal:
            sys.stdout.write("\n")
