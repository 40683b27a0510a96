"""How long to wait before the next call: full jitter, short while an emergency is on the phone (reliability.md 3.4)."""

from __future__ import annotations

from typing import Final

_FIRST_CEILING_S: Final = 1.0
_LAST_CEILING_S: Final = 60.0
_EMERGENCY_CEILING_S: Final = 5.0
_UNANSWERED_CEILING_S: Final = 4.0
_MOST_DOUBLINGS: Final = 6


def delay_s(failures: int, chance: float, *, holds_emergency: bool, is_unanswered: bool = False) -> float:
    """Return the seconds to wait after `failures` failed calls in a row; `chance` is uniform from 0 to 1.

    A server that answered with trouble is spared longer than silence: `is_unanswered` calls of a shift cost nobody
    anything, and the phone must be back within seconds when the network is.
    """
    if failures <= 0:
        return 0.0
    ceiling: float = _FIRST_CEILING_S * 2.0 ** min(failures - 1, _MOST_DOUBLINGS)
    last_ceiling_s = _UNANSWERED_CEILING_S if is_unanswered else _LAST_CEILING_S
    return chance * min(ceiling, _EMERGENCY_CEILING_S if holds_emergency else last_ceiling_s)
