"""Sounds made at run time: nobody's recording, nothing to ship."""

from __future__ import annotations

import array
import io
import math
import sys
import wave
from typing import Final

_RATE_HZ: Final = 22_050
_LOUDEST: Final = 32_000
_EDGE_S: Final = 0.01
Note = tuple[float, float]

SIREN: Final[tuple[Note, ...]] = ((880.0, 0.28), (1318.5, 0.28)) * 3 + ((0.0, 0.3),)


def render(notes: tuple[Note, ...]) -> bytes:
    """Return a WAV file, 16 bits mono, of notes (pitch in Hz, 0 = silence; seconds)."""
    samples = array.array("h")
    for pitch_hz, length_s in notes:
        samples.extend(_note(pitch_hz, length_s))
    if sys.byteorder == "big":
        samples.byteswap()
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes(samples.tobytes())
    return written.getvalue()


def _note(pitch_hz: float, length_s: float) -> array.array[int]:
    count = round(length_s * _RATE_HZ)
    edge = _EDGE_S * _RATE_HZ
    step = 2 * math.pi * pitch_hz / _RATE_HZ
    # A third harmonic carries through street noise; soft edges keep the loudspeaker from clicking.
    return array.array(
        "h",
        (
            int(
                _LOUDEST
                * min(1.0, i / edge, (count - i) / edge)
                * (0.75 * math.sin(step * i) + 0.25 * math.sin(3 * step * i))
            )
            for i in range(count)
        ),
    )
