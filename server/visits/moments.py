"""When a fact happened: a phone's wall clock is believed only as far as nothing contradicts it (reliability 3.5).

Within one boot the monotonic clock goes on whatever the wall clock is set to; a call tells both, and so where a boot
began on the server's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from shared import wire

CLOCK_WRONG: Final = "clock_wrong"
TOLERANCE_MS: Final = 120_000
_DELAY_MS: Final = 5_000  # a beginning that was reckoned from a call under way for longer is put right by a faster one
_MOST_BOOTS: Final = 4
_LONGEST_ID: Final = 64
_LONGEST_MONO_MS: Final = 10 * 366 * 86_400_000


class Moment(NamedTuple):
    """When something happened (Unix ms), and whether the phone's own clock says otherwise or cannot be right."""

    at_ms: int
    is_doubtful: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """Return the flag of a doubtful moment."""
        return (CLOCK_WRONG,) if self.is_doubtful else ()


def reckon(occurred: wire.Occurred, boots: Mapping[str, int], now_ms: int, not_before_ms: int | None = None) -> Moment:
    """Return when an event happened, of which the phone tells wall clock, monotonic clock and boot.

    `boots` are the beginnings (Unix ms by the server) of boots that are known; where it is another time than the wall
    clock's, it stands in its place. Nothing happens before `not_before_ms`, the offer of its assignment.
    """
    told_ms = occurred.wall_ms + occurred.offset_ms
    at_ms, begun_ms = told_ms, boots.get(occurred.boot_id)
    if begun_ms is not None and 0 <= occurred.mono_ms <= _LONGEST_MONO_MS:
        real_ms = min(begun_ms + occurred.mono_ms, now_ms)
        at_ms = real_ms if abs(real_ms - told_ms) > TOLERANCE_MS else told_ms
    if not_before_ms is not None and at_ms < not_before_ms - TOLERANCE_MS:
        return Moment(not_before_ms, is_doubtful=True)
    return Moment(at_ms, is_doubtful=at_ms != told_ms or told_ms - now_ms > TOLERANCE_MS)


def learn(known: Mapping[str, int], boot_id: str, mono_ms: int, now_ms: int) -> dict[str, int]:
    """Return the beginnings of a phone's boots with the one that a call tells of; unchanged when it brings nothing new.

    The newest few are kept: what was done in an earlier boot may still be on its way.
    """
    begun_ms = now_ms - mono_ms
    is_readable = 0 < len(boot_id) <= _LONGEST_ID and 0 < mono_ms <= _LONGEST_MONO_MS
    if not is_readable or (boot_id in known and begun_ms > known[boot_id] - _DELAY_MS):
        return dict(known)
    others = [(name, at_ms) for name, at_ms in known.items() if name != boot_id]
    return dict([*others, (boot_id, begun_ms)][-_MOST_BOOTS:])
