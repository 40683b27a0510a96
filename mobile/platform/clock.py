"""Time on the phone: the only place that asks the system's clock."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Final, Protocol

_BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
_NS_PER_MS: Final = 1_000_000


class Clock(Protocol):
    """Tells wall time, and monotonic time that is comparable within one `boot_id`."""

    @property
    def boot_id(self) -> str:
        """Name the boot that `mono_ms` counts from."""
        ...

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        ...

    def mono_ms(self) -> int:
        """Return milliseconds of a clock that never jumps."""
        ...


class SystemClock:
    """The machine's own clock."""

    def __init__(self) -> None:
        """Remember which boot the monotonic clock counts from."""
        self._boot_id = _read_boot_id()

    @property
    def boot_id(self) -> str:
        """Name the boot that `mono_ms` counts from."""
        return self._boot_id

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return time.time_ns() // _NS_PER_MS

    def mono_ms(self) -> int:
        """Return milliseconds of a clock that never jumps, and that goes on while the machine sleeps where it can.

        Linux's monotonic clock stands still then: a phone in a drawer would never notice how long it has been silent.
        """
        counts_sleep = getattr(time, "CLOCK_BOOTTIME", None)
        return (time.monotonic_ns() if counts_sleep is None else time.clock_gettime_ns(counts_sleep)) // _NS_PER_MS


def _read_boot_id() -> str:
    try:
        return _BOOT_ID_FILE.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid.uuid4())  # systems without /proc: the process counts as its own boot
