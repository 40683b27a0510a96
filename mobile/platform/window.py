"""What Kivy reads from the environment before its first import."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_HOME: Final = Path.home() / ".leakfirst-kivy"


def prepare(home: Path = _HOME) -> None:
    """Set Kivy's own folder, keep its hands off the command line, and its log in Python's own."""
    home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("KIVY_NO_ARGS", "1")
    os.environ.setdefault("KIVY_LOG_MODE", "PYTHON")  # else Kivy takes stderr away, tracebacks and all
    os.environ.setdefault("KIVY_NO_FILELOG", "1")
    os.environ.setdefault("KIVY_HOME", str(home))
    os.environ.setdefault("KCFG_GRAPHICS_MULTISAMPLES", "0")  # software GL has none
    if "ANDROID_ARGUMENT" not in os.environ:
        for part in ("KIVY_IMAGE", "KIVY_TEXT", "KIVY_AUDIO"):
            os.environ.setdefault(part, "sdl2")  # else Kivy tries every library that happens to be installed
