"""The alarm's sound: our own tones, louder with each round until a human answers (decision: a leak gets louder)."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any, Final

from kivy.core.audio import SoundLoader

from mobile.platform import tones
from mobile.widgets import device

_LOG: Final = logging.getLogger(__name__)
_STEPS: Final = (0.3, 0.5, 0.7, 0.85, 1.0)
_ROUND_S: Final = 3
_BUZZ_MS: Final = 900


class Siren:
    """Rings round by round; `ring` is called once a second while the alarm is shown."""

    def __init__(self) -> None:
        """Start silent."""
        self._sound: Any = None
        self._is_loaded = False
        self._elapsed_s = 0
        self.is_ringing = False

    @property
    def volume(self) -> float:
        """Return how loud the present round is, 0 to 1."""
        return _STEPS[min(self._elapsed_s // _ROUND_S, len(_STEPS) - 1)]

    def ring(self, *, is_sound_on: bool) -> None:
        """Ring for one more second: a round begins every 3 s, each louder than the last; a leak rings though muted."""
        if self._elapsed_s % _ROUND_S == 0:
            self._play(self.volume if is_sound_on else _STEPS[0])
            device.vibrate(_BUZZ_MS)
        self._elapsed_s += 1
        self.is_ringing = True

    def stop(self) -> None:
        """Be silent and begin softly the next time."""
        self._elapsed_s, self.is_ringing = 0, False
        if self._sound is not None:
            self._sound.stop()

    def test(self) -> bool:
        """Sound once at full strength; tell whether this machine can sound at all."""
        device.vibrate(_BUZZ_MS)
        return self._play(1.0)

    def _play(self, volume: float) -> bool:
        sound = self._load()
        if sound is None:
            return False
        sound.volume = volume
        sound.stop()
        sound.play()
        return True

    def _load(self) -> Any:
        if not self._is_loaded:
            self._is_loaded = True
            path = Path(tempfile.mkdtemp(prefix="leakfirst-")) / "siren.wav"
            path.write_bytes(tones.render(tones.SIREN))
            self._sound = SoundLoader.load(str(path))
            if self._sound is None:
                _LOG.warning("this machine has no sound")
        return self._sound
