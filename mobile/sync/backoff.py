"""How long to wait before the next call: full jitter, short while an emergency is on the phone (reliability.md 3.4)."""

from __future__ import annotations

from typing import Final

from mobile.platform.clock import Clock

_FIRST_CEILING_S: Final = 1.0
_LAST_CEILING_S: Final = 60.0
_EMERGENCY_CEILING_S: Final = 5.0
_UNANSWERED_CEILING_S: Final = 4.0
_MOST_DOUBLINGS: Final = 6
_FIRST_REST_S: Final = 5.0
_LAST_REST_S: Final = 600.0


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


class Rests:
    """How long single things rest after their own failures; the first is tried again with the next pass."""

    def __init__(self, clock: Clock) -> None:
        """Count by the clock that never jumps; a new process tries everything once."""
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._until_ms: dict[str, int] = {}

    def is_due(self, name: str) -> bool:
        """Tell whether a thing may be tried now."""
        return self._clock.mono_ms() >= self._until_ms.get(name, 0)

    def put_off(self, name: str) -> None:
        """Note a failure: each one doubles the rest, up to ten minutes."""
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        rest_s = 0.0 if failures == 1 else min(_FIRST_REST_S * 2.0 ** min(failures - 2, 16), _LAST_REST_S)
        self._until_ms[name] = self._clock.mono_ms() + round(rest_s * 1000)

    def forget(self, name: str) -> None:
        """Forget the failures of a thing: it succeeded, or somebody wants it tried at once."""
        self._failures.pop(name, None)
        self._until_ms.pop(name, None)
