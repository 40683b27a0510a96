"""What every endurance measurement ends with: one flat JSON object of figures and an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

KEPT: Final = 0
BROKEN: Final = 1
SKIPPED: Final = 77


def write_figures(path: Path | None, figures: Mapping[str, Any]) -> None:
    """Write figures as JSON to a file (its folder is made) and one line to the output."""
    text = json.dumps(figures, ensure_ascii=False, sort_keys=True)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    say(text)


def judge(figures: Mapping[str, Any], must_be_zero: Iterable[str]) -> int:
    """Return the exit code: KEPT when all named figures are 0, else BROKEN; broken promises are named."""
    broken = [name for name in must_be_zero if figures[name] != 0]
    if broken:
        say("broken: " + ", ".join(f"{name}={figures[name]}" for name in broken))
    return BROKEN if broken else KEPT


def skip(path: Path | None, reason: str) -> int:
    """Say why nothing was measured; return SKIPPED."""
    write_figures(path, {"skipped": reason})
    return SKIPPED


def say(line: str) -> None:
    """Write one line of progress at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
